#ifndef STEELYARD_SERVER_READER_POOL_H_
#define STEELYARD_SERVER_READER_POOL_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/reader.h"
#include "support/mutex.h"

namespace steelyard::server {

// Threads of the server's own, each with a connection to the store, that do
// what gRPC's threads must not: read, parse, write files.
//
// Two queues, served in turns: one for new calls, which has a limit and
// refuses, and one for the further steps of calls and streams that were
// admitted, each of which has at most one piece of work here at a time; so it
// is as long as they are many.  Thread-safe.
class ReaderPool {
 public:
  using Work = absl::AnyInvocable<void(storage::Reader&)>;

  struct Options {
    std::string data_dir;
    int threads = 4;
    size_t max_waiting_calls = 1000;
    absl::Duration query_limit = absl::Seconds(2);
  };

  static absl::StatusOr<std::unique_ptr<ReaderPool>> Start(
      const Options& options);
  // Does what was accepted, and what that posts, then ends the threads.
  ~ReaderPool();
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;

  // A new call's first step.
  // Errors: ResourceExhausted when `max_waiting_calls` wait already.
  absl::Status Post(Work work) ABSL_LOCKS_EXCLUDED(mu_);

  // A further step of a call or a stream that was admitted.
  void PostAdmitted(Work work) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  explicit ReaderPool(size_t max_waiting_calls)
      : max_waiting_calls_(max_waiting_calls) {}

  void Run(storage::Reader& reader) ABSL_LOCKS_EXCLUDED(mu_);
  Work Next() ABSL_LOCKS_EXCLUDED(mu_);

  const size_t max_waiting_calls_;
  Mutex mu_;
  CondVar changed_;
  std::deque<Work> calls_ ABSL_GUARDED_BY(mu_);
  std::deque<Work> admitted_ ABSL_GUARDED_BY(mu_);
  bool call_is_next_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::unique_ptr<storage::Reader>> readers_;  // one a thread
  std::vector<std::thread> threads_;  // last: they use all of the above
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_READER_POOL_H_
