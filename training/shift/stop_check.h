#ifndef STEELYARD_TRAINING_SHIFT_STOP_CHECK_H_
#define STEELYARD_TRAINING_SHIFT_STOP_CHECK_H_

#include <cstdint>
#include <functional>
#include <utility>

#include "absl/status/status.h"

namespace steelyard::training {

// Whether to give up what takes long; runs on the thread that is at it.
using StopCondition = std::function<bool()>;

// Asks a condition after every 10^7 operations or so, which take some
// milliseconds, and no more once it has said yes.  It changes no bit of what is
// not given up.  Functions that take one give up when it says so, with the
// error Cancelled, or, where they return no status, with what they have: then
// the caller looks at `status`.
class StopCheck {
 public:
  // Empty: never.
  explicit StopCheck(StopCondition condition = nullptr)
      : condition_(std::move(condition)) {}
  StopCheck(const StopCheck&) = delete;
  StopCheck& operator=(const StopCheck&) = delete;

  // Whether to give up before so many operations.
  bool Stop(int64_t operations) {
    constexpr int64_t kBetween = 10'000'000;
    operations_ += operations;
    if (stopped_ || condition_ == nullptr || operations_ < kBetween) {
      return stopped_;
    }
    operations_ = 0;
    stopped_ = condition_();
    return stopped_;
  }

  // Cancelled once the condition has said yes.
  absl::Status status() const {
    return stopped_ ? absl::CancelledError("given up when asked to")
                    : absl::OkStatus();
  }

 private:
  const StopCondition condition_;
  int64_t operations_ = 0;  // since it was asked
  bool stopped_ = false;
};

// The same of one that may be null.
inline bool Stopped(StopCheck* stop, int64_t operations) {
  return stop != nullptr && stop->Stop(operations);
}
inline absl::Status StatusOf(const StopCheck* stop) {
  return stop != nullptr ? stop->status() : absl::OkStatus();
}

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_SHIFT_STOP_CHECK_H_
