#ifndef STEELYARD_SERVER_WORKER_DRAW_ROWS_H_
#define STEELYARD_SERVER_WORKER_DRAW_ROWS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/worker/read_files.h"
#include "steelyard/v1/spec.pb.h"
#include "training/data/selection.h"
#include "training/rows.h"

namespace steelyard::worker {

// From a spec's source that is drawn to rows; `field` is the path of `data`,
// and a part of the key of the draws.  Errors: InvalidArgument, beginning with
// the source's key: `moons: noise: want ...`.
absl::StatusOr<training::Rows> DrawRows(
    const v1::Data& data, const std::string& field,
    const training::RowSelection& selection);

// The Gaussians that rows of `data` are drawn from, as far as `selection` keeps
// them; none where `data` is another source, or `take` keeps some rows alone.
// Errors: as DrawRows.
absl::StatusOr<std::vector<training::GaussianPart>> DrawnParts(
    const v1::Data& data, const training::RowSelection& selection);

// Rows of a test set that are uniform noise, of so many features.
absl::StatusOr<training::Rows> DrawNoise(const v1::UniformNoiseData& noise,
                                         const std::string& field,
                                         int64_t columns);
int64_t NoiseRows(const v1::UniformNoiseData& noise);

// How many rows will be left at most; none for another source.
TableSize DrawnSize(const v1::Data& data);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_DRAW_ROWS_H_
