#include "training/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "support/status_macros.h"
#include "training/error_counts.h"
#include "training/leaps.h"
#include "training/losses.h"
#include "training/penalty.h"

namespace steelyard::training {
namespace {

double Norm(const double* theta, int64_t d) {
  long double sum = 0;  // holds the square of any double
  for (int64_t j = 0; j < d; ++j) {
    sum += static_cast<long double>(theta[j]) * theta[j];
  }
  return static_cast<double>(std::sqrt(sum));
}

AlignedDoubles MarginsOfLargest(const std::vector<MeasuredRows>& sets) {
  int64_t most = 0;
  for (const MeasuredRows& set : sets) most = std::max(most, set.tiles.tiles());
  return AlignedDoubles(most * Tiles::kRows);
}

}  // namespace

Metrics::Metrics(const LinearProblem& problem, const RowWeights& weights,
                 std::vector<MeasuredRows> sets)
    : loss_(problem.loss),
      penalty_(problem.penalty),
      sets_(std::move(sets)),
      margins_(MarginsOfLargest(sets_)),
      loss_margins_(loss_.margins.none() ? AlignedDoubles()
                                         : MarginsOfLargest(sets_)),
      effective_sample_size_(weights.effective_sample_size) {
  for (const MeasuredRows& set : sets_) {
    set_ids_.push_back(
        {.log_loss = Add(set.name + "/log_loss"),
         .loss = Add(set.name + "/loss"),
         .error = Add(set.name + "/error"),
         .balanced_error = Add(set.name + "/balanced_error"),
         .fraction_positive = Add(set.name + "/fraction_positive")});
    group_errors_.emplace_back(set.name, set.groups, table_);
    exact_errors_.emplace_back(set.name + "/", problem.train.columns, set.parts,
                               table_);
  }
  if (problem.target) AddTarget(*problem.target, problem.train.columns);
  if (penalty_.strength > 0) {
    objective_id_ = Add("train/objective");
  } else {
    table_.AddAbsent("train/objective",
                     "there is no penalty: train/loss is it");
  }
  margin_id_ = Add("margin/normalized");
  reference_ = MakeReference(problem, weights);
  effective_id_ = Add("weights/effective_sample_size");
  norm_id_ = Add("parameters/norm");
  parameters_ = ShownParameters(train().columns(), table_);
  theory_ = MakeTheory(problem, weights);
  const int64_t d = train().columns();
  bounds_ = MarginBounds({.dimension = d, .longest = train().LongestRow()},
                         problem.weighted_below, weights.values, table_);
  axis_ = ClassAxis(problem.train, weights.kept, problem.bias, table_);
  kkt_ = KktMetrics(train().rows(), d, "", table_);
  separable_ = SeparableRows(train(), reference_.solution() != nullptr, table_);
  if (problem.leap) leap_id_ = Leaps::AddMetrics(table_);
}

TheoryMetrics Metrics::MakeTheory(const LinearProblem& problem,
                                  const RowWeights& weights) {
  if (problem.learned) {
    return TheoryMetrics("the weights are learned", table_);
  }
  const std::optional<GapPrediction>& prediction = reference_.prediction();
  return TheoryMetrics(
      problem, train(), weights, reference_.solution(),
      prediction ? std::optional(prediction->constant()) : std::nullopt,
      table_);
}

void Metrics::SetWeights(const RowWeights& weights) {
  MeasuredRows& train = sets_.front();
  train.log_weights =
      LogCoefficients(loss_, false, train.tiles.labels(), weights.values);
  effective_sample_size_ = weights.effective_sample_size;
  reference_.SetWeights(train.tiles, weights);
  bounds_.SetWeights(weights.values);
}

void Metrics::AddTarget(const Target& target, int64_t columns) {
  distance_ = TargetDistance(target, table_);
  const bool adjusts = !target.adjustments.empty();
  if (adjusts) adjustment_ = target.adjustments[1] - target.adjustments[0];
  for (MeasuredRows& set : sets_) {
    const bool train = &set == &sets_.front();
    target_sets_.emplace_back(
        target,
        TargetSet::Options{
            .name = set.name,
            .weights = std::move(set.target_weights),
            .reason = train ? target.train_reason : target.test_reason},
        table_);
    target_log_weights_.push_back(LogCoefficients(
        loss_, false, set.tiles.labels(), target_sets_.back().weights()));
    const std::string prefix = set.name + "/adjusted_";
    if (adjusts) {
      adjusted_exact_.emplace_back(prefix, columns, set.parts, table_);
    } else if (!target.adjustment_reason.empty()) {
      ExactErrors::AddAbsent(prefix, set.parts, target.adjustment_reason,
                             table_);
    }
  }
}

void Metrics::MeasureTarget(size_t number, const double* theta,
                            std::span<const double> margins, Values& values) {
  const MeasuredRows& set = sets_[number];
  const TargetSet& target = target_sets_[number];
  if (target.has_risk()) {
    target.MeasureRisk(
        LogMeanLoss(loss_, target_log_weights_[number], LossMargins(set)),
        margins, values);
  }
  if (!target.adjusts()) return;
  ErrorCounts errors(2);
  for (int64_t i = 0; i < set.tiles.rows(); ++i) {
    const double y = set.tiles.label(i);
    errors.Add(y > 0 ? 1 : 0,
               margins[static_cast<size_t>(i)] + y * adjustment_ <= 0);
  }
  target.MeasureAdjusted(errors, values);
  const auto d = static_cast<size_t>(set.tiles.columns());
  adjusted_exact_[number].Measure({theta, d}, adjustment_, values);
}

LinearReference Metrics::MakeReference(const LinearProblem& problem,
                                       const RowWeights& weights) {
  const absl::Status size =
      CheckReferenceSize(train().rows(), problem.train.columns);
  if (!size.ok()) return LinearReference(size.message(), table_);
  const absl::Status predicted = CheckPredicted(loss_, penalty_.strength);
  absl::StatusOr<double> fixed_step = problem.learning_rate;
  if (!predicted.ok()) {
    fixed_step = predicted;
  } else if (!HasFixedStep(problem)) {
    fixed_step = absl::FailedPreconditionError("the step is not a fixed one");
  }
  return LinearReference(train(), loss_, weights, fixed_step, table_);
}

std::span<const double> Metrics::LossMargins(const MeasuredRows& set) {
  const int64_t n = set.tiles.rows();
  const std::span<const double> margins(margins_.data(),
                                        static_cast<size_t>(n));
  if (loss_.margins.none()) return margins;
  for (int64_t i = 0; i < n; ++i) {
    const RowShape shape = ShapeOf(loss_, set.tiles.label(i));
    loss_margins_.data()[i] = shape.scale * margins_[i] - shape.offset;
  }
  return {loss_margins_.data(), static_cast<size_t>(n)};
}

absl::Status Metrics::MeasureSet(const StepTime& at, size_t number,
                                 const double* theta, Values& values) {
  const MeasuredRows& set = sets_[number];
  const SetIds& ids = set_ids_[number];
  const int64_t n = set.tiles.rows();
  set.tiles.Margins(theta, margins_.data());
  const std::span<const double> margins(margins_.data(),
                                        static_cast<size_t>(n));
  const double log_loss = LogMeanLoss(loss_, set.log_weights, LossMargins(set));
  const bool none =
      MayVanish(loss_) && log_loss == -std::numeric_limits<double>::infinity();
  const bool known = none || std::isfinite(log_loss);
  if (!known && number == 0) {
    return absl::OutOfRangeError(absl::StrCat(
        NameOf(at), ": ", set.name, "/log_loss: want a finite value, got ",
        log_loss, "; a smaller learning rate may help"));
  }
  ErrorCounts errors(2);
  int64_t positive = 0;
  for (int64_t i = 0; i < n; ++i) {
    const double y = set.tiles.label(i);
    errors.Add(y > 0 ? 1 : 0, !(margins_[i] > 0));
    positive += margins_[i] * y > 0 ? 1 : 0;
  }
  // Of a test set training goes on without it.
  if (known && !none) values.push_back(Value(ids.log_loss, log_loss));
  if (known) values.push_back(Value(ids.loss, std::exp(log_loss)));
  values.push_back(Value(ids.error, errors.Fraction()));
  values.push_back(Value(ids.balanced_error, errors.MeanFraction()));
  values.push_back(Value(ids.fraction_positive, static_cast<double>(positive) /
                                                    static_cast<double>(n)));
  group_errors_[number].Measure(margins, values);
  exact_errors_[number].Measure(
      {theta, static_cast<size_t>(set.tiles.columns())}, 0, values);
  if (!target_sets_.empty()) MeasureTarget(number, theta, margins, values);
  if (number == 0) {
    train_log_loss_ = log_loss;
    least_margin_ = *std::min_element(margins.begin(), margins.end());
  }
  return absl::OkStatus();
}

void Metrics::MeasureMargins(double norm, const double* theta,
                             Values& values) const {
  const Tiles& rows = train();
  const std::span<const double> margins(margins_.data(),
                                        static_cast<size_t>(rows.rows()));
  bounds_.Measure(margins, norm, norm, values);
  axis_.Measure(theta, values);
  const auto d = static_cast<size_t>(rows.columns());
  kkt_.Measure(
      margins, {theta, d},
      [&](std::span<double> gradients) {
        for (size_t k = 0; k < gradients.size(); ++k) {
          gradients[k] =
              rows.at(static_cast<int64_t>(k / d), static_cast<int64_t>(k % d));
        }
      },
      values);
  separable_.Measure(values);
}

absl::StatusOr<std::vector<MetricValue>> Metrics::Measure(const StepTime& at,
                                                          const double* theta) {
  const int64_t d = train().columns();
  Values values;
  values.reserve(names().size());
  const double norm = Norm(theta, d);
  Values theory;
  for (size_t number = 0; number < sets_.size(); ++number) {
    STEELYARD_RETURN_IF_ERROR(MeasureSet(at, number, theta, values));
    if (number > 0) continue;
    // While the margins are those of the training rows.
    theory_.Measure(at, train(), norm, LossMargins(sets_.front()),
                    train_log_loss_, theory);
    MeasureMargins(norm, theta, theory);
  }
  if (objective_id_.has_value()) {
    values.push_back(
        Value(*objective_id_,
              std::exp(train_log_loss_) + PenaltyAt(penalty_, norm, d, theta)));
  }
  if (norm > 0) {
    const double margin = least_margin_ / norm;
    values.push_back(Value(margin_id_, margin));
    reference_.MeasureDirection(at.log_step, theta, margin, values);
  }
  reference_.MeasureDivergence(values);
  distance_.Measure(values);
  values.push_back(Value(effective_id_, effective_sample_size_));
  values.push_back(Value(norm_id_, norm));
  parameters_.Measure(theta, values);
  values.insert(values.end(), theory.begin(), theory.end());
  return values;
}

}  // namespace steelyard::training
