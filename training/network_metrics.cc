#include "training/network_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "support/status_macros.h"
#include "training/leaps.h"
#include "training/losses.h"
#include "training/network_margins.h"
#include "training/output_losses.h"
#include "training/penalty.h"
#include "training/sum_tree.h"

namespace steelyard::training {
namespace {

// Whether every label is -1 or +1, and means a class.
bool AreSigns(const NetworkProblem& problem) {
  const auto are = [](const Rows& rows) {
    return std::all_of(rows.labels.begin(), rows.labels.end(),
                       [](double y) { return y == 1 || y == -1; });
  };
  return !problem.numbers && are(problem.train) &&
         std::all_of(problem.tests.begin(), problem.tests.end(),
                     [&](const TestSet& test) { return are(test.rows); });
}

// Errors: FailedPrecondition with the reason why theta is no direction of the
// features' space.
absl::Status CheckLinear(const Architecture& architecture) {
  if (!architecture.hidden.empty()) {
    return absl::FailedPreconditionError("the model is not linear");
  }
  if (architecture.outputs > 1) {
    return absl::FailedPreconditionError("the model has several outputs");
  }
  return absl::OkStatus();
}

// Errors: FailedPrecondition with the reason why P2 says nothing of what trains
// the model on `rows` rows.
absl::Status CheckFixedDescent(const NetworkProblem& problem, int64_t rows) {
  STEELYARD_RETURN_IF_ERROR(
      CheckPredicted(problem.loss, problem.penalty.strength));
  const char* reason = nullptr;
  if (problem.weight_decay > 0) {
    reason = "with weight decay the parameters stay bounded";
  } else if (problem.precision == Precision::kSingle) {
    reason = "in single precision late steps are lost beside the parameters";
  } else if (!std::holds_alternative<PlainRule>(problem.rule) ||
             problem.rate.warm_up_steps > 0 ||
             !std::holds_alternative<ConstantRate>(problem.rate.schedule)) {
    reason = "only gradient descent with a fixed step has it";
  } else if (problem.batches.size > 0 && problem.batches.size < rows) {
    reason = "only steps on all rows have it";
  }
  return reason == nullptr ? absl::OkStatus()
                           : absl::FailedPreconditionError(reason);
}

// Whether the class is wrong, or undecided, with adjusted outputs: f, [k].
template <typename Real>
bool IsWrongAdjusted(const std::vector<double>& adjustments, const Real* f,
                     int64_t k, double y) {
  if (k == 1) return y * (static_cast<double>(*f) + adjustments[0]) <= 0;
  const auto own = static_cast<size_t>(y);
  const auto at = [&](size_t j) {
    return static_cast<double>(f[j]) + adjustments[j];
  };
  for (size_t j = 0; j < adjustments.size(); ++j) {
    if (j != own && at(j) >= at(own)) return true;
  }
  return false;
}

// eta of P2: a weighted mean divides by sum w_i what the loss divides by n.
absl::StatusOr<double> FixedStep(const NetworkProblem& problem,
                                 const RowWeights& weights) {
  const auto n = static_cast<int64_t>(weights.values.size());
  STEELYARD_RETURN_IF_ERROR(CheckFixedDescent(problem, n));
  if (problem.batches.reduction == Reduction::kBatchMean) {
    return problem.rate.initial;
  }
  const double sum = SumOverRows(
      n, [&](int64_t i) { return weights.values[static_cast<size_t>(i)]; });
  return problem.rate.initial * (static_cast<double>(n) / sum);
}

}  // namespace

template <typename Real>
NetworkMetrics<Real>::NetworkMetrics(const NetworkProblem& problem,
                                     const RowWeights& weights,
                                     std::span<const NetworkRows<Real>> sets)
    : loss_(problem.loss),
      penalty_(problem.penalty),
      classes_(problem.architecture.outputs > 1 ? problem.architecture.outputs
                                                : (AreSigns(problem) ? 2 : 0)),
      signs_(problem.architecture.outputs == 1 && classes_ == 2),
      linear_(CheckLinear(problem.architecture).ok()),
      degree_(Homogeneity(problem.architecture)),
      effective_sample_size_(weights.effective_sample_size),
      sets_(sets) {
  for (const NetworkRows<Real>& set : sets_) {
    set_ids_.push_back(AddSet(set.name));
    if (classes_ > 0) {
      group_errors_.emplace_back(set.name, set.groups, table_);
    } else {
      GroupErrors::AddAbsent(set.name, set.groups, table_);
    }
    AddExact(set, problem.train.columns);
  }
  if (problem.target) AddTarget(*problem.target, problem.train.columns);
  if (penalty_.strength > 0) {
    objective_id_ = Add("train/objective");
  } else {
    table_.AddAbsent("train/objective",
                     "there is no penalty: train/loss is it");
  }
  if (const std::string reason = WhyNoMargin(); reason.empty()) {
    margin_id_ = Add("margin/normalized");
  } else {
    table_.AddAbsent("margin/normalized", reason);
  }
  reference_ = MakeReference(problem, weights);
  effective_id_ = Add("weights/effective_sample_size");
  norm_id_ = Add("parameters/norm");
  parameters_ = MakeParameters(problem);
  AddDiagnostics(problem, weights);
  if (problem.leap) leap_id_ = Leaps::AddMetrics(table_);
}

template <typename Real>
std::string NetworkMetrics<Real>::WhyNoMargin() const {
  if (classes_ == 0) return "the labels are no classes";
  return degree_ ? "" : "the model is not homogeneous";
}

template <typename Real>
void NetworkMetrics<Real>::AddDiagnostics(const NetworkProblem& problem,
                                          const RowWeights& weights) {
  const NetworkRows<Real>& train = sets_[0];
  const Architecture& architecture = problem.architecture;
  const std::string no_margin = WhyNoMargin();
  const absl::Status linear = CheckLinear(architecture);
  // A bias of the only layer is the parameter of a constant feature.
  const bool last =
      architecture.hidden.empty() && architecture.biases == Biases::kPerLayer;
  if (classes_ > 0) {
    const double longest = LongestRow(train);
    bounds_.emplace(
        MarginBounds::Model{
            .no_margin = no_margin,
            .no_p10 = WhyNoP10(architecture, signs_),
            .no_cortes = std::string(linear.message()),
            .layers = static_cast<int64_t>(architecture.hidden.size()) + 1,
            .dimension = train.features + (last ? 1 : 0),
            .longest = last ? std::hypot(longest, 1) : longest},
        problem.weighted_below, weights.values, table_);
  } else {
    for (const char* name : {"train/weighted_error", "margin/weighted_below/G",
                             "bound/p10", "bound/cortes"}) {
      table_.AddAbsent(name, no_margin);
    }
  }
  axis_ = linear.ok() && signs_
              ? ClassAxis(problem.train, weights.kept,
                          architecture.biases != Biases::kNone, table_)
              : ClassAxis(linear.ok() ? "the labels are no signs"
                                      : "the model is not linear",
                          table_);
  kkt_ = KktMetrics(train.rows,
                    CountParameters(MakeLayers(architecture, train.features)),
                    no_margin, table_);
}

template <typename Real>
void NetworkMetrics<Real>::MeasureMargins(double norm, const Real* theta,
                                          Network<Real>& network,
                                          Values& values) {
  if (bounds_) {
    const double scale =
        degree_ ? std::pow(norm, static_cast<double>(*degree_)) : 0;
    const double product =
        linear_ ? norm : ProductOfNorms(network.layers(), theta);
    bounds_->Measure(margins_, scale, product, values);
  }
  if (linear_) axis_.Measure(theta_.data(), values);
  const std::vector<double> parameters(theta, theta + network.parameters());
  kkt_.Measure(
      margins_, parameters,
      [&](std::span<double> to) {
        WriteMarginGradients(sets_[0], theta, network, to);
      },
      values);
}

template <typename Real>
LinearReference NetworkMetrics<Real>::MakeReference(
    const NetworkProblem& problem, const RowWeights& weights) {
  absl::Status possible = CheckLinear(problem.architecture);
  if (possible.ok() && classes_ == 0) {
    possible = absl::FailedPreconditionError("the labels are no classes");
  }
  if (possible.ok()) {
    possible = CheckReferenceSize(sets_[0].rows, problem.train.columns);
  }
  const auto absent = [this](absl::string_view reason) {
    LinearReference none(reason, table_);
    separable_ = SeparableRows(std::string(reason), table_);
    return none;
  };
  if (!possible.ok()) return absent(possible.message());
  Tiles rows(problem.train, weights.kept,
             problem.architecture.biases != Biases::kNone);
  if constexpr (std::is_same_v<Real, float>) {
    rows.RoundToSingle();
  }
  LinearReference reference(rows, problem.loss, weights,
                            FixedStep(problem, weights), table_);
  separable_ = SeparableRows(rows, reference.solution() != nullptr, table_);
  return reference;
}

template <typename Real>
ShownParameters NetworkMetrics<Real>::MakeParameters(
    const NetworkProblem& problem) {
  const absl::Status linear = CheckLinear(problem.architecture);
  if (!linear.ok()) {
    table_.AddAbsent("parameters/J", std::string(linear.message()));
    return {};
  }
  const bool bias = problem.architecture.biases != Biases::kNone;
  return ShownParameters(problem.train.columns + (bias ? 1 : 0), table_);
}

template <typename Real>
typename NetworkMetrics<Real>::SetIds NetworkMetrics<Real>::AddSet(
    const std::string& name) {
  SetIds ids;
  ids.log_loss = Add(name + "/log_loss");
  ids.loss = Add(name + "/loss");
  if (classes_ == 0) return ids;
  ids.error = Add(name + "/error");
  ids.balanced_error = Add(name + "/balanced_error");
  if (signs_) {
    ids.fraction = Add(name + "/fraction_positive");
    return ids;
  }
  ids.fraction = Add(name + "/fraction/0");
  for (int64_t k = 1; k < classes_; ++k)
    Add(absl::StrCat(name, "/fraction/", k));
  return ids;
}

template <typename Real>
void NetworkMetrics<Real>::AddExact(const NetworkRows<Real>& set,
                                    int64_t columns) {
  if (linear_ && signs_) {
    exact_errors_.emplace_back(set.name + "/", columns, set.parts, table_);
  } else {
    ExactErrors::AddAbsent(set.name + "/", set.parts,
                           linear_ ? "the labels are no classes"
                                   : "the model is not linear with one output",
                           table_);
  }
}

template <typename Real>
void NetworkMetrics<Real>::AddTarget(const Target& target, int64_t columns) {
  distance_ = TargetDistance(target, table_);
  if (classes_ > 0) adjustments_ = target.adjustments;
  if (signs_ && !adjustments_.empty()) {
    adjustments_ = {adjustments_[1] - adjustments_[0]};
  }
  for (const NetworkRows<Real>& set : sets_) {
    const bool train = &set == &sets_.front();
    target_sets_.emplace_back(
        target,
        TargetSet::Options{
            .name = set.name,
            .weights = set.target_weights,
            .reason = train ? target.train_reason : target.test_reason,
            .errors = classes_ > 0},
        table_);
    target_log_weights_.push_back(
        LogCoefficients(loss_, classes_ > 0 && !signs_, set.labels,
                        target_sets_.back().weights()));
    if (!linear_ || !signs_) continue;
    const std::string prefix = set.name + "/adjusted_";
    if (!adjustments_.empty()) {
      adjusted_exact_.emplace_back(prefix, columns, set.parts, table_);
    } else if (!target.adjustment_reason.empty()) {
      ExactErrors::AddAbsent(prefix, set.parts, target.adjustment_reason,
                             table_);
    }
  }
}

template <typename Real>
void NetworkMetrics<Real>::MeasureTarget(size_t number, Values& values) {
  const TargetSet& target = target_sets_[number];
  if (!target.has_risk()) return;
  target.MeasureRisk(LogLossOf(sets_[number], target_log_weights_[number]),
                     margins_, values);
}

template <typename Real>
typename NetworkMetrics<Real>::Counts NetworkMetrics<Real>::Predict(
    const NetworkRows<Real>& set, const Real* theta, Network<Real>& network) {
  const auto classes = static_cast<size_t>(classes_);
  Counts counts = {.errors = ErrorCounts(classes),
                   .adjusted = ErrorCounts(classes),
                   .predicted = std::vector<int64_t>(classes, 0)};
  margins_.resize(static_cast<size_t>(set.rows));
  loss_margins_.resize(static_cast<size_t>(set.rows));
  const int64_t k = network.outputs();
  for (int64_t first = 0; first < set.rows; first += network.most_rows()) {
    const int64_t count = std::min(network.most_rows(), set.rows - first);
    const Real* outputs = network.Forward(theta, set.row(first), count);
    for (int64_t i = 0; i < count; ++i) {
      const Real* f = outputs + i * k;
      const auto row = static_cast<size_t>(first + i);
      const double y = set.labels[row];
      size_t own = y > 0 ? 1 : 0;
      size_t predicted = *f > 0 ? 1 : 0;
      loss_margins_[row] = LossMargin(loss_, f, k, y);
      if (k > 1) {
        own = static_cast<size_t>(y);
        predicted = static_cast<size_t>(std::max_element(f, f + k) - f);
        margins_[row] = ClassMargin(f, k, static_cast<int64_t>(y));
      } else {
        margins_[row] = y * *f;
      }
      if (classes == 0) continue;
      counts.errors.Add(own, !(margins_[row] > 0));
      ++counts.predicted[predicted];
      if (adjustments_.empty()) continue;
      counts.adjusted.Add(own, IsWrongAdjusted(adjustments_, f, k, y));
    }
  }
  return counts;
}

template <typename Real>
double NetworkMetrics<Real>::LogLossOf(
    const NetworkRows<Real>& set, std::span<const double> log_weights) const {
  if (loss_.kind != Loss::kSquared) {
    return LogMeanLoss(loss_, log_weights, loss_margins_);
  }
  const double sum = SumOverRows(set.rows, [&](int64_t row) {
    const auto i = static_cast<size_t>(row);
    const double square = loss_margins_[i] * loss_margins_[i];
    return log_weights.empty() ? square : std::exp(log_weights[i]) * square;
  });
  return std::log(sum / static_cast<double>(set.rows));
}

template <typename Real>
void NetworkMetrics<Real>::AddCounts(const SetIds& ids, const Counts& counts,
                                     Values& values) {
  const auto n = static_cast<double>(counts.errors.rows());
  values.push_back(Value(*ids.error, counts.errors.Fraction()));
  values.push_back(Value(*ids.balanced_error, counts.errors.MeanFraction()));
  const size_t first = signs_ ? 1 : 0;  // of signs the positive alone
  for (size_t k = first; k < counts.predicted.size(); ++k) {
    values.push_back(Value(*ids.fraction + static_cast<uint32_t>(k - first),
                           static_cast<double>(counts.predicted[k]) / n));
  }
}

template <typename Real>
absl::Status NetworkMetrics<Real>::MeasureSet(const StepTime& at, size_t number,
                                              const Real* theta,
                                              Network<Real>& network,
                                              Values& values) {
  const NetworkRows<Real>& set = sets_[number];
  const SetIds& ids = set_ids_[number];
  const Counts counts = Predict(set, theta, network);
  const double log_loss = LogLossOf(set, set.log_weights);
  const bool none =
      MayVanish(loss_) && log_loss == -std::numeric_limits<double>::infinity();
  const bool known = none || std::isfinite(log_loss);
  if (!known && number == 0) {
    return absl::OutOfRangeError(absl::StrCat(
        NameOf(at), ": ", set.name, "/log_loss: want a finite value, got ",
        log_loss, "; a smaller learning rate may help"));
  }
  // Of a test set training goes on without it.
  if (known && !none) values.push_back(Value(ids.log_loss, log_loss));
  if (known) values.push_back(Value(ids.loss, std::exp(log_loss)));
  if (!target_sets_.empty()) MeasureTarget(number, values);
  if (!ids.error) return absl::OkStatus();
  AddCounts(ids, counts, values);
  if (!target_sets_.empty()) {
    target_sets_[number].MeasureAdjusted(counts.adjusted, values);
  }
  if (!adjusted_exact_.empty()) {
    adjusted_exact_[number].Measure(theta_, adjustments_[0], values);
  }
  group_errors_[number].Measure(margins_, values);
  if (!exact_errors_.empty()) exact_errors_[number].Measure(theta_, 0, values);
  return absl::OkStatus();
}

template <typename Real>
absl::StatusOr<std::vector<MetricValue>> NetworkMetrics<Real>::Measure(
    const StepTime& at, const Real* theta, Network<Real>& network) {
  if (linear_) theta_.assign(theta, theta + network.parameters());
  Values values;
  values.reserve(names().size());
  double train_loss = 0;
  double least_margin = 0;
  Values diagnostics;
  const double norm = NormOf(network.parameters(), theta);
  if (linear_) theta_.assign(theta, theta + network.parameters());
  for (size_t number = 0; number < sets_.size(); ++number) {
    STEELYARD_RETURN_IF_ERROR(MeasureSet(at, number, theta, network, values));
    if (number > 0) continue;
    train_loss = std::exp(LogLossOf(sets_[0], sets_[0].log_weights));
    least_margin = *std::min_element(margins_.begin(), margins_.end());
    MeasureMargins(norm, theta, network, diagnostics);
  }
  if (!std::isfinite(norm)) {
    return absl::OutOfRangeError(
        absl::StrCat(NameOf(at), ": parameters/norm: want a finite value, got ",
                     norm, "; a smaller learning rate may help"));
  }
  if (objective_id_) {
    values.push_back(Value(
        *objective_id_,
        train_loss + PenaltyAt(penalty_, norm, network.parameters(), theta)));
  }
  const double size =
      margin_id_ ? std::pow(norm, static_cast<double>(*degree_)) : 0;
  if (size > 0) {
    const double margin = least_margin / size;
    values.push_back(Value(*margin_id_, margin));
    reference_.MeasureDirection(at.log_step, theta_.data(), margin, values);
  }
  reference_.MeasureDivergence(values);
  separable_.Measure(values);
  distance_.Measure(values);
  values.push_back(Value(effective_id_, effective_sample_size_));
  values.push_back(Value(norm_id_, norm));
  parameters_.Measure(theta_.data(), values);
  values.insert(values.end(), diagnostics.begin(), diagnostics.end());
  return values;
}

template class NetworkMetrics<float>;
template class NetworkMetrics<double>;

}  // namespace steelyard::training
