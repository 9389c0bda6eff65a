#include "training/losses.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "training/sum_tree.h"

namespace steelyard::training {

double LogLoss(Loss loss, double margin) {
  if (loss == Loss::kExponential) return -margin;
  if (margin < 0) return std::log(std::log1p(std::exp(margin)) - margin);
  const double e = std::exp(-margin);
  // ln(ln(1 + e)) = ln e - e/2 + O(e^2), and e itself may be 0 here.
  if (margin > 30) return -margin - e / 2;
  return std::log(std::log1p(e));
}

double LogMeanLoss(Loss loss, std::span<const double> log_weights,
                   std::span<const double> margins) {
  const auto term = [&](int64_t row) {
    const auto i = static_cast<size_t>(row);
    const double log_loss = LogLoss(loss, margins[i]);
    return log_weights.empty() ? log_loss : log_weights[i] + log_loss;
  };
  const auto n = static_cast<int64_t>(margins.size());
  double largest = -std::numeric_limits<double>::infinity();
  for (int64_t i = 0; i < n; ++i) largest = std::max(largest, term(i));
  const double sum =
      SumOverRows(n, [&](int64_t i) { return std::exp(term(i) - largest); });
  return largest + std::log(sum / static_cast<double>(n));
}

}  // namespace steelyard::training
