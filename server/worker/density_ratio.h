#ifndef STEELYARD_SERVER_WORKER_DENSITY_RATIO_H_
#define STEELYARD_SERVER_WORKER_DENSITY_RATIO_H_

#include <functional>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "steelyard/v1/spec.pb.h"
#include "training/rows.h"
#include "training/shift/divergence.h"
#include "training/shift/stop_check.h"

namespace steelyard::worker {

// w = p_t / p_s of rows.
using RatioOfRows = std::function<absl::StatusOr<std::vector<double>>(
    const training::Rows& rows)>;

// What an estimator says.
struct DensityRatio {
  std::vector<double> train;  // of each training row
  RatioOfRows of;  // of other rows; null where it is of training rows alone
  // Where it is known in closed form.
  std::optional<training::Divergence> divergence = std::nullopt;
};

// Errors: InvalidArgument, naming the field; of `exact` what its data must be,
// too.
absl::Status CheckDensityRatio(const v1::RunSpec& spec);

// Whether both sides of the spec are drawn from known densities, so that the
// ratio is exact: as `exact` wants it.
bool HasExactRatio(const v1::RunSpec& spec);

// The ratio that `exact` means, whatever the weighting.  `stop`: may be null;
// must outlive the ratio.
// Errors: InvalidArgument with the reason why there is none; Cancelled.
absl::StatusOr<DensityRatio> ExactRatioOf(const v1::RunSpec& spec,
                                          const training::Rows& source,
                                          training::StopCheck* stop);

// Estimates the ratio that the spec's weighting names; the spec is checked.
// `stop`: as above.
// Errors: InvalidArgument, naming the field; FailedPrecondition where stored
// rows do not serve; Cancelled.
absl::StatusOr<DensityRatio> EstimateRatio(const v1::RunSpec& spec,
                                           const training::Rows& source,
                                           const training::Rows& target,
                                           training::StopCheck* stop);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_DENSITY_RATIO_H_
