#include "training/data/summary.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "training/data/utf8.h"

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

void TextCounter::Add(absl::string_view text) {
  if (!counting()) return;
  if (text.size() > kMaxTextBytes) return LimitDistinct(0);
  const auto found = counts_.find(text);
  if (found != counts_.end()) {
    ++found->second;
    return;
  }
  if (counts_.size() < most_distinct_) {
    counts_.emplace(text, 1);
    return;
  }
  too_many_ = most_distinct_ == kMaxDistinct;
  given_up_ = !too_many_;
  counts_ = {};
}

void TextCounter::LimitDistinct(size_t most) {
  most_distinct_ = std::min(most_distinct_, most);
  if (counts_.size() <= most && most > 0) return;
  given_up_ = !too_many_;
  counts_ = {};
}

int64_t TextCounter::distinct() const {
  if (too_many_) return int64_t{kMaxDistinct} + 1;
  return std::ssize(counts_);
}

std::vector<TextCount> TextCounter::Texts() const {
  std::vector<TextCount> texts;
  if (counts_.size() > kMaxListed) return texts;
  for (const auto& [text, count] : counts_) {
    if (!IsPrintableUtf8(text)) return {};
    texts.push_back({text, count});
  }
  std::sort(
      texts.begin(), texts.end(),
      [](const TextCount& a, const TextCount& b) { return a.text < b.text; });
  return texts;
}

}  // namespace steelyard::training
