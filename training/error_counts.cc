#include "training/error_counts.h"

#include <numeric>

namespace steelyard::training {

int64_t ErrorCounts::rows() const {
  return std::accumulate(rows_.begin(), rows_.end(), int64_t{0});
}

double ErrorCounts::Fraction() const {
  const int64_t errors =
      std::accumulate(errors_.begin(), errors_.end(), int64_t{0});
  return static_cast<double>(errors) / static_cast<double>(rows());
}

double ErrorCounts::FractionOf(size_t kind) const {
  return static_cast<double>(errors_[kind]) / static_cast<double>(rows_[kind]);
}

double ErrorCounts::MeanFraction() const {
  double sum = 0;
  double present = 0;
  for (size_t k = 0; k < rows_.size(); ++k) {
    if (rows_[k] == 0) continue;
    present += 1;
    sum += FractionOf(k);
  }
  return sum / present;
}

}  // namespace steelyard::training
