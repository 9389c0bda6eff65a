#include "server/worker_service.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>

#include <atomic>
#include <chrono>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/log.h"
#include "server/names.h"
#include "server/send_queue.h"
#include "server/to_grpc.h"
#include "server/unix_listener.h"
#include "support/status_macros.h"
#include "support/version.h"

namespace steelyard::server {
namespace {

// A message of 16 MiB of state, and what is around it.
constexpr int kMessageBytes = 20 << 20;
constexpr size_t kHostBytes = 255;

using Reactor =
    grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse>;

class RefusedSession final : public Reactor {
 public:
  explicit RefusedSession(const absl::Status& status) {
    Finish(ToGrpc(status));
  }
  void OnDone() override { delete this; }
};

// One worker's stream.  Lives until gRPC is done with it and the engine has let
// go of the functions that send to it.
class SessionReactor final
    : public Reactor,
      public std::enable_shared_from_this<SessionReactor> {
 public:
  explicit SessionReactor(EngineThread& engine) : engine_(engine) {}

  void Begin() {
    self_ = shared_from_this();
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override {
    Leave(absl::CancelledError("the worker is gone"));
  }
  void OnDone() override;

 private:
  void Connect();
  // Before the end of the stream, whoever brings it about.
  void Leave(const absl::Status& status);
  void Do(SendQueue::Step step);

  EngineThread& engine_;
  v1::SessionRequest request_;  // belongs to the read that is under way
  std::string worker_;          // set by the first message
  std::atomic<SessionId> session_ = 0;
  SendQueue queue_;
  std::shared_ptr<SessionReactor> self_;  // until OnDone
};

void SessionReactor::OnReadDone(bool ok) {
  if (!ok) return Leave(absl::OkStatus());
  if (worker_.empty()) {
    if (absl::Status bad = CheckHello(request_); !bad.ok()) {
      return Leave(bad);
    }
    Connect();
  } else {
    engine_.Receive(session_, std::move(request_));
  }
  request_.Clear();
  StartRead(&request_);
}

void SessionReactor::Connect() {
  worker_ = request_.hello().worker();
  Log(Severity::kInfo, "worker_connected",
      {{"worker", worker_},
       {"host", request_.hello().host()},
       {"pid", request_.hello().pid()},
       {"numerics_id", request_.hello().numerics_id()}});
  session_ = engine_.Connect(
      std::move(*request_.mutable_hello()),
      [self = shared_from_this()](v1::SessionResponse message) {
        self->Do(self->queue_.Add(std::move(message)));
      },
      [self = shared_from_this()](const absl::Status& why) {
        self->Do(self->queue_.Finish(why));
      });
}

void SessionReactor::OnWriteDone(bool /*ok*/) {
  // After a failed one the read fails too, and ends the stream.
  Do(queue_.OnWritten());
}

void SessionReactor::Leave(const absl::Status& status) {
  const SessionId session = session_.exchange(0);
  if (session != 0) engine_.Disconnect(session);
  Do(queue_.Finish(status));
}

void SessionReactor::Do(SendQueue::Step step) {
  switch (step) {
    case SendQueue::Step::kNothing:
      return;
    case SendQueue::Step::kWrite:
      return StartWrite(queue_.message());
    case SendQueue::Step::kFinish:
      return Finish(ToGrpc(queue_.status()));
  }
}

void SessionReactor::OnDone() {
  // A cancellation may have come before the session had its number.
  const SessionId session = session_.exchange(0);
  if (session != 0) engine_.Disconnect(session);
  if (!worker_.empty()) {
    Log(Severity::kInfo, "worker_disconnected",
        {{"worker", worker_}, {"why", queue_.status().ToString()}});
  }
  self_.reset();
}

class WorkerServerImpl final : public WorkerServer {
 public:
  WorkerServerImpl(const Options& options, EngineThread* engine)
      : service_(engine, options.token) {}
  ~WorkerServerImpl() override {
    if (server_ != nullptr) Shutdown();
  }

  absl::Status Begin(const std::string& socket_path) {
    STEELYARD_ASSIGN_OR_RETURN(listener_, UnixListener::Bind(socket_path));
    grpc::EnableDefaultHealthCheckService(false);
    grpc::ServerBuilder builder;
    builder.SetMaxReceiveMessageSize(kMessageBytes);
    builder.SetMaxSendMessageSize(kMessageBytes);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) {
      return absl::InternalError("worker.sock: gRPC could not start");
    }
    listener_->Start([this](int fd, uid_t /*uid*/) {
      grpc::AddInsecureChannelFromFd(server_.get(), fd);
    });
    return absl::OkStatus();
  }

  void Shutdown() override {
    listener_.reset();
    // Sessions end at their worker's will only: so they are cancelled.
    server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
  }

 private:
  WorkerServiceImpl service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<UnixListener> listener_;
};

}  // namespace

grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse>*
WorkerServiceImpl::Session(grpc::CallbackServerContext* context) {
  if (absl::Status bad = Authenticate(*context); !bad.ok()) {
    Log(Severity::kWarning, "worker_refused", {{"why", bad.message()}});
    // gRPC's callback interface wants reactors that delete themselves: this
    // `new` has its `delete` in OnDone.
    return new RefusedSession(bad);
  }
  auto reactor = std::make_shared<SessionReactor>(engine_);
  reactor->Begin();
  return reactor.get();
}

absl::Status WorkerServiceImpl::Authenticate(
    const grpc::CallbackServerContext& context) const {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("authorization");
  if (found == metadata.end()) {
    return absl::UnauthenticatedError(
        "authorization: want \"Bearer TOKEN\" with the workers' token, got "
        "nothing");
  }
  absl::string_view token(found->second.data(), found->second.size());
  if (!absl::ConsumePrefix(&token, "Bearer ") || !Matches(token_, token)) {
    return absl::UnauthenticatedError(
        "authorization: want \"Bearer TOKEN\" with the workers' token, got "
        "another");
  }
  return absl::OkStatus();
}

absl::Status CheckHello(const v1::SessionRequest& first) {
  if (!first.has_hello()) {
    return absl::InvalidArgumentError(
        "session: want hello as the first message, got another");
  }
  const v1::WorkerHello& hello = first.hello();
  if (!IsLabel(hello.worker())) {
    return absl::InvalidArgumentError(absl::StrCat(
        "hello.worker: want 1-63 of [a-z0-9-_.], got ", hello.worker()));
  }
  if (hello.host().size() > kHostBytes) {
    return absl::InvalidArgumentError(absl::StrCat("hello.host: want at most ",
                                                   kHostBytes, " bytes, got ",
                                                   hello.host().size()));
  }
  if (hello.numerics_id().empty()) {
    return absl::InvalidArgumentError(
        "hello.numerics_id: want that of the training library, got nothing");
  }
  const char* ours = GetBuildVersion().version;
  if (hello.version() != ours) {
    return absl::FailedPreconditionError(
        absl::StrCat("hello.version: want the server's, ", ours, ", got ",
                     hello.version(), ": start the worker of this version"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<WorkerServer>> WorkerServer::Start(
    const Options& options, EngineThread* engine) {
  auto server = std::make_unique<WorkerServerImpl>(options, engine);
  STEELYARD_RETURN_IF_ERROR(server->Begin(options.socket_path));
  return server;
}

}  // namespace steelyard::server
