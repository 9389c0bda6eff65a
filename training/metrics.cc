#include "training/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "support/status_macros.h"
#include "training/error_counts.h"
#include "training/losses.h"

namespace steelyard::training {
namespace {

constexpr double kMostReferenceValues = 1e7;  // n * d
constexpr int64_t kMostShownParameters = 16;

// Adding +0 turns -0 into +0 and leaves all else.
MetricValue Value(uint32_t metric, double value) {
  return {.metric = metric, .value = value + 0.0};
}

double Norm(const double* theta, int64_t d) {
  long double sum = 0;  // holds the square of any double
  for (int64_t j = 0; j < d; ++j) {
    sum += static_cast<long double>(theta[j]) * theta[j];
  }
  return static_cast<double>(std::sqrt(sum));
}

// Whether P2 is said of it.
bool HasPrediction(const Loss& loss) {
  return (loss.kind == Loss::kExponential || loss.kind == Loss::kLogistic) &&
         loss.margins.none();
}

AlignedDoubles MarginsOfLargest(const std::vector<MeasuredRows>& sets) {
  int64_t most = 0;
  for (const MeasuredRows& set : sets) most = std::max(most, set.tiles.tiles());
  return AlignedDoubles(most * Tiles::kRows);
}

absl::StatusOr<HardMargin> ReferenceIfSmall(const LinearProblem& problem,
                                            const Tiles& train) {
  const double size = static_cast<double>(train.rows()) *
                      static_cast<double>(problem.train.columns);
  if (size > kMostReferenceValues) {
    return absl::FailedPreconditionError("n*d is above 10^7");
  }
  return SolveHardMargin(train);
}

}  // namespace

Metrics::Metrics(const LinearProblem& problem, const RowWeights& weights,
                 std::vector<MeasuredRows> sets)
    : loss_(problem.loss),
      l2_strength_(problem.l2_strength),
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
  }
  if (l2_strength_ > 0) {
    objective_id_ = Add("train/objective");
  } else {
    AddAbsent("train/objective", "there is no penalty: train/loss is it");
  }
  margin_id_ = Add("margin/normalized");
  AddReference(problem, weights);
  effective_id_ = Add("weights/effective_sample_size");
  norm_id_ = Add("parameters/norm");
  AddParameters();
}

uint32_t Metrics::Add(const std::string& name) {
  names_.push_back(name);
  return static_cast<uint32_t>(names_.size() - 1);
}

void Metrics::AddAbsent(const std::string& name, absl::string_view reason) {
  absent_.push_back({.metric = name, .reason = std::string(reason)});
}

void Metrics::AddReference(const LinearProblem& problem,
                           const RowWeights& weights) {
  absl::StatusOr<HardMargin> reference = ReferenceIfSmall(problem, train());
  if (!reference.ok()) {
    for (const char* name :
         {"margin/ratio", "direction/gap", "direction/cosine",
          "direction/predicted_gap", "theory/kl"}) {
      AddAbsent(name, reference.status().message());
    }
    return;
  }
  reference_ = *std::move(reference);
  ratio_id_ = Add("margin/ratio");
  gap_id_ = Add("direction/gap");
  Add("direction/cosine");

  absl::StatusOr<GapPrediction> prediction =
      l2_strength_ > 0 ? absl::FailedPreconditionError(
                             "with a penalty the parameters stay bounded")
      : !HasPrediction(loss_)
          ? absl::FailedPreconditionError(
                "only the exponential and the logistic loss have it")
          : GapPrediction::Make(train(), *reference_, weights.values,
                                problem.learning_rate);
  if (prediction.ok()) {
    prediction_ = *prediction;
    predicted_id_ = Add("direction/predicted_gap");
  } else {
    AddAbsent("direction/predicted_gap", prediction.status().message());
  }
  if (reference_->unique) {
    divergence_ = DivergenceFromShares(*reference_, weights.shares);
    divergence_id_ = Add("theory/kl");
  } else {
    AddAbsent("theory/kl", "the dual solution p* is not unique");
  }
}

