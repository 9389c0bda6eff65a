#ifndef STEELYARD_SERVER_WORKER_SESSION_QUEUE_H_
#define STEELYARD_SERVER_WORKER_SESSION_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "steelyard/v1/worker_service.pb.h"
#include "support/mutex.h"

namespace steelyard::worker {

// Time since some fixed moment, never going back.
absl::Duration MonotonicNow();

// What a session with the server, which knows gRPC, and the worker, which knows
// none, hand to each other; and the heartbeats, which go out whatever the
// worker is doing.  One for each session.  Thread-safe.
class SessionQueue {
 public:
  SessionQueue() = default;
  SessionQueue(const SessionQueue&) = delete;
  SessionQueue& operator=(const SessionQueue&) = delete;

  // ---- The worker's side.

  // What Receive gives when there is no message.
  enum class State {
    kOpen,
    kEnding,  // the worker is asked to end: say what is to be said, and Finish
    kClosed,  // the session is over: nothing can be said any more
  };

  // Queues a message.  It does not wait: the worker bounds what it sends by the
  // acknowledgements that it got.
  void Send(v1::SessionRequest message) ABSL_LOCKS_EXCLUDED(mu_);
  // Nothing more will be sent.
  void Finish() ABSL_LOCKS_EXCLUDED(mu_);

  // The next message, without waiting.
  std::optional<v1::SessionResponse> TryReceive() ABSL_LOCKS_EXCLUDED(mu_);
  // The next message; nothing once the state is not kOpen.
  std::optional<v1::SessionResponse> Receive() ABSL_LOCKS_EXCLUDED(mu_);
  State state() const ABSL_LOCKS_EXCLUDED(mu_);

  // What the heartbeats say from now on.
  void SetProgress(int64_t run_id, int64_t attempt, int64_t step)
      ABSL_LOCKS_EXCLUDED(mu_);
  // No run: the worker is idle.
  void ClearProgress() ABSL_LOCKS_EXCLUDED(mu_);
  // While idle, and while there is progress.  Default: 5 s and 0.25 s.
  void SetHeartbeatIntervals(absl::Duration idle, absl::Duration busy)
      ABSL_LOCKS_EXCLUDED(mu_);

  // ---- The session's side.

  // Hands a message to the worker; false when so many wait that the server
  // cannot be sane.
  bool Deliver(v1::SessionResponse message) ABSL_LOCKS_EXCLUDED(mu_);
  // What is to be sent next: waits for it, or until a heartbeat is due. Nothing
  // after Finish, once all is sent, and after Close.
  std::optional<v1::SessionRequest> Next() ABSL_LOCKS_EXCLUDED(mu_);
  // The connection is over.
  void Close() ABSL_LOCKS_EXCLUDED(mu_);

  // ---- Anyone's.

  // Asks the worker to end.
  void RequestEnd() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  static constexpr size_t kMaxIncoming = 10'000;

  struct StepAt {
    absl::Duration time;
    int64_t step;
  };

  State StateLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::optional<v1::SessionResponse> PopIncoming()
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Duration HeartbeatInterval() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return progress_.has_run_id ? busy_interval_ : idle_interval_;
  }
  v1::SessionRequest MakeHeartbeat(absl::Duration now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  mutable Mutex mu_;
  CondVar incoming_changed_;
  CondVar outgoing_changed_;
  std::deque<v1::SessionResponse> incoming_ ABSL_GUARDED_BY(mu_);
  std::deque<v1::SessionRequest> outgoing_ ABSL_GUARDED_BY(mu_);
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  bool ending_ ABSL_GUARDED_BY(mu_) = false;

  struct LastProgress {
    bool has_run_id = false;
    int64_t run_id = 0;
    int64_t attempt = 0;
    int64_t step = 0;
  };
  LastProgress progress_ ABSL_GUARDED_BY(mu_);
  // At the heartbeats of the last second or so, for the rate.
  std::deque<StepAt> steps_ ABSL_GUARDED_BY(mu_);
  absl::Duration last_heartbeat_ ABSL_GUARDED_BY(mu_) = MonotonicNow();
  absl::Duration idle_interval_ ABSL_GUARDED_BY(mu_) = absl::Seconds(5);
  absl::Duration busy_interval_ ABSL_GUARDED_BY(mu_) = absl::Milliseconds(250);
};

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_SESSION_QUEUE_H_
