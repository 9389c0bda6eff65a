#include "training/trainer.h"

#include <utility>

#include "support/status_macros.h"
#include "training/fingerprint.h"
#include "training/linear_stepper.h"
#include "training/loop.h"
#include "training/problem_check.h"
#include "training/weights.h"

namespace steelyard::training {

absl::StatusOr<std::unique_ptr<Trainer>> Trainer::Create(
    LinearProblem problem) {
  STEELYARD_RETURN_IF_ERROR(CheckProblem(problem));
  STEELYARD_ASSIGN_OR_RETURN(
      const RowWeights weights,
      NormalizeWeights(problem.weights, problem.train.rows,
                       problem.normalization));
  return std::make_unique<Loop>(
      std::make_unique<LinearStepper>(problem, weights), problem.schedule,
      problem.steps, Fingerprint(problem));
}

}  // namespace steelyard::training
