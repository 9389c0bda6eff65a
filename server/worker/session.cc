#include "server/worker/session.h"

#include <optional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/grpcpp.h"
#include "steelyard/v1/worker_service.grpc.pb.h"
#include "steelyard/v1/worker_service.pb.h"
#include "support/mutex.h"

namespace steelyard::worker {
namespace {

using Stream =
    grpc::ClientReaderWriter<v1::SessionRequest, v1::SessionResponse>;

// Moves what the server says to the queue, on a thread of its own.
class Reading {
 public:
  Reading(Stream& stream, grpc::ClientContext& context, SessionQueue& queue)
      : stream_(stream),
        context_(context),
        queue_(queue),
        thread_([this] { Run(); }) {}
  ~Reading() { thread_.join(); }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  // Waits until the server has ended the stream; true if it did within `limit`.
  bool WaitForEnd(absl::Duration limit) ABSL_LOCKS_EXCLUDED(mu_) {
    const absl::Duration until = MonotonicNow() + limit;
    MutexLock lock(mu_);
    while (!ended_ && MonotonicNow() < until) {
      changed_.WaitFor(mu_, until - MonotonicNow());
    }
    return ended_;
  }

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mu_) {
    v1::SessionResponse message;
    while (stream_.Read(&message)) {
      if (!queue_.Deliver(std::exchange(message, v1::SessionResponse()))) {
        context_.TryCancel();
      }
    }
    queue_.Close();
    MutexLock lock(mu_);
    ended_ = true;
    changed_.NotifyAll();
  }

  Stream& stream_;
  grpc::ClientContext& context_;
  SessionQueue& queue_;
  Mutex mu_;
  CondVar changed_;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // last: starts when all else is ready
};

}  // namespace

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& server) {
  grpc::ChannelArguments arguments;
  // A lease holds a spec, its data and a checkpoint: more than one message of a
  // client may.
  constexpr int kMaxLeaseBytes = 128 << 20;
  arguments.SetMaxReceiveMessageSize(kMaxLeaseBytes);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  return grpc::CreateCustomChannel(server, grpc::InsecureChannelCredentials(),
                                   arguments);
}

absl::Status RunSession(const std::shared_ptr<grpc::Channel>& channel,
                        const std::string& token, absl::Duration grace,
                        SessionQueue& queue) {
  const std::unique_ptr<v1::WorkerService::Stub> stub =
      v1::WorkerService::NewStub(channel);
  grpc::ClientContext context;
  context.AddMetadata("authorization", absl::StrCat("Bearer ", token));
  const std::unique_ptr<Stream> stream = stub->Session(&context);
  {
    Reading reading(*stream, context, queue);
    while (std::optional<v1::SessionRequest> message = queue.Next()) {
      if (!stream->Write(*message)) break;
    }
    stream->WritesDone();
    if (!reading.WaitForEnd(grace)) context.TryCancel();
  }
  const grpc::Status status = stream->Finish();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      status.error_message());
}

}  // namespace steelyard::worker
