#ifndef STEELYARD_SERVER_WORKER_SERVICE_H_
#define STEELYARD_SERVER_WORKER_SERVICE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/auth_tables.h"
#include "server/engine_thread.h"
#include "steelyard/v1/worker_service.grpc.pb.h"

namespace steelyard::server {

// Workers' sessions, passed on to the engine.  A caller shows the workers'
// token as "authorization: Bearer TOKEN"; no other token is taken.
class WorkerServiceImpl final : public v1::WorkerService::CallbackService {
 public:
  // The engine must outlive every session.
  WorkerServiceImpl(EngineThread* engine, TokenHash token)
      : engine_(*engine), token_(std::move(token)) {}

  grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse>* Session(
      grpc::CallbackServerContext* context) override;

 private:
  absl::Status Authenticate(const grpc::CallbackServerContext& context) const;

  EngineThread& engine_;
  const TokenHash token_;
};

// Whether a worker may come in: its name is a label, its version ours.
// Errors: InvalidArgument; FailedPrecondition for another version.
absl::Status CheckHello(const v1::SessionRequest& first);

// The workers' own socket, which serves WorkerService alone.  To be started
// before the API's server, whose health and reflection go into every server of
// the process that is built after it.
class WorkerServer {
 public:
  struct Options {
    std::string socket_path;  // DATA_DIR/worker.sock, mode 0600
    TokenHash token;
  };

  // Serves when it returns.  The engine must outlive it.
  // Errors: those of UnixListener::Bind.
  static absl::StatusOr<std::unique_ptr<WorkerServer>> Start(
      const Options& options, EngineThread* engine);
  virtual ~WorkerServer() = default;

  // Ends every session.  Called once, from one thread, and by the destructor
  // otherwise.
  virtual void Shutdown() = 0;
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_WORKER_SERVICE_H_
