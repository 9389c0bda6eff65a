#ifndef STEELYARD_SERVER_WORKER_TRAINING_ROWS_H_
#define STEELYARD_SERVER_WORKER_TRAINING_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/worker/leased_files.h"
#include "steelyard/v1/spec.pb.h"
#include "training/rows.h"

namespace steelyard::worker {

// The rows to train on, and those of the set `test` that `split` makes.
struct TrainingRows {
  training::Rows train;
  std::optional<training::Rows> test;
  training::LabelValues labels = training::LabelValues::kSigns;
  int64_t classes = 2;  // K; 2 of signs, and where labels are numbers
};

// The class of a label that is one: of signs -1 is 0 and +1 is 1.
size_t ClassOf(training::LabelValues labels, double label);

// Reads or draws the rows of the spec's `data`, and does to them what `split`,
// `imbalance` and `label_noise` say. Errors: those of ReadRows;
// InvalidArgument, naming the field.
absl::StatusOr<TrainingRows> ReadTrainingRows(const v1::RunSpec& spec,
                                              const LeasedFiles& files);

// Errors: InvalidArgument when `data`, of a test set, says anything of the
// kind.
absl::Status CheckUnaltered(const v1::Data& data);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_TRAINING_ROWS_H_
