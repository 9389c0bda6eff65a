#include "training/target_metrics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "training/sum_tree.h"

namespace steelyard::training {
namespace {

// To mean 1; nothing where all are 0.
std::vector<double> Normalized(std::vector<double> weights) {
  const double most = *std::max_element(weights.begin(), weights.end());
  if (!(most > 0)) return {};
  for (double& w : weights) w /= most;
  const auto n = static_cast<int64_t>(weights.size());
  const double sum = SumOverRows(
      n, [&](int64_t i) { return weights[static_cast<size_t>(i)]; });
  for (double& w : weights) w *= static_cast<double>(n) / sum;
  return weights;
}

}  // namespace

std::vector<double> KeptTargetWeights(const std::optional<Target>& target,
                                      std::span<const int64_t> kept) {
  std::vector<double> weights;
  if (!target || target->weights.empty()) return weights;
  for (const int64_t row : kept) {
    weights.push_back(target->weights[static_cast<size_t>(row)]);
  }
  return weights;
}

TargetDistance::TargetDistance(const Target& target, MetricTable& table)
    : divergence_(target.divergence) {
  for (const char* name :
       {"target/chi_square", "target/renyi_2", "target/kl"}) {
    if (!divergence_) {
      table.AddAbsent(name, target.divergence_reason);
      continue;
    }
    const uint32_t id = table.Add(name);
    if (first_id_ == 0) first_id_ = id;
  }
}

void TargetDistance::Measure(std::vector<MetricValue>& values) const {
  if (!divergence_) return;
  values.push_back(Value(first_id_, divergence_->chi_square));
  values.push_back(Value(first_id_ + 1, divergence_->renyi_2));
  values.push_back(Value(first_id_ + 2, divergence_->kl));
}

TargetSet::TargetSet(const Target& target, Options options,
                     MetricTable& table) {
  const std::string risk = options.name + "/target_risk";
  const std::string error = options.name + "/target_error";
  if (!options.weights.empty()) {
    weights_ = Normalized(std::move(options.weights));
    if (weights_.empty()) options.reason = "its rows all have the weight 0";
  }
  if (!weights_.empty()) {
    risk_id_ = table.Add(risk);
    if (options.errors) error_id_ = table.Add(error);
  } else if (options.name != kTargetSet) {
    table.AddAbsent(risk, options.reason);
    if (options.errors) table.AddAbsent(error, options.reason);
  }
  if (!options.errors) return;
  const std::string adjusted = options.name + "/adjusted_error";
  const std::string balanced = options.name + "/adjusted_balanced_error";
  if (!target.adjustments.empty()) {
    adjusted_id_ = table.Add(adjusted);
    table.Add(balanced);
  } else if (!target.adjustment_reason.empty()) {
    table.AddAbsent(adjusted, target.adjustment_reason);
    table.AddAbsent(balanced, target.adjustment_reason);
  }
}

void TargetSet::MeasureRisk(double log_risk, std::span<const double> margins,
                            std::vector<MetricValue>& values) const {
  if (!has_risk()) return;
  values.push_back(Value(risk_id_, std::exp(log_risk)));
  if (!error_id_) return;
  const auto n = static_cast<int64_t>(weights_.size());
  const double sum = SumOverRows(n, [&](int64_t row) {
    const auto i = static_cast<size_t>(row);
    return margins[i] <= 0 ? weights_[i] : 0.0;
  });
  values.push_back(Value(*error_id_, sum / static_cast<double>(n)));
}

void TargetSet::MeasureAdjusted(const ErrorCounts& counts,
                                std::vector<MetricValue>& values) const {
  if (!adjusted_id_) return;
  values.push_back(Value(*adjusted_id_, counts.Fraction()));
  values.push_back(Value(*adjusted_id_ + 1, counts.MeanFraction()));
}

}  // namespace steelyard::training
