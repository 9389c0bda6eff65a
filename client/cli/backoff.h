#ifndef STEELYARD_CLIENT_CLI_BACKOFF_H_
#define STEELYARD_CLIENT_CLI_BACKOFF_H_

#include "absl/time/time.h"
#include "client/cli/connection.h"

namespace steelyard::cli {

// The pauses between calls that are repeated, each twice as long as the last up
// to 5 s, until the time for repetitions is up.
class Backoff {
 public:
  explicit Backoff(const CallLimits& limits)
      : end_(absl::Now() + limits.retry), pause_(limits.first_backoff) {}

  // Waits before the next call.  False, at once, when there is to be none.
  bool Wait();

 private:
  absl::Time end_;
  absl::Duration pause_;
};

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_BACKOFF_H_
