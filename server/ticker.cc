#include "server/ticker.h"

#include <utility>

#include "absl/time/clock.h"

namespace steelyard::server {

Ticker::Ticker(absl::Duration period, absl::AnyInvocable<void()> tick)
    : tick_(std::move(tick)), thread_([this, period] { Run(period); }) {}

Ticker::~Ticker() {
  {
    const MutexLock lock(mu_);
    stopping_ = true;
  }
  stopped_.NotifyAll();
  thread_.join();
}

void Ticker::Run(absl::Duration period) {
  while (true) {
    {
      const MutexLock lock(mu_);
      const absl::Time next = absl::Now() + period;
      while (!stopping_ && absl::Now() < next) {
        stopped_.WaitFor(mu_, next - absl::Now());
      }
      if (stopping_) return;
    }
    tick_();
  }
}

}  // namespace steelyard::server
