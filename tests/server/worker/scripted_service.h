#ifndef STEELYARD_TESTS_SERVER_WORKER_SCRIPTED_SERVICE_H_
#define STEELYARD_TESTS_SERVER_WORKER_SCRIPTED_SERVICE_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "steelyard/v1/worker_service.grpc.pb.h"
#include "support/mutex.h"

// A real WorkerService on a unix socket that answers by a script.
namespace steelyard::worker {

inline constexpr char kToken[] = "secret";

// Of gRPC for a new socket in the folder for temporary files.
inline std::string SocketAddress(const std::string& name) {
  return absl::StrCat("unix:", testing::TempDir(), name, ".", getpid());
}

class ScriptedService final : public v1::WorkerService::Service {
 public:
  using Write = std::function<void(const v1::SessionResponse&)>;
  // Answers one message of session number 0, 1, ...; a status ends the session.
  // Runs on a thread of gRPC's.
  using Script = std::function<grpc::Status(
      int session, const v1::SessionRequest& message, const Write& write)>;

  ScriptedService(std::string address, Script script)
      : address_(std::move(address)), script_(std::move(script)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address_, grpc::InsecureServerCredentials());
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~ScriptedService() override { Shutdown(); }

  // Ends all sessions, as a killed server would.
  void Shutdown() { server_->Shutdown(std::chrono::system_clock::now()); }

  const std::string& address() const { return address_; }

  std::vector<v1::RunReport> reports() const ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(mu_);
    return reports_;
  }

  grpc::Status Session(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::SessionResponse, v1::SessionRequest>* stream)
      override {
    const auto found = context->client_metadata().find("authorization");
    if (found == context->client_metadata().end() ||
        absl::string_view(found->second.data(), found->second.size()) !=
            absl::StrCat("Bearer ", kToken)) {
      return {grpc::StatusCode::UNAUTHENTICATED, "want the workers' token"};
    }
    const int session = NextSession();
    const Write write = [stream](const v1::SessionResponse& response) {
      stream->Write(response);
    };
    v1::SessionRequest message;
    while (stream->Read(&message)) {
      if (message.has_hello()) {
        v1::SessionResponse welcome;
        welcome.mutable_welcome()->mutable_heartbeat_interval()->set_seconds(5);
        welcome.mutable_welcome()->mutable_checkpoint_interval()->set_seconds(
            2);
        write(welcome);
      }
      if (message.has_report()) Keep(message.report());
      grpc::Status status = script_(session, message, write);
      if (!status.ok()) return status;
    }
    return grpc::Status::OK;
  }

 private:
  int NextSession() ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(mu_);
    return sessions_++;
  }
  void Keep(const v1::RunReport& report) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(mu_);
    reports_.push_back(report);
  }

  const std::string address_;
  const Script script_;
  mutable Mutex mu_;
  int sessions_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<v1::RunReport> reports_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<grpc::Server> server_;
};

inline v1::SessionResponse LeaseMessage(const v1::TrainLease& lease) {
  v1::SessionResponse response;
  *response.mutable_train() = lease;
  return response;
}

}  // namespace steelyard::worker

#endif  // STEELYARD_TESTS_SERVER_WORKER_SCRIPTED_SERVICE_H_
