#include "training/linear_stepper.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "support/status_macros.h"
#include "training/group_errors.h"
#include "training/linear_field.h"
#include "training/losses.h"
#include "training/target_metrics.h"

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
  sets.push_back(
      {.name = "train",
       .tiles = Tiles(problem.train, weights.kept, problem.bias),
       .log_weights = {},
       .groups = KeptGroups(problem.train.groups, weights.kept),
       .parts = {},
       .target_weights = KeptTargetWeights(problem.target, weights.kept)});
  for (const TestSet& test : problem.tests) {
    std::vector<int64_t> all(static_cast<size_t>(test.rows.rows));
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
    sets.push_back({.name = test.name,
                    .tiles = Tiles(test.rows, all, problem.bias),
                    .log_weights = {},
                    .groups = KeptGroups(test.rows.groups, all),
                    .parts = test.parts,
                    .target_weights = test.target_weights});
  }
  for (MeasuredRows& set : sets) {
    const bool train = &set == &sets.front();
    set.log_weights =
        LogCoefficients(problem.loss, false, set.tiles.labels(),
                        train ? weights.values : std::span<const double>());
  }
  return sets;
}

}  // namespace

LinearStepper::LinearStepper(const LinearProblem& problem,
                             const RowWeights& weights)
    : bias_(problem.bias),
      fixed_(HasFixedStep(problem)),
      rate_({.initial = problem.learning_rate,
             .warm_up_steps = problem.warm_up_steps,
             .schedule = problem.rate_schedule}),
      weight_schedule_(problem.weight_schedule),
      weights_(weights.values),
      even_(weights.even),
      coefficients_(Coefficients(weights)),
      kept_(weights.kept),
      steps_(problem.steps),
      metrics_(problem, weights, MakeSets(problem, weights)),
      descent_(metrics_.train(), Coefficients(weights),
               {.loss = problem.loss,
                .learning_rate = problem.learning_rate,
                .penalty = problem.penalty}),
      theta_(static_cast<size_t>(metrics_.train().columns()), 0.0),
      checked_theta_(theta_) {
  if (problem.learned) {
    learner_.emplace(*problem.learned, metrics_.train(), problem.loss,
                     problem.normalization);
  }
  if (problem.leap) {
    leaps_ = std::make_unique<Leaps>(
        std::make_unique<LinearField>(
            metrics_.train(), weights,
            LinearField::Objective{.loss = problem.loss,
                                   .penalty = problem.penalty},
            metrics_.separable().part(),
            FarField::Course{.rate = rate_,
                             .weights = problem.weight_schedule,
                             .steps = problem.steps}),
        problem.leap->tolerance, problem.steps);
  }
  if (problem.scale == StepScale::kNone) return;
  scaled_.emplace(metrics_.train(), Coefficients(weights), problem.loss,
                  problem.scale);
}

size_t LinearStepper::FirstNotFinite() const {
  size_t j = 0;
  while (j < theta_.size() && std::isfinite(theta_[j])) ++j;
  return j;
}

void LinearStepper::Learn() {
  learner_->WriteCoefficients(coefficients_);
  descent_.SetCoefficients(coefficients_);
  if (scaled_) scaled_->SetCoefficients(coefficients_);
  learner_->Step(theta_.data());
}

void LinearStepper::SetWeights(int64_t step) {
  if (learner_) return Learn();
  if (std::holds_alternative<AlwaysWeighted>(weight_schedule_)) return;
  const double strength = StrengthAt(weight_schedule_, step);
  const auto n = static_cast<double>(weights_.size());
  for (size_t i = 0; i < weights_.size(); ++i) {
    coefficients_[i] = Blend(even_, weights_[i], strength) / n;
  }
  descent_.SetCoefficients(coefficients_);
  if (scaled_) scaled_->SetCoefficients(coefficients_);
}

absl::Status LinearStepper::Take(int64_t step, int64_t count) {
  if (fixed_) {
    descent_.Run(count, theta_.data());
    return absl::OkStatus();
  }
  for (const int64_t end = step + count; step < end; ++step) {
    const double rate = RateAt(rate_, step, steps_);
    if (!scaled_) {
      descent_.Step(rate, theta_.data());
    } else if (absl::Status bad = scaled_->Step(rate, theta_.data());
               !bad.ok()) {
      return absl::Status(bad.code(),
                          absl::StrCat("step ", step + 1, ": ", bad.message()));
    }
  }
  return absl::OkStatus();
}

absl::Status LinearStepper::Run(int64_t step, int64_t count) {
  if (!leaps_) return RunReal(step, count);
  return leaps_->Run(step, count, theta_, [this](int64_t from, int64_t more) {
    return RunReal(from, more);
  });
}

absl::Status LinearStepper::RunReal(int64_t step, int64_t count) {
  for (const int64_t end = step + count; step < end;) {
    SetWeights(step);
    // A step that changes more than theta is not taken twice.
    const int64_t now =
        scaled_ || learner_
            ? 1
            : std::min({end - step, kStepsBetweenChecks,
                        NextChange(weight_schedule_, step) - step});
    std::copy(theta_.begin(), theta_.end(), checked_theta_.begin());
    STEELYARD_RETURN_IF_ERROR(Take(step, now));
    if (FirstNotFinite() == theta_.size()) {
      step += now;
      continue;
    }
    if (now > 1) {
      theta_ = checked_theta_;
      while (FirstNotFinite() == theta_.size()) {
        STEELYARD_RETURN_IF_ERROR(Take(step, 1));
        ++step;
      }
    } else {
      ++step;
    }
    const size_t j = FirstNotFinite();
    return absl::OutOfRangeError(absl::StrCat(
        "step ", step, ": parameters/", j, ": want a finite value, got ",
        theta_[j], "; a smaller learning rate may help"));
  }
  return absl::OkStatus();
}

