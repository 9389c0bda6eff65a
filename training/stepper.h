#ifndef STEELYARD_TRAINING_STEPPER_H_
#define STEELYARD_TRAINING_STEPPER_H_

#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "training/trainer.h"

namespace steelyard::training {

// A place in a run.
struct StepTime {
  int64_t step = 0;  // steps taken; Trainer::kFarStep above 2^63 - 1
  double log_step = -std::numeric_limits<double>::infinity();  // natural

  static StepTime After(int64_t step) {
    return {.step = step, .log_step = std::log(static_cast<double>(step))};
  }
};

// "step 12", "step 10^20": for messages.
inline std::string NameOf(const StepTime& at) {
  return at.step < Trainer::kFarStep
             ? absl::StrCat("step ", at.step)
             : absl::StrCat("step 10^", at.log_step / std::numbers::ln10);
}

// A model in training: takes steps, is measured, and is written down.  When it
// does what, and how often, is the loop's (loop.h).
class Stepper {
 public:
  virtual ~Stepper() = default;

  // As Trainer's.
  virtual std::span<const std::string> metrics() const = 0;
  virtual std::span<const Absence> absent() const = 0;

  // Takes `count` >= 1 steps, the first of them after `step` steps; how a run
  // is cut into calls changes no bit.
  // Errors: OutOfRange, naming the step and the quantity that is not finite;
  // then no call may follow but those of metrics() and absent().
  virtual absl::Status Run(int64_t step, int64_t count) = 0;

  // Goes on, from wherever it stands, to a place above 2^63 - 1 steps; called
  // of problems alone that leap.  Errors: as Run.
  virtual absl::Status RunFar(double /*log_step*/) {
    return absl::UnimplementedError("the model takes real steps alone");
  }

  // The metrics at the place where it stands.  Errors: as Run.
  virtual absl::StatusOr<std::vector<MetricValue>> Measure(
      const StepTime& at) = 0;

  // As Trainer's.
  virtual int64_t parameters() const = 0;
  virtual void ReadParameters(int64_t first, std::span<double> to) const = 0;
  virtual int64_t outputs() const = 0;
  virtual void Predict(std::span<const double> features,
                       std::span<double> outputs) = 0;
  virtual std::vector<HeldRows> held_rows() const = 0;
  virtual void ReadRows(size_t set, int64_t first, std::span<double> features,
                        std::span<double> labels) const = 0;

  // Those of the step after `step`.
  virtual void ReadWeights(int64_t step, int64_t first,
                           std::span<double> to) const = 0;
  virtual std::vector<double> DualSolution() const = 0;
  virtual std::vector<double> SeparablePart() const = 0;

  // All that Run and Measure change, besides the step.
  virtual int64_t state_words() const = 0;
  virtual void WriteState(std::span<uint64_t> words) const = 0;
  // Takes up a state at that place.
  // Errors: DataLoss when a model never is in it; the stepper is unchanged.
  virtual absl::Status ReadState(const StepTime& at,
                                 std::span<const uint64_t> words) = 0;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_STEPPER_H_
