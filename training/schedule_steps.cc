#include "training/schedule_steps.h"

#include <algorithm>
#include <cmath>
#include <variant>

#include "absl/strings/str_cat.h"

namespace steelyard::training {
namespace {

constexpr double kLog10Most = 18.9648;  // just below log10(2^63)

__extension__ using Wide = unsigned __int128;

// A natural number in base 2^64, least digit first.
class BigNatural {
 public:
  BigNatural() : digits_{1} {}

  void Multiply(uint64_t factor) {
    uint64_t carry = 0;
    for (uint64_t& digit : digits_) {
      const Wide product = Wide{digit} * factor + carry;
      digit = static_cast<uint64_t>(product);
      carry = static_cast<uint64_t>(product >> 64);
    }
    if (carry != 0) digits_.push_back(carry);
  }

  bool operator<=(const BigNatural& other) const {
    if (digits_.size() != other.digits_.size()) {
      return digits_.size() < other.digits_.size();
    }
    return !std::lexicographical_compare(other.digits_.rbegin(),
                                         other.digits_.rend(), digits_.rbegin(),
                                         digits_.rend());
  }

 private:
  std::vector<uint64_t> digits_;
};

// Whether n - 1/2 <= 10^(k/p), which is (2n - 1)^p <= 2^p 10^k.
bool RoundsToAtLeast(int64_t n, int k, int p) {
  BigNatural left;
  BigNatural right;
  for (int i = 0; i < p; ++i) {
    left.Multiply(2 * static_cast<uint64_t>(n) - 1);
    right.Multiply(2);
  }
  for (int i = 0; i < k; ++i) right.Multiply(10);
  return left <= right;
}

// Up to `last_step`; neighbours may be equal.
std::vector<int64_t> LogSteps(int points_per_decade, int64_t last_step) {
  std::vector<int64_t> steps;
  // 10^18.9648 is below 2^63, and the next fraction with so small a denominator
  // is above it.
  for (int k = 0; 10'000 * k <= 189'648 * points_per_decade; ++k) {
    const int64_t step = RoundedPowerOfTen(k, points_per_decade);
    if (step > last_step) break;
    steps.push_back(step);
  }
  return steps;
}

// Each k/p from 2^63 on up to `last`, and this.
std::vector<double> FarPlaces(int points_per_decade, double last) {
  std::vector<double> places;
  if (last == 0) return places;
  for (int64_t k = 0;; ++k) {
    const double place = static_cast<double>(k) / points_per_decade;
    if (place >= last) break;
    if (place > kLog10Most) places.push_back(place);
  }
  places.push_back(last);
  return places;
}

}  // namespace

int64_t RoundedPowerOfTen(int k, int p) {
  const long double value = std::pow(
      10.0L, static_cast<long double>(k) / static_cast<long double>(p));
  // The rounding of k/p errs by up to 2.4e-18 of the value, powl by less.
  const long double doubt = value * 1e-17L;
  auto low = static_cast<int64_t>(std::floor(value - doubt + 0.5L));
  auto high = static_cast<int64_t>(std::floor(value + doubt + 0.5L));
  // low <= the answer <= high.
  while (low < high) {
    const int64_t middle = low + (high - low + 1) / 2;
    if (RoundsToAtLeast(middle, k, p)) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

absl::Status CheckSchedule(const Schedule& schedule, int64_t last_step) {
  if (const auto* log = std::get_if<LogSchedule>(&schedule)) {
    if (log->points_per_decade < 1 || log->points_per_decade > 100) {
      return absl::InvalidArgumentError(
          absl::StrCat("schedule.points_per_decade: want 1 to 100, got ",
                       log->points_per_decade));
    }
  } else if (const auto* every = std::get_if<EverySchedule>(&schedule)) {
    if (every->steps < 1) {
      return absl::InvalidArgumentError(absl::StrCat(
          "schedule.every: want at least 1 step, got ", every->steps));
    }
  } else {
    const std::vector<int64_t>& steps = std::get<AtSchedule>(schedule).steps;
    if (steps.empty()) {
      return absl::InvalidArgumentError(
          "schedule.at: want at least one step, got none");
    }
    for (size_t i = 0; i < steps.size(); ++i) {
      if (steps[i] < 0 || steps[i] > last_step) {
        return absl::InvalidArgumentError(absl::StrCat(
            "schedule.at[", i, "]: want a step from 0 to the last, ", last_step,
            ", got ", steps[i]));
      }
    }
  }
  return absl::OkStatus();
}

ScheduleSteps::ScheduleSteps(const Schedule& schedule, int64_t last_step,
                             double log10_last)
    : last_step_(last_step) {
  if (const auto* every = std::get_if<EverySchedule>(&schedule)) {
    stride_ = every->steps;
    return;
  }
  if (const auto* log = std::get_if<LogSchedule>(&schedule)) {
    steps_ = LogSteps(log->points_per_decade, last_step);
    far_ = FarPlaces(log->points_per_decade, log10_last);
  } else {
    steps_ = std::get<AtSchedule>(schedule).steps;
  }
  steps_.push_back(0);
  steps_.push_back(last_step);
  std::sort(steps_.begin(), steps_.end());
  steps_.erase(std::unique(steps_.begin(), steps_.end()), steps_.end());
}

int64_t ScheduleSteps::After(int64_t step) const {
  if (stride_ == 0) {
    return *std::upper_bound(steps_.begin(), steps_.end(), step);
  }
  if (step < 0) return 0;
  // Not a sum that may pass 2^63.
  const int64_t rest = stride_ - step % stride_;
  return rest < last_step_ - step ? step + rest : last_step_;
}

int64_t ScheduleSteps::CountUpTo(int64_t step) const {
  if (stride_ == 0) {
    return std::upper_bound(steps_.begin(), steps_.end(), step) -
           steps_.begin();
  }
  const bool off_stride_last = step == last_step_ && step % stride_ != 0;
  return 1 + step / stride_ + (off_stride_last ? 1 : 0);
}

}  // namespace steelyard::training
