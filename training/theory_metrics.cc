#include "training/theory_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "training/losses.h"
#include "training/sum_tree.h"

namespace steelyard::training {
namespace {

bool IsPlain(const Loss& loss) {
  return (loss.kind == Loss::kExponential || loss.kind == Loss::kLogistic) &&
         loss.margins.none();
}

// The u with ln l(u) = log_loss, of the exponential and the logistic loss.
double InverseLogLoss(const Loss& loss, double log_loss) {
  if (loss.kind == Loss::kExponential) return -log_loss;
  // e^-u = expm1(l): of a large l that is e^l, of a small one l + l^2 / 2.
  const double l = std::exp(log_loss);
  if (l > 30) return -l;
  return l < 1e-9 ? -log_loss - l / 2 : -std::log(std::expm1(l));
}

// Why P4 says nothing of this run; null where it speaks.
const char* WhyUnbounded(const LinearProblem& problem, const Tiles& rows,
                         const HardMargin* reference) {
  if (problem.scale != StepScale::kLoss)
    return "the step is not scaled by the loss";
  if (problem.loss.kind != Loss::kExponential) {
    return "only the exponential loss has it";
  }
  if (problem.learning_rate != 1 || problem.warm_up_steps > 0 ||
      !std::holds_alternative<ConstantRate>(problem.rate_schedule) ||
      !std::holds_alternative<AlwaysWeighted>(problem.weight_schedule)) {
    return "the learning rate is not 1, or it or the weights change";
  }
  if (reference == nullptr) return "there is no largest margin";
  if (!reference->unique) return "the dual solution p* is not unique";
  // A hair more: the length of a row is rounded, too.
  if (rows.LongestRow() > 1 + 1e-12)
    return "a row, bias included, is longer than 1";
  return nullptr;
}

}  // namespace

TheoryMetrics::TheoryMetrics(const char* reason, MetricTable& table) {
  for (const char* name :
       {"train/loss_slope", "margin/smoothed", "theory/gap_constant",
        "dual/gap", "bound/p4_a", "bound/p4_b", "bound/p4_c"}) {
    table.AddAbsent(name, reason);
  }
}

TheoryMetrics::TheoryMetrics(const LinearProblem& problem, const Tiles& rows,
                             const RowWeights& weights,
                             const HardMargin* reference,
                             std::optional<double> gap_constant,
                             MetricTable& table)
    : loss_(problem.loss),
      rate_({.initial = problem.learning_rate,
             .warm_up_steps = problem.warm_up_steps,
             .schedule = problem.rate_schedule}),
      scaled_(problem.scale == StepScale::kLoss),
      steps_(problem.steps),
      pull_(rows.tiles() * Tiles::kRows),
      partial_(rows.columns() * Tiles::kRows),
      sum_(rows.columns()) {
  const auto n = static_cast<double>(rows.rows());
  for (int64_t i = 0; i < rows.rows(); ++i) {
    const RowShape shape = ShapeOf(loss_, rows.label(i));
    log_pull_.push_back(std::log(weights.values[static_cast<size_t>(i)] / n) +
                        std::log(shape.factor) + std::log(shape.scale));
  }
  log_least_ = std::log(
      *std::min_element(weights.values.begin(), weights.values.end()) / n);
  AddSlope(problem, table);
  AddSmoothed(table);
  if (gap_constant) {
    constant_id_ = table.Add("theory/gap_constant");
    constant_ = *gap_constant;
  } else {
    table.AddAbsent("theory/gap_constant",
                    "there is no direction/predicted_gap");
  }
  AddDual(rows, reference, table);
  AddBounds(problem, rows, weights, reference, table);
}

void TheoryMetrics::AddSlope(const LinearProblem& problem, MetricTable& table) {
  const bool steps =
      problem.scale == StepScale::kNone || problem.scale == StepScale::kLoss;
  const char* reason =
      problem.penalty.strength > 0 ? "with a penalty the loss has a limit"
      : !steps                     ? "the step does not follow a flow of L"
      : !std::holds_alternative<AlwaysWeighted>(problem.weight_schedule)
          ? "the weights change"
          : nullptr;
  if (reason == nullptr) {
    slope_id_ = table.Add("train/loss_slope");
  } else {
    table.AddAbsent("train/loss_slope", reason);
  }
}

void TheoryMetrics::AddSmoothed(MetricTable& table) {
  if (IsPlain(loss_)) {
    smoothed_id_ = table.Add("margin/smoothed");
  } else {
    table.AddAbsent("margin/smoothed",
                    "only the exponential and the logistic loss have it");
  }
}

void TheoryMetrics::AddDual(const Tiles& rows, const HardMargin* reference,
                            MetricTable& table) {
  if (reference == nullptr || !loss_.margins.none()) {
    table.AddAbsent("dual/gap", reference == nullptr
                                    ? "there is no largest margin"
                                    : "classes have margins of their own");
    return;
  }
  dual_id_ = table.Add("dual/gap");
  const long double gamma = reference->gamma;
  for (const long double u : reference->direction) {
    optimum_.push_back(static_cast<double>(gamma * u));
  }
  for (int64_t i = 0; i < rows.rows(); ++i) {
    long double product = 0;
    for (size_t j = 0; j < optimum_.size(); ++j) {
      product +=
          gamma * reference->direction[j] * rows.at(i, static_cast<int64_t>(j));
    }
    slack_.push_back(
        std::max(0.0, static_cast<double>(product - gamma * gamma)));
  }
}

void TheoryMetrics::AddBounds(const LinearProblem& problem, const Tiles& rows,
                              const RowWeights& weights,
                              const HardMargin* reference, MetricTable& table) {
  const char* const reason = WhyUnbounded(problem, rows, reference);
  for (const char* name : {"bound/p4_a", "bound/p4_b", "bound/p4_c"}) {
    if (reason != nullptr) {
      table.AddAbsent(name, reason);
      continue;
    }
    const uint32_t id = table.Add(name);
    if (!bounds_id_) bounds_id_ = id;
  }
  if (!bounds_id_) return;
  gamma_ = reference->gamma;
  divergence_ = DivergenceFromShares(*reference, weights.shares);
  log_least_share_ =
      std::log(*std::min_element(weights.shares.begin(), weights.shares.end()));
}

void TheoryMetrics::MeasureDual(const Tiles& rows,
                                std::vector<MetricValue>& values) {
  const int64_t n = rows.rows();
  const double total = SumOverRows(n, [&](int64_t i) { return pull_[i]; });
  if (!(total > 0)) return;
  // F(q) - F(p*) = ||g - g*||^2 / 2 + (g - g*).g*, whose parts are at least 0.
  const double along = SumOverRows(n, [&](int64_t i) {
    return pull_[i] / total * slack_[static_cast<size_t>(i)];
  });
  const double apart = SumOverRows(sum_.size(), [&](int64_t j) {
    const double difference =
        sum_[j] / total - optimum_[static_cast<size_t>(j)];
    return difference * difference;
  });
  values.push_back(Value(*dual_id_, apart / 2 + along));
}

void TheoryMetrics::MeasureBounds(int64_t step,
                                  std::vector<MetricValue>& values) const {
  const auto t = static_cast<double>(step);
  values.push_back(Value(*bounds_id_, divergence_ / t));
  values.push_back(
      Value(*bounds_id_ + 1,
            (1 + divergence_ / gamma_ * (1 + std::log(t))) / (gamma_ * t)));
  values.push_back(
      Value(*bounds_id_ + 2, (0.5 - log_least_share_) / (gamma_ * t)));
}

void TheoryMetrics::Measure(const StepTime& at, const Tiles& rows, double norm,
                            std::span<const double> margins, double log_loss,
                            std::vector<MetricValue>& values) {
  const bool finite = std::isfinite(log_loss);
  if (finite && (slope_id_ || dual_id_)) {
    // The gradient over the loss: sum_ = -grad L / L.
    for (size_t i = 0; i < margins.size(); ++i) {
      pull_.data()[i] =
          std::exp(log_pull_[i] + LogPull(loss_, margins[i]) - log_loss);
    }
    rows.AddUp(pull_.data(), partial_.data(), sum_.data());
  }
  if (finite && slope_id_ && at.step > 0) {
    const double squares =
        SumOverRows(sum_.size(), [&](int64_t j) { return sum_[j] * sum_[j]; });
    if (!IsRounding(rows, std::sqrt(squares), at)) {
      values.push_back(Value(*slope_id_, -LossSlope(at, log_loss, squares)));
    }
  }
  if (smoothed_id_ && norm > 0) {
    values.push_back(Value(
        *smoothed_id_, InverseLogLoss(loss_, log_loss - log_least_) / norm));
  }
  if (constant_id_) values.push_back(Value(*constant_id_, constant_));
  if (dual_id_ && finite) MeasureDual(rows, values);
  if (bounds_id_ && at.step > 0) MeasureBounds(at.step, values);
}

bool TheoryMetrics::IsRounding(const Tiles& rows, double length,
                               const StepTime& at) const {
  constexpr double kLate = 35;  // of ln t: 10^15 steps
  constexpr double kRounding = 64 * std::numeric_limits<double>::epsilon();
  if (at.log_step < kLate) return false;
  double pulls = 0;
  for (int64_t i = 0; i < rows.rows(); ++i) pulls += pull_.data()[i];
  return length <= kRounding * pulls * rows.LongestRow();
}

double TheoryMetrics::LossSlope(const StepTime& at, double log_loss,
                                double squares) const {
  if (at.step == Trainer::kFarStep) {
    // Far out t alone is too large for a double, and L too small.
    const double log_rate = LogRateAt(
        rate_, {.log_step = at.log_step, .ahead = 0}, at.step, steps_);
    return std::exp(log_rate + at.log_step + log_loss) * squares;
  }
  const double rate = RateAt(rate_, at.step, steps_);
  const double scale = scaled_ ? rate : rate * std::exp(log_loss);
  return static_cast<double>(at.step) * scale * squares;
}

}  // namespace steelyard::training
