#include "training/learning_rate.h"

#include <cmath>
#include <numbers>

namespace steelyard::training {
namespace {

double FactorAt(const LearningRate& rate, int64_t step, int64_t steps) {
  if (const auto* falling = std::get_if<StepRate>(&rate.schedule)) {
    double factor = 1;
    for (const int64_t at : falling->at) {
      if (step >= at) factor *= falling->factor;
    }
    return factor;
  }
  if (std::holds_alternative<CosineRate>(rate.schedule)) {
    const double part = static_cast<double>(step) / static_cast<double>(steps);
    return (1 + std::cos(std::numbers::pi * part)) / 2;
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

}  // namespace steelyard::training
