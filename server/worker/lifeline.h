#ifndef STEELYARD_SERVER_WORKER_LIFELINE_H_
#define STEELYARD_SERVER_WORKER_LIFELINE_H_

#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/worker/session_queue.h"
#include "support/mutex.h"

namespace steelyard::worker {

// Ends the worker with those it serves, on a thread of its own:
//   - when the lifeline, a pipe whose other end the server holds, closes, the
//     process ends at once: nobody is left to tell anything;
//   - SIGTERM asks the worker to end, and ends the process when it has not done
//     so within the limit.  SIGINT does the same without a lifeline; with
//     one it is ignored: the server, which got it too, decides.
class Lifeline {
 public:
  // Keeps both signals from all threads that are started later: call it first.
  static void BlockSignals();

  // `fd` < 0: none.
  Lifeline(int fd, absl::Duration end_limit);
  ~Lifeline();
  Lifeline(const Lifeline&) = delete;
  Lifeline& operator=(const Lifeline&) = delete;

  // Whose session is to be told; null when there is none.
  void SetSession(SessionQueue* queue) ABSL_LOCKS_EXCLUDED(mu_);
  bool ending() const ABSL_LOCKS_EXCLUDED(mu_);
  // Returns after `limit`, or when the worker is asked to end.
  void Wait(absl::Duration limit) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  void RequestEnd() ABSL_LOCKS_EXCLUDED(mu_);

  const int fd_;
  const absl::Duration end_limit_;
  int signals_ = -1;    // signalfd
  int stop_read_ = -1;  // pipe: ends the thread
  int stop_write_ = -1;
  mutable Mutex mu_;
  CondVar changed_;
  SessionQueue* queue_ ABSL_GUARDED_BY(mu_) = nullptr;
  bool ending_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // last: starts when all else is ready
};

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_LIFELINE_H_
