#ifndef STEELYARD_SERVER_RUN_WATCH_H_
#define STEELYARD_SERVER_RUN_WATCH_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/engine_thread.h"
#include "server/names.h"
#include "server/reader_pool.h"
#include "server/watch_hub.h"
#include "steelyard/v1/run_service.pb.h"
#include "storage/reader.h"

namespace steelyard::server {

// What all watches of a server share.
struct WatchParts {
  ReaderPool* pool = nullptr;
  WatchHub* hub = nullptr;
  // EngineThread::GetLiveRun.
  std::function<void(storage::RunId, EngineThread::Reply<LiveRun>)> live;
  std::function<absl::Time()> clock;
  // Values in one response, and one sample at least.
  int64_t max_values = 5000;
  // Silence after which an empty response is sent, at the next WakeAll.
  absl::Duration heartbeat = absl::Seconds(5);
};

// WatchRun without gRPC: a cursor into the samples of one run that sends what
// is stored behind it and then sleeps until the run changes.  It holds one
// response and no queue, so a slow client costs nothing and misses nothing.
//
// At any time exactly one party may start the next step, and it alone touches
// the members: the sink (a response is on its way), the pool (we read), the
// engine (we ask for progress) or the hub (we wait).  Only Cancel may come at
// any time: it either takes the turn out of the hub, or leaves a note for the
// party that has it.
class RunWatch final : private WatchHub::Watcher {
 public:
  // Where the responses go.
  class Sink {
   public:
    virtual ~Sink() = default;
    // Ends with a call of OnWritten, also from within.  `response` stays as it
    // is until then.
    virtual void Write(const v1::WatchRunResponse& response) = 0;
    // The last call: the watch does nothing more, and may be destroyed.
    virtual void Finish(const absl::Status& status) = 0;
  };

  // `from_sample` >= 0.  All must outlive the watch.
  RunWatch(const WatchParts& parts, RunName name, int64_t from_sample,
           Sink* sink)
      : parts_(parts),
        name_(std::move(name)),
        next_(from_sample),
        sink_(sink) {}

  // Called once, first.
  void Start() { Advance(); }

  // `sent`: whether the client can still be reached.
  void OnWritten(bool sent);

  // The client has gone: Finish comes soon.  At most one call, from any thread.
  void Cancel();

 private:
  // The server wakes all: for a heartbeat, or because it stops.
  void OnChange() override { Wait(); }

  void Advance();
  void Read(storage::Reader& reader);
  absl::Status ReadStore(storage::Reader& reader);
  void AddProgress(const absl::StatusOr<LiveRun>& live);
  void Send();
  void Wait();

  const WatchParts& parts_;
  const RunName name_;
  int64_t next_;  // the ordinal of the next sample to send
  Sink* const sink_;
  std::atomic<bool> cancelled_ = false;

  int64_t seen_ = 0;  // the run's version before the last read
  v1::RunState sent_state_ = v1::RUN_STATE_UNSPECIFIED;
  v1::Progress sent_progress_;
  absl::Time sent_time_ = absl::InfinitePast();
  bool is_last_ = false;  // the response holds the ended run
  v1::WatchRunResponse response_;
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_RUN_WATCH_H_
