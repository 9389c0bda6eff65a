#ifndef STEELYARD_CLIENT_CLI_CONNECTION_H_
#define STEELYARD_CLIENT_CLI_CONNECTION_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/cli/server_address.h"
#include "steelyard/v1/admin_service.grpc.pb.h"
#include "steelyard/v1/dataset_service.grpc.pb.h"
#include "steelyard/v1/experiment_service.grpc.pb.h"
#include "steelyard/v1/run_service.grpc.pb.h"

namespace steelyard::cli {

// How long a call may take.  Every unary call has a deadline: a server that
// does not answer is an error, not a wait.
struct CallLimits {
  absl::Duration read = absl::Seconds(10);
  absl::Duration write = absl::Seconds(30);  // waits for the server's disk
  // Total time in which a call that may be repeated is tried again.
  absl::Duration retry = absl::Seconds(60);
  absl::Duration first_backoff = absl::Milliseconds(200);
};

// A server.  Opening it does no I/O; the first call connects.  Thread-safe.
class Connection {
 public:
  Connection(ServerAddress address, std::optional<std::string> token,
             const CallLimits& limits);

  const ServerAddress& address() const { return address_; }
  const CallLimits& limits() const { return limits_; }

  // Errors tell it; to be set before a second thread calls.
  void set_server_version(const std::string& version) {
    server_version_ = version;
  }

  v1::RunService::Stub& runs() { return *runs_; }
  v1::DatasetService::Stub& datasets() { return *datasets_; }
  v1::ExperimentService::Stub& experiments() { return *experiments_; }
  v1::AdminService::Stub& admin() { return *admin_; }

  // Adds the token, and a deadline unless it is infinite.
  void Prepare(grpc::ClientContext& context, absl::Duration deadline) const;

  // One call of a unary method, e.g.
  // Call(connection.runs(), &v1::RunService::Stub::GetRun, request, response).
  template <typename Stub, typename Request, typename Response>
  absl::Status Call(Stub& stub,
                    grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                 const Request&, Response*),
                    const Request& request, Response& response,
                    absl::Duration deadline) {
    grpc::ClientContext context;
    Prepare(context, deadline);
    return ToStatus((stub.*method)(&context, request, &response));
  }
  template <typename Stub, typename Request, typename Response>
  absl::Status Call(Stub& stub,
                    grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                 const Request&, Response*),
                    const Request& request, Response& response) {
    return Call(stub, method, request, response, limits_.read);
  }

  // The one place where gRPC's errors become ours.  What a server or a stranger
  // wrote is escaped; the faults of a google.rpc.BadRequest follow, a line
  // each; where nobody answers it says what to try; a socket that may not be
  // opened is PermissionDenied.  Never without a text.
  absl::Status ToStatus(const grpc::Status& status) const;

 private:
  ServerAddress address_;
  std::optional<std::string> token_;
  CallLimits limits_;
  std::string server_version_;  // empty: not known yet
  std::unique_ptr<v1::RunService::Stub> runs_;
  std::unique_ptr<v1::DatasetService::Stub> datasets_;
  std::unique_ptr<v1::ExperimentService::Stub> experiments_;
  std::unique_ptr<v1::AdminService::Stub> admin_;
};

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_CONNECTION_H_
