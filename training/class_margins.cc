#include "training/class_margins.h"

#include <algorithm>
#include <cmath>

namespace steelyard::training {

ClassMargins VectorScaling(double gamma, double tau,
                           std::span<const int64_t> counts) {
  const auto most =
      static_cast<double>(*std::max_element(counts.begin(), counts.end()));
  ClassMargins margins;
  for (const int64_t own : counts) {
    margins.scales.push_back(std::pow(static_cast<double>(own) / most, gamma));
    for (const int64_t other : counts) {
      const auto ratio = static_cast<double>(other) / static_cast<double>(own);
      margins.offsets.push_back(tau * std::log(ratio));
    }
  }
  return margins;
}

ClassMargins LabelDistributionAware(double max_margin, double scale,
                                    std::span<const int64_t> counts) {
  const auto least =
      static_cast<double>(*std::min_element(counts.begin(), counts.end()));
  ClassMargins margins;
  margins.scales.assign(counts.size(), scale);
  for (const int64_t own : counts) {
    const double share = least / static_cast<double>(own);
    margins.offsets.insert(margins.offsets.end(), counts.size(),
                           scale * max_margin * std::pow(share, 0.25));
  }
  return margins;
}

}  // namespace steelyard::training
