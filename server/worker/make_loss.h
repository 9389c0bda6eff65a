#ifndef STEELYARD_SERVER_WORKER_MAKE_LOSS_H_
#define STEELYARD_SERVER_WORKER_MAKE_LOSS_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/worker/training_rows.h"
#include "steelyard/v1/spec.pb.h"
#include "training/objective.h"

namespace steelyard::worker {

// The loss of a spec, without the margins of its classes.
// Errors: InvalidArgument, naming the field.
absl::StatusOr<training::Loss> MakeLoss(const v1::Loss& loss);

// The margins that the loss gives to the classes of these rows; weights: empty,
// or one for each row, those of 0 counting for nothing.
// Errors: InvalidArgument, naming the field.
absl::StatusOr<training::ClassMargins> MarginsOf(
    const v1::Loss& loss, const TrainingRows& rows,
    const std::vector<double>& weights);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_MAKE_LOSS_H_
