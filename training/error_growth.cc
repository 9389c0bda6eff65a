#include "training/error_growth.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>

#include "training/ode_solver.h"
#include "training/random.h"

namespace steelyard::training {

ErrorGrowth::ErrorGrowth(int64_t dimension)
    : difference_(static_cast<size_t>(dimension)) {}

double ErrorGrowth::GrownBy(double before, double s) {
  s_ = s;
  const double length = LengthOf(difference_);
  if (length == 0) return 1;
  if (!std::isfinite(length)) {
    std::fill(difference_.begin(), difference_.end(), 0.0);
    return std::numeric_limits<double>::infinity();
  }
  for (double& value : difference_) value /= length;
  return std::max(1.0, length / before);
}

ErrorGrowth::Growth ErrorGrowth::GrowTo(FarField& field, double s,
                                        std::span<const double> theta) {
  const double before = LengthOf(difference_);
  Growth growth;
  if (before > 0 && s > s_) {
    growth.gradients = field.Carry(0.5 * (s_ + s), s - s_, theta, difference_);
  }
  growth.factor = GrownBy(before, s);
  return growth;
}

ErrorGrowth::Growth ErrorGrowth::GrowTo(double s,
                                        std::span<const double> values,
                                        std::span<const double> vectors) {
  const size_t d = difference_.size();
  const double before = LengthOf(difference_);
  std::vector<double> carried(d);
  for (size_t k = 0; k < d; ++k) {
    const std::span<const double> mode = vectors.subspan(k * d, d);
    double along = 0;
    for (size_t j = 0; j < d; ++j) along += mode[j] * difference_[j];
    // What leads away from a place in t does so as e^s in s.
    const double way = values[k] > 0 ? std::expm1(s - s_) : s - s_;
    along *= std::exp(way * values[k]);
    for (size_t j = 0; j < d; ++j) carried[j] += along * mode[j];
  }
  difference_.swap(carried);
  return {.factor = GrownBy(before, s)};
}

void ErrorGrowth::Add(double before, double more,
                      std::span<const double> slope) {
  if (!(more > 0)) return;
  const size_t d = difference_.size();
  const double length = LengthOf(slope);
  const double along = length > 0 ? more / (length * std::numbers::sqrt2) : 0;
  const double anywhere = more / std::sqrt(2 * static_cast<double>(d));
  // By s, so that a resumed run draws the same.
  RandomStream random(std::bit_cast<uint64_t>(s_), "error growth");
  for (size_t j = 0; j < d; ++j) {
    const bool down = (random.Bits() & 1) != 0;
    difference_[j] = before * difference_[j] + along * slope[j] +
                     (down ? -anywhere : anywhere);
  }
  GrownBy(1, s_);
}

int64_t ErrorGrowth::state_words() const { return std::ssize(difference_) + 1; }

void ErrorGrowth::WriteState(std::span<uint64_t> words) const {
  words[0] = std::bit_cast<uint64_t>(s_);
  for (size_t j = 0; j < difference_.size(); ++j) {
    words[j + 1] = std::bit_cast<uint64_t>(difference_[j]);
  }
}

void ErrorGrowth::ReadState(std::span<const uint64_t> words) {
  s_ = std::bit_cast<double>(words[0]);
  for (size_t j = 0; j < difference_.size(); ++j) {
    difference_[j] = std::bit_cast<double>(words[j + 1]);
  }
}

}  // namespace steelyard::training
