#include "training/data/summary.h"

#include <algorithm>
#include <cmath>

namespace steelyard::training {

void ValueCounter::Add(double value, int64_t count) {
  if (!std::isfinite(value)) {
    non_finite_ += count;
    if (std::isnan(value)) return;
  } else {
    min_ = finite_ == 0 ? value : std::min(min_, value);
    max_ = finite_ == 0 ? value : std::max(max_, value);
    finite_ += count;
  }
  if (too_many_) return;
  counts_[value + 0.0] += count;  // -0.0 becomes 0
  LimitDistinct(most_distinct_);
}

void ValueCounter::LimitDistinct(size_t most) {
  most_distinct_ = most;
  if (counts_.size() <= most) return;
  too_many_ = true;
  counts_ = {};
}

std::vector<ValueCount> ValueCounter::Values() const {
  std::vector<ValueCount> values;
  values.reserve(counts_.size());
  for (const auto& [value, count] : counts_) values.push_back({value, count});
  std::sort(values.begin(), values.end(),
            [](const ValueCount& a, const ValueCount& b) {
              return a.value < b.value;
            });
  return values;
}

}  // namespace steelyard::training
