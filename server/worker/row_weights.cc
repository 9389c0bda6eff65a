#include "server/worker/row_weights.h"

#include <cmath>
#include <map>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/worker/failure.h"
#include "support/status_macros.h"

namespace steelyard::worker {
namespace {

using training::LabelValues;
using Weights = std::vector<double>;

absl::StatusOr<Weights> PerClass(const v1::PerClassWeighting& per_class,
                                 const TrainingRows& rows) {
  if (rows.labels != LabelValues::kSigns) {
    return Wrong("weighting.per_class: want labels of +1 and -1, got others");
  }
  if (!per_class.has_ratio()) {
    return Wrong("weighting.per_class.ratio: want a value, got nothing");
  }
  const double ratio = per_class.ratio();
  STEELYARD_RETURN_IF_ERROR(
      CheckAtLeastZero("weighting.per_class.ratio", ratio));
  Weights weights;
  weights.reserve(rows.train.labels.size());
  for (const double label : rows.train.labels) {
    weights.push_back(label > 0 ? ratio : 1);
  }
  return weights;
}

absl::StatusOr<Weights> PerExample(const v1::PerExampleWeighting& per_example,
                                   const TrainingRows& rows) {
  const auto& weights = per_example.weights();
  if (weights.size() != rows.train.rows) {
    return Wrong("weighting.per_example.weights: want ", rows.train.rows,
                 " values, one for each row, got ", weights.size());
  }
  for (int i = 0; i < weights.size(); ++i) {
    STEELYARD_RETURN_IF_ERROR(CheckAtLeastZero(
        absl::StrCat("weighting.per_example.weights[", i, "]"), weights[i]));
  }
  return Weights(weights.begin(), weights.end());
}

absl::StatusOr<Weights> InverseFrequency(double power,
                                         const TrainingRows& rows) {
  if (rows.labels == LabelValues::kNumbers) {
    return Wrong(
        "weighting.inverse_frequency: want labels that are classes, "
        "got numbers");
  }
  if (!(power >= 0 && power <= 100)) {
    return Wrong("weighting.inverse_frequency.power: want 0 to 100, got ",
                 power);
  }
  std::map<double, double> counts;
  for (const double label : rows.train.labels) ++counts[label];
  const auto n = static_cast<double>(rows.train.rows);
  for (auto& [label, count] : counts) count = std::pow(n / count, power);
  Weights weights;
  weights.reserve(rows.train.labels.size());
  for (const double label : rows.train.labels) {
    weights.push_back(counts[label]);
  }
  return weights;
}

}  // namespace

absl::StatusOr<Weights> RowWeightsOf(const v1::Weighting& weighting,
                                     const TrainingRows& rows) {
  switch (weighting.kind_case()) {
    case v1::Weighting::kUniform:
      return Weights();
    case v1::Weighting::kPerClass:
      return PerClass(weighting.per_class(), rows);
    case v1::Weighting::kPerExample:
      return PerExample(weighting.per_example(), rows);
    case v1::Weighting::kInverseFrequency:
      return InverseFrequency(weighting.inverse_frequency().power(), rows);
    case v1::Weighting::KIND_NOT_SET:
      break;
  }
  return Wrong(
      "weighting: want uniform, per_class, per_example or inverse_frequency, "
      "got nothing");
}

}  // namespace steelyard::worker
