#include "training/learning_rate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace steelyard::training {
namespace {

double StepFactor(const StepRate& falling, int64_t step) {
  double factor = 1;
  for (const int64_t at : falling.at) {
    if (step >= at) factor *= falling.factor;
  }
  return factor;
}

// part: of the run.
double CosineFactor(double part) {
  return (1 + std::cos(std::numbers::pi * part)) / 2;
}

double FactorAt(const LearningRate& rate, int64_t step, int64_t steps) {
  if (const auto* falling = std::get_if<StepRate>(&rate.schedule)) {
    return StepFactor(*falling, step);
  }
  if (std::holds_alternative<CosineRate>(rate.schedule)) {
    return CosineFactor(static_cast<double>(step) / static_cast<double>(steps));
  }
  if (const auto* power = std::get_if<PowerRate>(&rate.schedule)) {
    return std::pow(static_cast<double>(step + 1), -power->exponent);
  }
  return 1;
}

}  // namespace

double RateAt(const LearningRate& rate, int64_t step, int64_t steps) {
  double value = rate.initial * FactorAt(rate, step, steps);
  if (step < rate.warm_up_steps) {
    value *=
        static_cast<double>(step + 1) / static_cast<double>(rate.warm_up_steps);
  }
  return value;
}

double LogRateAt(const LearningRate& rate, const RealStep& at, int64_t piece,
                 int64_t steps) {
  double value = std::log(rate.initial);
  // ln(t + 1)
  const auto log_next = [&at] {
    return at.log_step + std::log1p((at.ahead + 1) * std::exp(-at.log_step));
  };
  if (const auto* falling = std::get_if<StepRate>(&rate.schedule)) {
    value += std::log(StepFactor(*falling, piece));
  } else if (std::holds_alternative<CosineRate>(rate.schedule)) {
    value += std::log(CosineFactor((std::exp(at.log_step) + at.ahead) /
                                   static_cast<double>(steps)));
  } else if (const auto* power = std::get_if<PowerRate>(&rate.schedule)) {
    value -= power->exponent * log_next();
  }
  if (piece < rate.warm_up_steps) {
    // A warm-up that lasts to the largest number has no break.
    value += std::min(
        0.0, log_next() - std::log(static_cast<double>(rate.warm_up_steps)));
  }
  return value;
}

int64_t NextBreakOf(const LearningRate& rate, int64_t step) {
  int64_t next = std::numeric_limits<int64_t>::max();
  if (step < rate.warm_up_steps) next = rate.warm_up_steps;
  if (const auto* falling = std::get_if<StepRate>(&rate.schedule)) {
    for (const int64_t at : falling->at) {
      if (at > step) next = std::min(next, at);
    }
  }
  return next;
}

}  // namespace steelyard::training
