#include "training/trainer.h"

#include <algorithm>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "support/status_macros.h"
#include "training/fingerprint.h"
#include "training/linear_stepper.h"
#include "training/loop.h"
#include "training/network_stepper.h"
#include "training/problem_check.h"
#include "training/rows_check.h"
#include "training/weights.h"

namespace steelyard::training {
namespace {

absl::Status CheckEarly(const std::optional<EarlyStopping>& early,
                        const Stepper& stepper) {
  if (!early.has_value()) return absl::OkStatus();
  if (early->patience < 1) {
    return Want("early.patience", "at least 1", early->patience);
  }
  STEELYARD_RETURN_IF_ERROR(
      WantAtLeastZero("early.min_delta", early->min_delta));
  const std::span<const std::string> names = stepper.metrics();
  if (std::find(names.begin(), names.end(), early->metric) != names.end()) {
    return absl::OkStatus();
  }
  return Want("early.metric", "a metric that this problem has", early->metric);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Trainer>> Trainer::Create(
    LinearProblem problem) {
  STEELYARD_RETURN_IF_ERROR(CheckProblem(problem));
  STEELYARD_ASSIGN_OR_RETURN(
      const RowWeights weights,
      NormalizeWeights(problem.weights, problem.train.rows,
                       problem.normalization));
  auto stepper = std::make_unique<LinearStepper>(problem, weights);
  STEELYARD_RETURN_IF_ERROR(CheckEarly(problem.early, *stepper));
  return std::make_unique<Loop>(
      std::move(stepper),
      Loop::Length{.schedule = problem.schedule,
                   .steps = problem.steps,
                   .log10_steps = problem.log10_steps},
      problem.early, Fingerprint(problem));
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
  if (problem.leap && problem.batches.size > 0 && problem.batches.size < rows) {
    return Want("batches.size",
                absl::StrCat("0, or all of the ", rows, " rows, with a leap"),
                problem.batches.size);
  }
  std::unique_ptr<Stepper> stepper;
  if (problem.precision == Precision::kSingle) {
    stepper = std::make_unique<NetworkStepper<float>>(problem, weights);
  } else {
    stepper = std::make_unique<NetworkStepper<double>>(problem, weights);
  }
  STEELYARD_RETURN_IF_ERROR(CheckEarly(problem.early, *stepper));
  return std::make_unique<Loop>(
      std::move(stepper),
      Loop::Length{.schedule = problem.schedule,
                   .steps = problem.steps,
                   .log10_steps = problem.log10_steps},
      problem.early, Fingerprint(problem));
}

}  // namespace steelyard::training
