#include "training/margin_bounds.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "training/sum_tree.h"

namespace steelyard::training {
namespace {

constexpr double kDelta = 0.05;
constexpr int kMostHalvings = 64;

// The fewest digits that give the same double back.
std::string Shortest(double value) {
  std::array<char, 32> text = {};
  const std::to_chars_result end =
      std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end.ptr};
}

std::optional<uint32_t> AddUnless(absl::string_view name,
                                  const std::string& reason,
                                  MetricTable& table) {
  if (reason.empty()) return table.Add(std::string(name));
  table.AddAbsent(std::string(name), reason);
  return std::nullopt;
}

}  // namespace

MarginBounds::MarginBounds(const Model& model,
                           std::span<const double> thresholds,
                           std::span<const double> values, MetricTable& table)
    : model_(model), thresholds_(thresholds.begin(), thresholds.end()) {
  SetWeights(values);
  error_id_ = table.Add("train/weighted_error");
  for (const double threshold : thresholds_) {
    const auto id =
        AddUnless(absl::StrCat("margin/weighted_below/", Shortest(threshold)),
                  model.no_margin, table);
    if (!below_id_) below_id_ = id;
  }
  p10_id_ = AddUnless("bound/p10", model.no_p10, table);
  const auto n = static_cast<int64_t>(values.size());
  cortes_id_ = AddUnless("bound/cortes",
                         model.no_cortes.empty() && n < model.dimension
                             ? "there are fewer rows than dimensions"
                             : model.no_cortes,
                         table);
}

void MarginBounds::SetWeights(std::span<const double> values) {
  weights_.assign(values.begin(), values.end());
  const auto n = static_cast<int64_t>(weights_.size());
  const auto at = [&](int64_t i) { return weights_[static_cast<size_t>(i)]; };
  sum_ = SumOverRows(n, at);
  squares_ = SumOverRows(n, [&](int64_t i) {
    const double share = at(i) / sum_;
    return share * share;
  });
  largest_ = *std::max_element(weights_.begin(), weights_.end()) / sum_ *
             static_cast<double>(n);
}

double MarginBounds::BoundP10(std::span<const double> margins,
                              double product) const {
  const auto n = static_cast<double>(margins.size());
  // Each row below gamma = R 2^-k for all k up to some number.
  std::array<double, kMostHalvings + 1> below = {};
  for (size_t i = 0; i < margins.size(); ++i) {
    const double relative = margins[i] / product / model_.longest;
    int last = kMostHalvings;
    if (relative > 0) {
      // relative < 2^-k, k the largest such: relative = f 2^e, f in [1/2, 1).
      int exponent = 0;
      std::frexp(relative, &exponent);
      last = std::clamp(-exponent, 0, kMostHalvings);
    }
    below[static_cast<size_t>(last)] += weights_[i] / sum_;
  }
  const double complexity =
      2 *
      (std::sqrt(2 * static_cast<double>(model_.layers) * std::numbers::ln2) +
       1) *
      std::sqrt(squares_);
  double share = 0;
  double least = std::numeric_limits<double>::infinity();
  for (int k = kMostHalvings; k >= 1; --k) {
    share += below[static_cast<size_t>(k)];
    const double times = static_cast<double>(k) * (k + 1);
    least = std::min(
        least, share + complexity * std::ldexp(1.0, k) +
                   largest_ * std::sqrt(std::log(times / kDelta) / (2 * n)));
  }
  return least;
}

void MarginBounds::Measure(std::span<const double> margins, double scale,
                           double product,
                           std::vector<MetricValue>& values) const {
  const auto n = static_cast<int64_t>(margins.size());
  // sum_i w_i over the rows with a margin of at most, or below, a limit.
  const auto sum_where = [&](auto counts) {
    return SumOverRows(n, [&](int64_t row) {
      const auto i = static_cast<size_t>(row);
      return counts(margins[i]) ? weights_[i] : 0.0;
    });
  };
  const double error =
      sum_where([](double margin) { return margin <= 0; }) / sum_;
  values.push_back(Value(error_id_, error));
  if (below_id_ && scale > 0) {
    for (size_t k = 0; k < thresholds_.size(); ++k) {
      const double below = sum_where(
          [&](double margin) { return margin / scale < thresholds_[k]; });
      values.push_back(Value(*below_id_ + static_cast<uint32_t>(k),
                             below / static_cast<double>(n)));
    }
  }
  if (p10_id_ && product > 0 && std::isfinite(product)) {
    values.push_back(Value(*p10_id_, BoundP10(margins, product)));
  }
  if (!cortes_id_) return;
  const auto m = static_cast<double>(n);
  const auto p = static_cast<double>(model_.dimension);
  const double inner =
      p / m * std::log(2 * m * std::numbers::e / p) + std::log(4 / kDelta) / m;
  values.push_back(
      Value(*cortes_id_, error + std::pow(2, 1.25) * std::sqrt(m * squares_) *
                                     std::pow(inner, 0.375)));
}

}  // namespace steelyard::training
