#include "training/trainer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "support/status_macros.h"
#include "training/fingerprint.h"
#include "training/linear_stepper.h"
#include "training/loop.h"
#include "training/network_stepper.h"
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

absl::StatusOr<std::unique_ptr<Trainer>> Trainer::Create(
    NetworkProblem problem) {
  STEELYARD_RETURN_IF_ERROR(CheckProblem(problem));
  STEELYARD_ASSIGN_OR_RETURN(
      const RowWeights weights,
      NormalizeWeights(problem.weights, problem.train.rows,
                       problem.normalization));
  const auto rows = static_cast<int64_t>(weights.kept.size());
  if (problem.batches.size > rows) {
    return absl::InvalidArgumentError(absl::StrCat(
        "batches.size: want at most ", rows,
        ", the training rows of weight > 0, got ", problem.batches.size));
  }
  std::unique_ptr<Stepper> stepper;
  if (problem.precision == Precision::kSingle) {
    stepper = std::make_unique<NetworkStepper<float>>(problem, weights);
  } else {
    stepper = std::make_unique<NetworkStepper<double>>(problem, weights);
  }
  return std::make_unique<Loop>(std::move(stepper), problem.schedule,
                                problem.steps, Fingerprint(problem));
}

}  // namespace steelyard::training
