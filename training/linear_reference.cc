#include "training/linear_reference.h"

#include <cmath>
#include <span>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace steelyard::training {
namespace {

constexpr double kMostReferenceValues = 1e7;  // n * d
constexpr int64_t kMostShownParameters = 16;

// What is measured against the limit, and what of the largest margin's theory.
constexpr const char* kOfDirection[] = {"margin/ratio", "direction/gap",
                                        "direction/cosine"};
constexpr const char* kOfLargestMargin[] = {
    "direction/predicted_gap", "direction/scaled_gap", "theory/kl"};

void AddAllAbsent(std::span<const char* const> names, absl::string_view reason,
                  MetricTable& table) {
  for (const char* name : names) table.AddAbsent(name, std::string(reason));
}

// Of the difference itself: from the cosine no gap below 1e-8 could be told.
double Gap(const double* theta, const std::vector<long double>& u) {
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
  return static_cast<double>(std::sqrt(sum));
}

}  // namespace

absl::Status CheckReferenceSize(int64_t rows, int64_t features) {
  const double size = static_cast<double>(rows) * static_cast<double>(features);
  if (size <= kMostReferenceValues) return absl::OkStatus();
  return absl::FailedPreconditionError("n*d is above 10^7");
}

absl::Status CheckPredicted(const Loss& loss, double penalty_strength) {
  if (penalty_strength > 0) {
    return absl::FailedPreconditionError(
        "with a penalty the parameters stay bounded");
  }
  if ((loss.kind == Loss::kExponential || loss.kind == Loss::kLogistic) &&
      loss.margins.none()) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      "only the exponential and the logistic loss have it");
}

LinearReference::LinearReference(absl::string_view reason, MetricTable& table) {
  AddAllAbsent(kOfDirection, reason, table);
  AddAllAbsent(kOfLargestMargin, reason, table);
}

LinearReference::LinearReference(const Tiles& rows, const Loss& loss,
                                 const RowWeights& weights,
                                 const absl::StatusOr<double>& fixed_step,
                                 MetricTable& table) {
  absl::StatusOr<HardMargin> solution = SolveHardMargin(rows);
  if (!solution.ok()) {
    *this = LinearReference(solution.status().message(), table);
    return;
  }
  solution_ = *std::move(solution);
  AddLimit(rows, loss, weights, table);
  AddPrediction(rows, weights, fixed_step, table);
  if (solution_->unique) {
    divergence_ = DivergenceFromShares(*solution_, weights.shares);
    divergence_id_ = table.Add("theory/kl");
  } else {
    table.AddAbsent("theory/kl", "the dual solution p* is not unique");
  }
}

void LinearReference::AddLimit(const Tiles& rows, const Loss& loss,
                               const RowWeights& weights, MetricTable& table) {
  absl::StatusOr<LimitDirection> limit =
      FindLimitDirection(rows, loss, weights.values, *solution_);
  if (!limit.ok()) {
    AddAllAbsent(kOfDirection, limit.status().message(), table);
    return;
  }
  loss_ = loss;
  limit_ = *std::move(limit);
  ratio_id_ = table.Add(kOfDirection[0]);
  table.Add(kOfDirection[1]);
  table.Add(kOfDirection[2]);
}

void LinearReference::AddPrediction(const Tiles& rows,
                                    const RowWeights& weights,
                                    const absl::StatusOr<double>& fixed_step,
                                    MetricTable& table) {
  const absl::StatusOr<GapPrediction> prediction =
      fixed_step.ok()
          ? GapPrediction::Make(rows, *solution_, weights.values, *fixed_step)
          : fixed_step.status();
  if (prediction.ok()) {
    prediction_ = *prediction;
    fixed_step_ = *fixed_step;
    predicted_id_ = table.Add("direction/predicted_gap");
    table.Add("direction/scaled_gap");
  } else {
    for (const char* name :
         {"direction/predicted_gap", "direction/scaled_gap"}) {
      table.AddAbsent(name, std::string(prediction.status().message()));
    }
  }
}

void LinearReference::SetWeights(const Tiles& rows, const RowWeights& weights) {
  if (limit_ && loss_.kind == Loss::kPolynomial) {
    absl::StatusOr<LimitDirection> limit =
        FindLimitDirection(rows, loss_, weights.values, *solution_);
    if (limit.ok()) limit_ = *std::move(limit);
  }
  if (divergence_id_) {
    divergence_ = DivergenceFromShares(*solution_, weights.shares);
  }
  if (!predicted_id_) return;
  const absl::StatusOr<GapPrediction> prediction =
      GapPrediction::Make(rows, *solution_, weights.values, fixed_step_);
  prediction_.reset();
  if (prediction.ok()) prediction_ = *prediction;
}

void LinearReference::MeasureDirection(double log_step, const double* theta,
                                       double margin,
                                       std::vector<MetricValue>& values) const {
  std::optional<double> gap;
  if (limit_.has_value()) {
    values.push_back(Value(ratio_id_, margin / limit_->margin));
    gap = Gap(theta, limit_->direction);
    values.push_back(Value(ratio_id_ + 1, *gap));
    values.push_back(Value(ratio_id_ + 2, 1 - *gap * *gap / 2));
  }
  if (!prediction_.has_value()) return;
  const double predicted = prediction_->At(log_step);
  if (!std::isnan(predicted)) {
    values.push_back(Value(*predicted_id_, predicted));
  }
  if (!gap || !std::isfinite(log_step)) return;
  values.push_back(
      Value(*predicted_id_ + 1, prediction_->Scaled(*gap, log_step)));
}

void LinearReference::MeasureDivergence(
    std::vector<MetricValue>& values) const {
  if (!divergence_id_.has_value()) return;
  values.push_back(Value(*divergence_id_, divergence_));
}

ShownParameters::ShownParameters(int64_t d, MetricTable& table) {
  if (d > kMostShownParameters) {
    table.AddAbsent("parameters/J",
                    absl::StrCat("there are more than ", kMostShownParameters,
                                 " parameters"));
    return;
  }
  count_ = d;
  first_id_ = table.Add("parameters/0");
  for (int64_t j = 1; j < d; ++j) table.Add(absl::StrCat("parameters/", j));
}

void ShownParameters::Measure(const double* theta,
                              std::vector<MetricValue>& values) const {
  for (int64_t j = 0; j < count_; ++j) {
    values.push_back(Value(first_id_ + static_cast<uint32_t>(j), theta[j]));
  }
}

}  // namespace steelyard::training
