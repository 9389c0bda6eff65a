#ifndef STEELYARD_SERVER_WORKER_TARGET_H_
#define STEELYARD_SERVER_WORKER_TARGET_H_

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/worker/density_ratio.h"
#include "server/worker/training_rows.h"
#include "steelyard/v1/spec.pb.h"
#include "training/rows.h"
#include "training/shift/stop_check.h"
#include "training/target.h"

namespace steelyard::worker {

// What is known of a target beside its rows: at most one of the two.
struct Shift {
  std::optional<DensityRatio> ratio;
  std::vector<double> priors;         // p_t(k), [K]; or empty
  std::vector<double> class_weights;  // p_t(k) / p_s(k), [K], with priors
};

// Finds out what the spec's `target` and `weighting` say; `rows` of its data
// and, where it has one, of its target.  Nothing without a target.
// `stop`: may be null; must outlive the shift.
// Errors: InvalidArgument, naming the field; FailedPrecondition where stored
// rows do not serve; Cancelled.
absl::StatusOr<Shift> FindShift(const v1::RunSpec& spec,
                                const TrainingRows& rows,
                                const training::Rows* target,
                                training::StopCheck* stop = nullptr);

// The place of the target's own set in `tests`; null without one.
const training::TestSet* FindTarget(
    const std::vector<training::TestSet>& tests);

// What metrics need of the target; gives each of `tests` its weights.
// weights: of the training rows, before normalisation; empty: all 1.  Nothing
// without a target.
// Errors: InvalidArgument where a ratio can't be taken of a set's rows;
// Cancelled by the shift's `stop`.
absl::StatusOr<std::optional<training::Target>> MakeTarget(
    const v1::RunSpec& spec, const TrainingRows& rows, const Shift& shift,
    const std::vector<double>& weights, std::vector<training::TestSet>& tests);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_TARGET_H_
