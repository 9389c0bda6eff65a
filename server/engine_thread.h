#ifndef STEELYARD_SERVER_ENGINE_THREAD_H_
#define STEELYARD_SERVER_ENGINE_THREAD_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/engine_options.h"
#include "server/engine_types.h"
#include "server/executor.h"
#include "server/watch_hub.h"
#include "steelyard/v1/admin_service.pb.h"
#include "steelyard/v1/worker_service.pb.h"
#include "storage/change.h"
#include "storage/file_store.h"
#include "storage/reader.h"
#include "storage/types.h"
#include "storage/writer.h"

namespace steelyard::server {

// The engine on its thread, and the writer on its own: the server's one door to
// every change.  Thread-safe; no call blocks.  A reply runs on a thread of the
// server's after the change is on disk, and must not block.
class EngineThread {
 public:
  template <typename T>
  using Reply = server::Reply<T>;
  using CancelRequest = server::CancelRequest;
  using SessionId = server::SessionId;

  virtual ~EngineThread() = default;

  // Every call that replies: ResourceExhausted when too many calls wait for
  // their answer already, by number or by bytes; Unavailable when the engine
  // ends.

  // Queues a run; `run.run` and `run.create_time` are ignored, the engine gives
  // them.  With a request id that is kept, replies with the first run, or
  // AlreadyExists when its submitted spec differs.
  // Errors: those of storage::AddRun; NotFound when a dataset is unknown,
  // InvalidArgument when it is REJECTED; ResourceExhausted when the queue is
  // full; Unavailable while draining.
  virtual void SubmitRun(storage::AddRun run, Reply<storage::RunId> reply) = 0;

  // Errors: NotFound; PermissionDenied unless `user` submitted it or
  // `may_cancel_all`; FailedPrecondition when it SUCCEEDED or FAILED.
  virtual void CancelRun(CancelRequest request,
                         Reply<storage::RunId> reply) = 0;

  // The file is in the FileStore already.  Errors: those of
  // storage::AddDataset.
  virtual void AddDataset(storage::AddDataset dataset,
                          Reply<storage::Sha256> reply) = 0;

  virtual void GetLiveRun(storage::RunId run, Reply<LiveRun> reply) = 0;
  // Of many runs by one call: in the order of `runs`, and empty for those that
  // no worker has or that nothing was heard of.
  virtual void GetProgress(std::vector<storage::RunId> runs,
                           Reply<std::vector<v1::Progress>> reply) = 0;
  virtual void GetStatus(Reply<EngineStatus> reply) = 0;
  virtual void ListWorkers(Reply<std::vector<v1::Worker>> reply) = 0;

  // Stops leasing, asks every worker for a checkpoint, and replies when all
  // have stopped (true) or `limit` has passed (false).  For good: only a new
  // server leases again.
  virtual void Drain(absl::Duration limit, Reply<bool> reply) = 0;

  // A worker's session, opened by WorkerService with a checked hello.  `send`
  // and `end` run on the engine's thread, may do so even shortly after
  // Disconnect, and must not block.  The session is over after `end` or
  // Disconnect; what comes later is ignored.
  virtual SessionId Connect(v1::WorkerHello hello,
                            absl::AnyInvocable<void(v1::SessionResponse)> send,
                            absl::AnyInvocable<void(absl::Status)> end) = 0;
  virtual void Receive(SessionId session, v1::SessionRequest message) = 0;
  virtual void Disconnect(SessionId session) = 0;
};

// What the engine works with.  Writer and reader are its own (the reader
// without a limit on its queries: at the start it reads every run that has not
// ended); the others must outlive it.
struct EngineParts {
  std::unique_ptr<storage::Writer> writer;
  std::unique_ptr<storage::Reader> reader;
  const storage::FileStore* files = nullptr;
  WatchHub* hub = nullptr;
  Executor* executor = nullptr;
  std::function<absl::Time()> clock;  // default: absl::Now
  // After a failed sync, on the writer's thread: nothing more may be answered.
  // Default: says why on stderr and ends the process with _exit(70).
  std::function<void(const absl::Status&)> fatal;
};

// Starts both threads with what the store holds: runs that a worker had go back
// to the queue.  The destructor answers what was accepted, and ends them.
// Errors: those of storage::Reader.
absl::StatusOr<std::unique_ptr<EngineThread>> StartEngineThread(
    EngineParts parts, const EngineOptions& options = {});

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_ENGINE_THREAD_H_
