#ifndef STEELYARD_TRAINING_LEAPS_H_
#define STEELYARD_TRAINING_LEAPS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "training/far_field.h"
#include "training/far_time.h"
#include "training/metric_table.h"

namespace steelyard::training {

// A run that leaps: real steps until the flow that they follow is smooth, leaps
// along it, and real steps again where it is not.  Its metrics:
//   leap/error_estimate      what theta may be off, in units (far_time.h)
//   leap/evaluations         of the flow's field
//   leap/real_steps          steps that were taken one by one
//   leap/settled_dimensions  of how many dimensions the part of theta is that
//                            has come to its limit: all at a fixed point
class Leaps {
 public:
  // Takes `count` real steps after `step`: the run's own, until the first leap.
  using RealSteps = std::function<absl::Status(int64_t step, int64_t count)>;

  // steps: of the run.
  Leaps(std::unique_ptr<FarField> field, double tolerance, int64_t steps);

  // As Stepper's: Run takes theta, [d], from `step` steps on `count` further,
  // RunFar from wherever it stands.
  absl::Status Run(int64_t step, int64_t count, std::span<double> theta,
                   const RealSteps& take);
  absl::Status RunFar(double log_step, std::span<double> theta);

  // Returns the number of the first of the metrics, which follow each other.
  static uint32_t AddMetrics(MetricTable& table);
  void Measure(uint32_t first, std::vector<MetricValue>& values) const;

  int64_t state_words() const { return kOwnWords + far_.state_words(); }
  void WriteState(std::span<uint64_t> words) const;
  // Errors: DataLoss where no run is ever in this state; nothing has changed.
  absl::Status ReadState(std::span<const uint64_t> words);

 private:
  absl::Status TakeUp(std::span<const uint64_t> words);
  static constexpr int64_t kOwnWords = 6;

  // Takes up the formulas of the step after `step`.
  void BeginPiece(int64_t step);
  // Ends the leap, which `failure` has stopped, and says where real steps go on
  // from; or that the run can't go on.
  absl::Status Leave(absl::Status failure, std::span<double> theta,
                     int64_t* step);
  // After `step` steps a leap could not be started there.
  void Wait(int64_t step);

  FarTime far_;
  const int64_t steps_;
  int64_t real_steps_ = 0;
  int64_t try_at_;     // no leap is tried before so many steps
  int64_t wait_ = 0;   // how many steps the last wait was, after a break
  int64_t began_ = 0;  // where the last leap was tried
  int64_t piece_ = 0;  // where the formulas that hold began
  int64_t break_;      // where others do
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_LEAPS_H_
