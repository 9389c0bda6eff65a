#ifndef STEELYARD_TRAINING_PROBLEM_CHECK_H_
#define STEELYARD_TRAINING_PROBLEM_CHECK_H_

#include "absl/status/status.h"
#include "training/trainer.h"

namespace steelyard::training {

// Checks all that trainer.h asks of a problem but its weights
// (NormalizeWeights checks those).
// Errors: InvalidArgument, naming the first bad field or row.
absl::Status CheckProblem(const LinearProblem& problem);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_PROBLEM_CHECK_H_
