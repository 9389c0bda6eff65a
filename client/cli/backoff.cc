#include "client/cli/backoff.h"

#include <algorithm>
#include <thread>

namespace steelyard::cli {

bool Backoff::Wait() {
  if (absl::Now() + pause_ >= end_) return false;
  std::this_thread::sleep_for(absl::ToChronoNanoseconds(pause_));
  pause_ = std::min(2 * pause_, absl::Seconds(5));
  return true;
}

}  // namespace steelyard::cli
