#ifndef STEELYARD_TRAINING_PROBLEM_CHECK_H_
#define STEELYARD_TRAINING_PROBLEM_CHECK_H_

#include "absl/status/status.h"
#include "training/trainer.h"

namespace steelyard::training {

// Checks all that the headers ask of a problem but its weights
// (NormalizeWeights checks those).
// Errors: InvalidArgument, naming the first bad field or row.
absl::Status CheckProblem(const LinearProblem& problem);
absl::Status CheckProblem(const NetworkProblem& problem);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_PROBLEM_CHECK_H_
