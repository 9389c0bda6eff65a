#include "training/weights.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "support/status_macros.h"
#include "training/sum_tree.h"

namespace steelyard::training {
namespace {

double Sum(std::span<const double> values) {
  return SumOverRows(static_cast<int64_t>(values.size()),
                     [&](int64_t i) { return values[static_cast<size_t>(i)]; });
}

absl::Status CheckWeights(std::span<const double> weights, int64_t rows) {
  if (static_cast<int64_t>(weights.size()) != rows) {
    return absl::InvalidArgumentError(absl::StrCat(
        "weights: want one for each of ", rows, " rows, got ", weights.size()));
  }
  for (size_t i = 0; i < weights.size(); ++i) {
    if (!std::isfinite(weights[i]) || weights[i] < 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "weights[", i, "]: want a finite value >= 0, got ", weights[i]));
    }
  }
  if (std::all_of(weights.begin(), weights.end(),
                  [](double w) { return w == 0; })) {
    return absl::InvalidArgumentError(
        "weights: want at least one above 0, got 0 for every row");
  }
  return absl::OkStatus();
}

// What each weight is divided by.
double Divisor(std::span<const double> weights, Normalization normalization) {
  switch (normalization) {
    case Normalization::kNone:
      break;
    case Normalization::kMeanOne:
      return Sum(weights) / static_cast<double>(weights.size());
    case Normalization::kSumOne:
      return Sum(weights);
    case Normalization::kMinOne:
      return *std::min_element(weights.begin(), weights.end());
  }
  return 1;
}

}  // namespace

absl::StatusOr<RowWeights> NormalizeWeights(std::span<const double> weights,
                                            int64_t rows,
                                            Normalization normalization) {
  const std::vector<double> ones(
      weights.empty() ? static_cast<size_t>(rows) : 0, 1.0);
  if (weights.empty()) weights = ones;
  STEELYARD_RETURN_IF_ERROR(CheckWeights(weights, rows));

  // Powers of two are taken out first, which is exact, so that no sum of finite
  // weights overflows.
  const int exponent =
      std::ilogb(*std::max_element(weights.begin(), weights.end()));
  RowWeights result;
  std::vector<double> scaled;
  for (int64_t i = 0; i < rows; ++i) {
    const double w = weights[static_cast<size_t>(i)];
    if (w == 0) continue;
    result.kept.push_back(i);
    scaled.push_back(std::scalbn(w, -exponent));
    result.values.push_back(w);
  }
  if (normalization != Normalization::kNone) {
    const double divisor = Divisor(scaled, normalization);
    for (size_t i = 0; i < scaled.size(); ++i) {
      result.values[i] = scaled[i] / divisor;
    }
  }
  if (normalization == Normalization::kSumOne) {
    result.even = 1 / static_cast<double>(scaled.size());
  }
  const double sum = Sum(scaled);
  std::vector<double> squares;
  for (size_t i = 0; i < scaled.size(); ++i) {
    const double value = result.values[i];
    if (!std::isfinite(value) || scaled[i] == 0 || value == 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "weights[", result.kept[i],
          "]: want a ratio to the other weights within 1e-300 and 1e300, got ",
          weights[static_cast<size_t>(result.kept[i])]));
    }
    result.shares.push_back(scaled[i] / sum);
    squares.push_back(scaled[i] * scaled[i]);
  }
  result.effective_sample_size = sum * sum / Sum(squares);
  return result;
}

}  // namespace steelyard::training
