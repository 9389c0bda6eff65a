#ifndef STEELYARD_TRAINING_SCHEDULE_H_
#define STEELYARD_TRAINING_SCHEDULE_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

// At which steps a run is evaluated.
namespace steelyard::training {

// Steps 10^(k/p) rounded half up, k = 0, 1, ..., each once.
struct LogSchedule {
  int points_per_decade = 10;  // p, 1-100
};

// Steps N, 2N, 3N, ...
struct EverySchedule {
  int64_t steps = 1;  // N >= 1
};

// The steps named.
struct AtSchedule {
  // At least one, each from 0 to the run's last; any order, repetition allowed.
  std::vector<int64_t> steps;
};

// Step 0 and the last are always evaluated as well.
using Schedule = std::variant<LogSchedule, EverySchedule, AtSchedule>;

// Ends a run before its last step: at the evaluation with which `patience` of
// them in a row have not brought `metric` below its least value until then by
// more than `min_delta`.  One at which the metric is not defined does not
// count.
struct EarlyStopping {
  std::string metric;    // of the problem; the less the better
  int64_t patience = 0;  // >= 1
  double min_delta = 0;  // finite, >= 0
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_SCHEDULE_H_
