#include "training/lbfgs.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "training/sum_tree.h"

namespace steelyard::training {
namespace {

constexpr double kFall = 1e-4;       // of what the first slope promises
constexpr double kSteepest = 0.9;    // of the first slope
constexpr double kRounding = 1e-13;  // of the value, that a sum may err by
constexpr int kMostHalvings = 100;
constexpr int64_t kAtMinimum = -1;  // in the place of a number of pairs

}  // namespace

Lbfgs::Lbfgs(int64_t parameters, int64_t memory)
    : parameters_(parameters),
      memory_(memory),
      pairs_(static_cast<size_t>(2 * memory * parameters), 0.0),
      gradient_(static_cast<size_t>(parameters), 0.0),
      direction_(gradient_),
      next_(gradient_),
      next_gradient_(gradient_),
      alpha_(static_cast<size_t>(memory), 0.0) {}

double Lbfgs::Dot(const double* a, const double* b) const {
  return SumOverRows(parameters_, [&](int64_t j) { return a[j] * b[j]; });
}

void Lbfgs::FindDirection() {
  const int64_t held = std::min(taken_, memory_);
  double* d = direction_.data();
  for (int64_t j = 0; j < parameters_; ++j) {
    d[j] = -gradient_[static_cast<size_t>(j)];
  }
  for (int64_t k = taken_ - 1; k >= taken_ - held; --k) {
    const int64_t i = k % memory_;
    const double a = Dot(s(i), d) / Dot(s(i), y(i));
    alpha_[static_cast<size_t>(i)] = a;
    for (int64_t j = 0; j < parameters_; ++j) d[j] -= a * y(i)[j];
  }
  if (held > 0) {
    const int64_t i = (taken_ - 1) % memory_;
    const double scale = Dot(s(i), y(i)) / Dot(y(i), y(i));
    for (int64_t j = 0; j < parameters_; ++j) d[j] *= scale;
  }
  for (int64_t k = taken_ - held; k < taken_; ++k) {
    const int64_t i = k % memory_;
    const double b =
        alpha_[static_cast<size_t>(i)] - Dot(y(i), d) / Dot(s(i), y(i));
    for (int64_t j = 0; j < parameters_; ++j) d[j] += b * s(i)[j];
  }
}

Lbfgs::Place Lbfgs::At(const Function& function, const double* theta,
                       double length) {
  for (size_t j = 0; j < next_.size(); ++j) {
    next_[j] = theta[j] + length * direction_[j];
  }
  next_value_ = function(next_.data(), next_gradient_.data());
  return {.length = length,
          .value = next_value_,
          .slope = Dot(next_gradient_.data(), direction_.data())};
}

bool Lbfgs::IsOnePoint(const double* theta, double width) const {
  constexpr double kUnit = std::numeric_limits<double>::epsilon();
  for (size_t j = 0; j < direction_.size(); ++j) {
    if (width * std::fabs(direction_[j]) > kUnit * std::fabs(theta[j])) {
      return false;
    }
  }
  return true;
}

bool Lbfgs::Search(const Function& function, const double* theta, Place start) {
  double low = 0;
  double high = std::numeric_limits<double>::infinity();
  double length = start.length;
  for (int halving = 0; halving < kMostHalvings; ++halving) {
    const Place at = At(function, theta, length);
    const double noise = kRounding * std::fabs(start.value);
    const bool fell = at.value < start.value - noise &&
                      at.value <= start.value + kFall * length * start.slope;
    const bool flat = at.value <= start.value + noise &&
                      at.slope <= (2 * kFall - 1) * start.slope;
    if (!std::isfinite(at.value) || !std::isfinite(at.slope) ||
        !(fell || flat)) {
      high = length;
    } else if (at.slope < kSteepest * start.slope) {
      low = length;
    } else {
      return true;
    }
    length = std::isinf(high) ? 2 * length : (low + high) / 2;
    if (length == low || length == high || IsOnePoint(theta, high - low)) {
      return false;
    }
  }
  return false;
}

bool Lbfgs::SearchGradient(const Function& function, const double* theta) {
  // Bisection finds a step even where the function has kinks (Lewis & Overton,
  // Mathematical Programming 141, 2013).  Where it fails so soon after the last
  // time there is only rounding left, among which a step may be found by luck,
  // over and over.
  if (taken_ <= 1) return false;
  const int64_t last = (taken_ - 1) % memory_;
  const double scale = Dot(s(last), y(last)) / Dot(y(last), y(last));
  taken_ = 0;
  FindDirection();
  const double slope = Dot(gradient_.data(), direction_.data());
  return slope < 0 &&
         Search(function, theta,
                {.length = scale, .value = value_, .slope = slope});
}

void Lbfgs::Remember(const double* theta) {
  const int64_t i = taken_ % memory_;
  for (int64_t j = 0; j < parameters_; ++j) {
    const auto at = static_cast<size_t>(j);
    s(i)[j] = next_[at] - theta[j];
    y(i)[j] = next_gradient_[at] - gradient_[at];
  }
  // Of a convex function it is above 0; rounding and other functions may
  // differ.
  if (Dot(s(i), y(i)) > 0) {
    ++taken_;
  } else {
    std::fill_n(s(i), 2 * parameters_, 0.0);
    taken_ = 0;
  }
}

void Lbfgs::Step(const Function& function, double* theta) {
  if (taken_ == kAtMinimum) return;
  if (!known_) {
    value_ = function(theta, gradient_.data());
    known_ = true;
  }
  FindDirection();
  Place start = {.length = 1,
                 .value = value_,
                 .slope = Dot(gradient_.data(), direction_.data())};
  if (!(start.slope < 0)) {
    if (taken_ == 0) {  // the gradient is 0, or not finite
      taken_ = kAtMinimum;
      return;
    }
    taken_ = 0;  // the pairs are of no use: by the gradient again
    FindDirection();
    start.slope = Dot(gradient_.data(), direction_.data());
    if (!(start.slope < 0)) return;
  }
  if (taken_ == 0) start.length = 1 / std::sqrt(-start.slope);
  if (!Search(function, theta, start) && !SearchGradient(function, theta)) {
    taken_ = kAtMinimum;
    return;
  }
  Remember(theta);
  std::copy(next_.begin(), next_.end(), theta);
  gradient_.swap(next_gradient_);
  value_ = next_value_;
}

void Lbfgs::WriteState(std::span<uint64_t> words) const {
  words[0] = static_cast<uint64_t>(taken_ + 1);
  for (size_t j = 0; j < pairs_.size(); ++j) {
    words[1 + j] = std::bit_cast<uint64_t>(pairs_[j]);
  }
}

bool Lbfgs::ReadState(std::span<const uint64_t> words) {
  constexpr uint64_t kMost = uint64_t{1} << 62;
  if (words[0] > kMost) return false;
  taken_ = static_cast<int64_t>(words[0]) - 1;
  for (size_t j = 0; j < pairs_.size(); ++j) {
    pairs_[j] = std::bit_cast<double>(words[1 + j]);
  }
  known_ = false;
  return true;
}

}  // namespace steelyard::training