absl::Status LinearStepper::RunFar(double log_step) {
  return leaps_->RunFar(log_step, theta_);
}

absl::StatusOr<std::vector<MetricValue>> LinearStepper::Measure(
    const StepTime& at) {
  if (learner_) metrics_.SetWeights(learner_->Normalized(kept_));
  STEELYARD_ASSIGN_OR_RETURN(std::vector<MetricValue> values,
                             metrics_.Measure(at, theta_.data()));
  if (leaps_) leaps_->Measure(*metrics_.leap_id(), values);
  return values;
}

void LinearStepper::ReadWeights(int64_t step, int64_t first,
                                std::span<double> to) const {
  if (learner_) {
    const std::vector<double> learned = learner_->Normalized(kept_).values;
    std::copy_n(learned.begin() + first, to.size(), to.begin());
    return;
  }
  const double strength = StrengthAt(weight_schedule_, step);
  for (size_t i = 0; i < to.size(); ++i) {
    to[i] = Blend(even_, weights_[static_cast<size_t>(first) + i], strength);
  }
}

void LinearStepper::ReadParameters(int64_t first, std::span<double> to) const {
  for (size_t j = 0; j < to.size(); ++j) {
    to[j] = theta_[static_cast<size_t>(first) + j] + 0.0;
  }
}

// The chain of Tiles::Margins, whose signs are exact: f has the bits of y m.
void LinearStepper::Predict(std::span<const double> features,
                            std::span<double> outputs) {
  const auto d = static_cast<size_t>(this->features());
  for (size_t i = 0; i < outputs.size(); ++i) {
    double sum = 0;
    for (size_t j = 0; j < d; ++j) sum += features[i * d + j] * theta_[j];
    if (bias_) sum += theta_[d];
    outputs[i] = sum + 0.0;
  }
}

std::vector<HeldRows> LinearStepper::held_rows() const {
  std::vector<HeldRows> held;
  for (const MeasuredRows& set : metrics_.sets()) {
    held.push_back(
        {.name = set.name, .rows = set.tiles.rows(), .features = features()});
  }
  return held;
}

void LinearStepper::ReadRows(size_t set, int64_t first,
                             std::span<double> features,
                             std::span<double> labels) const {
  const Tiles& tiles = metrics_.sets()[set].tiles;
  double* to = features.data();
  for (size_t i = 0; i < labels.size(); ++i) {
    const int64_t row = first + static_cast<int64_t>(i);
    labels[i] = tiles.label(row);
    for (int64_t j = 0; j < this->features(); ++j) {
      *to++ = tiles.at(row, j) * labels[i] + 0.0;
    }
  }
}

void LinearStepper::WriteState(std::span<uint64_t> words) const {
  for (size_t j = 0; j < theta_.size(); ++j) {
    words[j] = std::bit_cast<uint64_t>(theta_[j]);
  }
  std::span<uint64_t> more = words.subspan(theta_.size());
  if (scaled_) {
    more[0] = std::bit_cast<uint64_t>(scaled_->log_factor());
    more[1] = std::bit_cast<uint64_t>(scaled_->log_start());
    more = more.subspan(2);
  }
  if (leaps_) return leaps_->WriteState(more);
  if (!learner_) return;
  for (size_t i = 0; i < more.size(); ++i) {
    more[i] = std::bit_cast<uint64_t>(learner_->raw()[i]);
  }
}

absl::Status LinearStepper::ReadLearned(std::span<const uint64_t> words) {
  std::vector<double> raw;
  for (const uint64_t word : words) {
    raw.push_back(std::bit_cast<double>(word));
    if (std::isfinite(raw.back()) && raw.back() > 0) continue;
    return absl::DataLossError(
        "training state: want weights above 0, got others");
  }
  learner_->Restore(raw);
  return absl::OkStatus();
}

absl::Status LinearStepper::ReadState(const StepTime& /*at*/,
                                      std::span<const uint64_t> words) {
  for (const uint64_t word : words.first(theta_.size())) {
    if (!std::isfinite(std::bit_cast<double>(word))) {
      return absl::DataLossError(
          "training state: want finite parameters, got others");
    }
  }
  if (learner_) {
    STEELYARD_RETURN_IF_ERROR(
        ReadLearned(words.subspan(theta_.size() + (scaled_ ? 2 : 0))));
  }
  if (leaps_) {
    STEELYARD_RETURN_IF_ERROR(leaps_->ReadState(words.subspan(theta_.size())));
  }
  for (size_t j = 0; j < theta_.size(); ++j) {
    theta_[j] = std::bit_cast<double>(words[j]);
  }
  if (scaled_) {
    scaled_->Restore(std::bit_cast<double>(words[theta_.size()]),
                     std::bit_cast<double>(words[theta_.size() + 1]));
  }
  return absl::OkStatus();
}

}  // namespace steelyard::training
