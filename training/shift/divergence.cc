#include "training/shift/divergence.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace steelyard::training {
namespace {

double Sum(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

}  // namespace

absl::StatusOr<Divergence> DivergenceOfWeights(
    std::span<const double> weights) {
  double most = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (std::isfinite(weights[i]) && weights[i] >= 0) {
      most = std::max(most, weights[i]);
      continue;
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "weights[", i, "]: want a finite value >= 0, got ", weights[i]));
  }
  if (most == 0) {
    return absl::InvalidArgumentError("weights: want a sum > 0, got 0");
  }
  // Divided by the largest first: no square over- or underflows to no purpose.
  double sum = 0;
  double squares = 0;
  for (const double weight : weights) {
    const double w = weight / most;
    sum += w;
    squares += w * w;
  }
  const auto n = static_cast<double>(weights.size());
  const double mean = sum / n;
  double kl = 0;
  for (const double weight : weights) {
    const double w = weight / most / mean;
    if (w > 0) kl += w * std::log(w);
  }
  // At least 0 by Cauchy and Schwarz, and by Jensen.
  const double second = std::max(n * squares / (sum * sum), 1.0);
  return Divergence{.chi_square = second - 1,
                    .renyi_2 = std::log(second),
                    .kl = std::max(kl / n, 0.0)};
}

Divergence DivergenceOfShares(std::span<const double> source,
                              std::span<const double> target) {
  const double source_sum = Sum(source);
  const double target_sum = Sum(target);
  double second = 0;
  double kl = 0;
  for (size_t k = 0; k < target.size(); ++k) {
    const double p_t = target[k] / target_sum;
    if (p_t == 0) continue;
    const double p_s = source[k] / source_sum;
    const double w =
        p_s > 0 ? p_t / p_s : std::numeric_limits<double>::infinity();
    second += p_t * w;
    kl += p_t * std::log(w);
  }
  second = std::max(second, 1.0);
  return {.chi_square = second - 1,
          .renyi_2 = std::log(second),
          .kl = std::max(kl, 0.0)};
}

}  // namespace steelyard::training
