#include "training/trainer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "support/check.h"
#include "support/status_macros.h"
#include "training/descent.h"
#include "training/metrics.h"
#include "training/problem_check.h"
#include "training/run_state.h"
#include "training/schedule_steps.h"
#include "training/weights.h"

namespace steelyard::training {
namespace {

// A parameter that is no longer finite stays so: it is looked for after so many
// steps, and then found by taking them again one by one.
constexpr int64_t kStepsBetweenChecks = 256;

std::vector<double> Coefficients(const RowWeights& weights) {
  const auto n = static_cast<double>(weights.values.size());
  std::vector<double> coefficients;
  for (const double w : weights.values) coefficients.push_back(w / n);
  return coefficients;
}

std::vector<MeasuredRows> MakeSets(const LinearProblem& problem,
                                   const RowWeights& weights) {
  std::vector<MeasuredRows> sets;
  sets.push_back({.name = "train",
                  .tiles = Tiles(problem.train, weights.kept, problem.bias),
                  .log_weights = {}});
  for (const double w : weights.values) {
    sets.front().log_weights.push_back(std::log(w));
  }
  for (const TestSet& test : problem.tests) {
    std::vector<int64_t> all(static_cast<size_t>(test.rows.rows));
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
    sets.push_back({.name = test.name,
                    .tiles = Tiles(test.rows, all, problem.bias),
                    .log_weights = {}});
  }
  return sets;
}

class LinearTrainer final : public Trainer {
 public:
  LinearTrainer(const LinearProblem& problem, const RowWeights& weights)
      : steps_(problem.steps),
        fingerprint_(Fingerprint(problem)),
        schedule_(problem.schedule, problem.steps),
        metrics_(problem, weights, MakeSets(problem, weights)),
        descent_(metrics_.train(), Coefficients(weights),
                 {.loss = problem.loss,
                  .learning_rate = problem.learning_rate,
                  .l2_strength = problem.l2_strength}) {
    state_.theta.assign(static_cast<size_t>(metrics_.train().columns()), 0.0);
    state_.evaluated_theta = state_.theta;
    checked_theta_ = state_.theta;
  }

  std::span<const std::string> metrics() const override {
    return metrics_.names();
  }
  std::span<const Absence> absent() const override { return metrics_.absent(); }
  int64_t step() const override { return state_.step; }
  int64_t next_ordinal() const override { return state_.next_ordinal; }
  bool done() const override {
    return state_.stopped != 0 || state_.evaluated_step == steps_;
  }

  absl::StatusOr<std::optional<Evaluation>> Advance(int64_t max_steps) override;
  absl::StatusOr<std::optional<Evaluation>> Stop() override;
  std::string SaveState() const override {
    return WriteState(state_, fingerprint_);
  }
  absl::Status RestoreState(absl::string_view state) override;

 private:
  // The step of the evaluation after that of `step`; the last has none.
  int64_t DueAfter(int64_t step) const {
    return step < steps_ ? schedule_.After(step) : steps_;
  }
  absl::Status TakeSteps(int64_t count);
  absl::StatusOr<std::optional<Evaluation>> Evaluate();
  absl::Status BackToLastEvaluation(absl::Status error);
  // The first parameter that is not finite; d when all are.
  size_t FirstNotFinite() const;

  const int64_t steps_;
  const uint64_t fingerprint_;
  const ScheduleSteps schedule_;
  Metrics metrics_;
  Descent descent_;  // reads the rows in metrics_
  RunState state_;
  std::vector<double> checked_theta_;  // as last found finite
};

size_t LinearTrainer::FirstNotFinite() const {
  size_t j = 0;
  while (j < state_.theta.size() && std::isfinite(state_.theta[j])) ++j;
  return j;
}

absl::Status LinearTrainer::BackToLastEvaluation(absl::Status error) {
  state_.step = std::max<int64_t>(state_.evaluated_step, 0);
  state_.theta = state_.evaluated_theta;
  return error;
}

absl::Status LinearTrainer::TakeSteps(int64_t count) {
  while (count > 0) {
    const int64_t now = std::min(count, kStepsBetweenChecks);
    std::copy(state_.theta.begin(), state_.theta.end(), checked_theta_.begin());
    descent_.Run(now, state_.theta.data());
    if (FirstNotFinite() == state_.theta.size()) {
      state_.step += now;
      count -= now;
      continue;
    }
    state_.theta = checked_theta_;
    while (FirstNotFinite() == state_.theta.size()) {
      descent_.Run(1, state_.theta.data());
      ++state_.step;
    }
    const size_t j = FirstNotFinite();
    return BackToLastEvaluation(absl::OutOfRangeError(absl::StrCat(
        "step ", state_.step, ": parameters/", j, ": want a finite value, got ",
        state_.theta[j], "; a smaller learning rate may help")));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Evaluation>> LinearTrainer::Evaluate() {
  absl::StatusOr<std::vector<MetricValue>> values =
      metrics_.Measure(state_.step, state_.theta.data());
  if (!values.ok()) return BackToLastEvaluation(values.status());
  Evaluation evaluation;
  evaluation.ordinal = state_.next_ordinal++;
  evaluation.step = state_.step;
  evaluation.log10_step = state_.step == 0
                              ? std::numeric_limits<double>::quiet_NaN()
                              : std::log10(static_cast<double>(state_.step));
  evaluation.values = *std::move(values);
  state_.evaluated_step = state_.step;
  state_.evaluated_theta = state_.theta;
  return evaluation;
}

absl::StatusOr<std::optional<Evaluation>> LinearTrainer::Advance(
    int64_t max_steps) {
  STEELYARD_CHECK(max_steps >= 0);
  if (done()) return std::nullopt;
  const int64_t due = DueAfter(state_.evaluated_step);
  STEELYARD_RETURN_IF_ERROR(TakeSteps(std::min(max_steps, due - state_.step)));
  if (state_.step < due) return std::nullopt;
  return Evaluate();
}

absl::StatusOr<std::optional<Evaluation>> LinearTrainer::Stop() {
  if (done()) return std::nullopt;
  std::optional<Evaluation> evaluation;
  if (state_.evaluated_step != state_.step) {
    STEELYARD_ASSIGN_OR_RETURN(evaluation, Evaluate());
  }
  state_.stopped = 1;
  return evaluation;
}

absl::Status LinearTrainer::RestoreState(absl::string_view state) {
  STEELYARD_ASSIGN_OR_RETURN(
      RunState restored,
      ReadState(state, fingerprint_, metrics_.train().columns()));
  const int64_t last = restored.evaluated_step;
  const bool known = -1 <= last && last <= steps_ && last <= restored.step;
  if (!known || restored.step > DueAfter(last)) {
    return absl::DataLossError(absl::StrCat(
        "training state: want a step between two evaluations, got ",
        restored.step, " after ", last));
  }
  state_ = std::move(restored);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Trainer>> Trainer::Create(
    LinearProblem problem) {
  STEELYARD_RETURN_IF_ERROR(CheckProblem(problem));
  STEELYARD_ASSIGN_OR_RETURN(
      const RowWeights weights,
      NormalizeWeights(problem.weights, problem.train.rows,
                       problem.normalization));
  return std::make_unique<LinearTrainer>(problem, weights);
}

}  // namespace steelyard::training
