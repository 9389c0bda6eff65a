#ifndef STEELYARD_TRAINING_LEARNING_RATE_H_
#define STEELYARD_TRAINING_LEARNING_RATE_H_

#include <cstdint>
#include <variant>
#include <vector>

namespace steelyard::training {

// The learning rate after t steps: `initial` times the schedule's factor, times
// (t + 1) / warm_up_steps in the first of these.
struct ConstantRate {};
struct StepRate {
  std::vector<int64_t> at;  // ascending: from each of these steps on, times
  double factor = 0.1;      // this, finite, > 0
};
struct CosineRate {};     // (1 + cos(pi t / steps)) / 2
struct PowerRate {        // (t + 1)^-exponent
  double exponent = 0.5;  // finite, >= 0
};
using RateSchedule =
    std::variant<ConstantRate, StepRate, CosineRate, PowerRate>;
struct LearningRate {
  double initial = 0;  // finite, > 0
  int64_t warm_up_steps = 0;
  RateSchedule schedule = {};
};

// The learning rate of the step after `step` steps, of `steps` in all.
double RateAt(const LearningRate& rate, int64_t step, int64_t steps);

// e^log_step + ahead steps, which need be no whole number.
struct RealStep {
  double log_step = 0;
  int ahead = 0;
};

// ln of the rate of the step after `at`, by the formula that holds for the step
// after `piece` steps.
double LogRateAt(const LearningRate& rate, const RealStep& at, int64_t piece,
                 int64_t steps);
// The first step after `step` where another formula holds; INT64_MAX where none
// does.
int64_t NextBreakOf(const LearningRate& rate, int64_t step);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_LEARNING_RATE_H_