void Metrics::AddParameters() {
  const int64_t d = train().columns();
  if (d > kMostShownParameters) {
    AddAbsent("parameters/J",
              absl::StrCat("there are more than ", kMostShownParameters,
                           " parameters"));
    return;
  }
  parameters_id_ = Add("parameters/0");
  for (int64_t j = 1; j < d; ++j) Add(absl::StrCat("parameters/", j));
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

absl::Status Metrics::MeasureSet(int64_t step, size_t number,
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
  if (!none && !std::isfinite(log_loss)) {
    return absl::OutOfRangeError(absl::StrCat(
        "step ", step, ": ", set.name, "/log_loss: want a finite value, got ",
        log_loss, "; a smaller learning rate may help"));
  }
  ErrorCounts errors(2);
  int64_t positive = 0;
  for (int64_t i = 0; i < n; ++i) {
    const double y = set.tiles.label(i);
    errors.Add(y > 0 ? 1 : 0, margins_[i] <= 0);
    positive += margins_[i] * y > 0 ? 1 : 0;
  }
  if (!none) values.push_back(Value(ids.log_loss, log_loss));
  values.push_back(Value(ids.loss, std::exp(log_loss)));
  values.push_back(Value(ids.error, errors.Fraction()));
  values.push_back(Value(ids.balanced_error, errors.MeanFraction()));
  values.push_back(Value(ids.fraction_positive, static_cast<double>(positive) /
                                                    static_cast<double>(n)));
  if (number == 0) {
    train_loss_ = std::exp(log_loss);
    least_margin_ = *std::min_element(margins.begin(), margins.end());
  }
  return absl::OkStatus();
}

void Metrics::MeasureDirection(int64_t step, const double* theta, double norm,
                               Values& values) const {
  const double margin = least_margin_ / norm;
  values.push_back(Value(margin_id_, margin));
  if (!reference_.has_value()) return;
  values.push_back(Value(*ratio_id_, margin / reference_->gamma));

  // Of the difference itself: from the cosine no gap below 1e-8 could be told.
  const std::vector<long double>& u = reference_->direction;
  long double squares = 0;
  for (size_t j = 0; j < u.size(); ++j) {
    squares += static_cast<long double>(theta[j]) * theta[j];
  }
  const long double length = std::sqrt(squares);
  long double sum = 0;
  for (size_t j = 0; j < u.size(); ++j) {
    const long double difference = theta[j] / length - u[j];
    sum += difference * difference;
  }
  const auto gap = static_cast<double>(std::sqrt(sum));
  values.push_back(Value(gap_id_, gap));
  values.push_back(Value(gap_id_ + 1, 1 - gap * gap / 2));
  if (!prediction_.has_value()) return;
  const double predicted = prediction_->At(step);
  if (!std::isnan(predicted))
    values.push_back(Value(*predicted_id_, predicted));
}

absl::StatusOr<std::vector<MetricValue>> Metrics::Measure(int64_t step,
                                                          const double* theta) {
  const int64_t d = train().columns();
  Values values;
  values.reserve(names_.size());
  for (size_t number = 0; number < sets_.size(); ++number) {
    STEELYARD_RETURN_IF_ERROR(MeasureSet(step, number, theta, values));
  }
  const double norm = Norm(theta, d);
  if (objective_id_.has_value()) {
    values.push_back(
        Value(*objective_id_, train_loss_ + l2_strength_ * norm * norm));
  }
  if (norm > 0) MeasureDirection(step, theta, norm, values);
  if (divergence_id_.has_value()) {
    values.push_back(Value(*divergence_id_, divergence_));
  }
  values.push_back(Value(effective_id_, effective_sample_size_));
  values.push_back(Value(norm_id_, norm));
  for (int64_t j = 0; parameters_id_.has_value() && j < d; ++j) {
    values.push_back(
        Value(*parameters_id_ + static_cast<uint32_t>(j), theta[j]));
  }
  return values;
}

}  // namespace steelyard::training
