#ifndef STEELYARD_CLIENT_CLI_WATCH_CALL_H_
#define STEELYARD_CLIENT_CLI_WATCH_CALL_H_

#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <deque>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "client/cli/connection.h"
#include "steelyard/v1/run_service.grpc.pb.h"
#include "support/mutex.h"

namespace steelyard::cli {

// What a stream tells the one who follows it.
struct WatchEvent {
  enum class Kind { kMessage, kEnd };
  size_t run = 0;
  Kind kind = Kind::kEnd;
  grpc::Status status{};  // of kEnd
};

// Events of all streams, in the order in which they came.  Holds at most two a
// stream.  Thread-safe.
class WatchEvents {
 public:
  void Push(WatchEvent event) ABSL_LOCKS_EXCLUDED(mu_);

  // The oldest event; waits for one until `timeout`.
  std::optional<WatchEvent> Take(absl::Duration timeout)
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  Mutex mu_;
  CondVar filled_;
  std::deque<WatchEvent> events_ ABSL_GUARDED_BY(mu_);
};

// One WatchRun stream.  The next message is read only when the last one was
// dealt with, so that a slow reader holds one message, not a queue of them.
//
// One thread uses it, beside gRPC's own.  It must live until its kEnd was taken
// from the events.
class WatchCall final : public grpc::ClientReadReactor<v1::WatchRunResponse> {
 public:
  // Starts the stream and asks for the first message.
  WatchCall(Connection& connection, const v1::WatchRunRequest& request,
            size_t run, WatchEvents& events);
  WatchCall(const WatchCall&) = delete;
  WatchCall& operator=(const WatchCall&) = delete;

  // After a kMessage, until Next.
  v1::WatchRunResponse& message() { return message_; }
  // After a kMessage: asks for the next one.
  void Next() { StartRead(&message_); }
  // kEnd comes soon.
  void Cancel() { context_.TryCancel(); }

  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  const size_t run_;
  WatchEvents& events_;
  grpc::ClientContext context_;
  v1::WatchRunRequest request_;
  v1::WatchRunResponse message_;
};

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_WATCH_CALL_H_
