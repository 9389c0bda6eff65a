#ifndef STEELYARD_TRAINING_SCHEDULE_STEPS_H_
#define STEELYARD_TRAINING_SCHEDULE_STEPS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "training/schedule.h"

namespace steelyard::training {

// 10^(k/p) rounded half up, exactly, where that is below 2^63; k >= 0, 1 <= p
// <= 100.
int64_t RoundedPowerOfTen(int k, int p);

// Errors: InvalidArgument, naming the field; `last_step` >= 1 is the run's
// last.
absl::Status CheckSchedule(const Schedule& schedule, int64_t last_step);

// The steps of a run at which it is evaluated.
class ScheduleSteps {
 public:
  // `schedule` has passed CheckSchedule.  log10_last:
  // LinearProblem::log10_steps.
  ScheduleSteps(const Schedule& schedule, int64_t last_step,
                double log10_last = 0);

  // The first evaluated step after `step`, which is from -1 (so that step 0 is
  // first) to last_step - 1.  With log10_last: last_step where only places of
  // far() are left.
  int64_t After(int64_t step) const;

  // The evaluated places above 2^63 - 1 steps: their decimal logarithms,
  // ascending.
  std::span<const double> far() const { return far_; }

  // How many steps up to `step`, this included, are evaluated.
  int64_t CountUpTo(int64_t step) const;

 private:
  int64_t last_step_ = 0;
  int64_t stride_ = 0;          // > 0: the steps stride, 2 stride, ...
  std::vector<int64_t> steps_;  // else these, ascending, 0 and last included
  std::vector<double> far_;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_SCHEDULE_STEPS_H_
