#ifndef STEELYARD_SERVER_TICKER_H_
#define STEELYARD_SERVER_TICKER_H_

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "support/mutex.h"

namespace steelyard::server {

// Calls a function again and again, on a thread of its own.
class Ticker {
 public:
  Ticker(absl::Duration period, absl::AnyInvocable<void()> tick);
  ~Ticker();  // after the call that is under way
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

 private:
  void Run(absl::Duration period) ABSL_LOCKS_EXCLUDED(mu_);

  absl::AnyInvocable<void()> tick_;  // called by the thread alone
  Mutex mu_;
  CondVar stopped_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_TICKER_H_
