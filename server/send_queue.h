#ifndef STEELYARD_SERVER_SEND_QUEUE_H_
#define STEELYARD_SERVER_SEND_QUEUE_H_

#include <cstddef>
#include <deque>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "steelyard/v1/worker_service.pb.h"
#include "support/mutex.h"

namespace steelyard::server {

// What is sent on a stream that takes one operation at a time: at any moment
// exactly one party may start the next one, and each call says whether that is
// the caller.  Knows no gRPC.  Thread-safe.
class SendQueue {
 public:
  static constexpr size_t kMessagesLimit = 1'024;

  // What the caller is to do, outside of any lock.
  enum class Step {
    kNothing,
    kWrite,   // message(), then OnWritten
    kFinish,  // the stream with status(); nothing follows
  };

  // Takes a message; ResourceExhausted ends the stream when too many wait.
  Step Add(v1::SessionResponse message) ABSL_LOCKS_EXCLUDED(mu_);
  // The stream ends after the write that is under way; what waits is dropped.
  // The first call counts.
  Step Finish(absl::Status status) ABSL_LOCKS_EXCLUDED(mu_);
  Step OnWritten() ABSL_LOCKS_EXCLUDED(mu_);

  // Stays as it is until OnWritten.
  const v1::SessionResponse* message() const { return &writing_; }
  // After kFinish.
  absl::Status status() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  Step Next() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  v1::SessionResponse writing_;  // belongs to whoever has the operation
  Mutex mu_;
  std::deque<v1::SessionResponse> waiting_ ABSL_GUARDED_BY(mu_);
  bool busy_ ABSL_GUARDED_BY(mu_) = false;      // a write is under way
  bool finished_ ABSL_GUARDED_BY(mu_) = false;  // kFinish was given
  std::optional<absl::Status> status_ ABSL_GUARDED_BY(mu_);
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_SEND_QUEUE_H_
