#ifndef STEELYARD_TRAINING_PENALTY_H_
#define STEELYARD_TRAINING_PENALTY_H_

#include <cmath>
#include <cstdint>

#include "training/objective.h"
#include "training/sum_tree.h"

// Penalties of parameters, [count], in double whatever the precision.
namespace steelyard::training {

// ||theta||
template <typename Real>
double NormOf(int64_t count, const Real* theta) {
  return std::sqrt(SumOverRows(
      count, [&](int64_t j) { return double{theta[j]} * double{theta[j]}; }));
}

// strength times the penalty; norm: ||theta||.
template <typename Real>
double PenaltyAt(const Penalty& penalty, double norm, int64_t count,
                 const Real* theta) {
  if (penalty.kind == Penalty::kSquare) return penalty.strength * norm * norm;
  if (penalty.kind == Penalty::kPower) {
    return penalty.strength * std::pow(norm, penalty.exponent);
  }
  return penalty.strength * SumOverRows(count, [&](int64_t j) {
           return std::fabs(double{theta[j]});
         });
}

// Where its gradient is a multiple of theta, the multiple: 2 strength, or
// strength r ||theta||^(r - 2), 0 at theta = 0.  Of kAbsolute 0.
template <typename Real>
double ShrinkOf(const Penalty& penalty, int64_t count, const Real* theta) {
  if (penalty.kind == Penalty::kAbsolute) return 0;
  if (penalty.kind == Penalty::kSquare) return 2 * penalty.strength;
  const double norm = NormOf(count, theta);
  if (!(norm > 0)) return 0;
  return penalty.strength * penalty.exponent *
         std::pow(norm, penalty.exponent - 2);
}

// Adds its gradient.
template <typename Real>
void AddPenalty(const Penalty& penalty, int64_t count, const Real* theta,
                Real* gradient) {
  if (penalty.kind == Penalty::kAbsolute) {
    const auto strength = static_cast<Real>(penalty.strength);
    for (int64_t j = 0; j < count; ++j) {
      if (theta[j] != 0) gradient[j] += std::copysign(strength, theta[j]);
    }
    return;
  }
  const auto shrink = static_cast<Real>(ShrinkOf(penalty, count, theta));
  for (int64_t j = 0; j < count; ++j) gradient[j] += shrink * theta[j];
}

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_PENALTY_H_
