#include "client/cli/connection.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/cli/escape.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "support/version.h"

namespace steelyard::cli {
namespace {

constexpr int kLargestMessageBytes = 20 << 20;

std::shared_ptr<grpc::Channel> OpenChannel(const ServerAddress& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kLargestMessageBytes);
  // The server is on this machine: a proxy has no part in it.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // gRPC's own back-off grows to two minutes, long after a restarted server is
  // there again.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  return grpc::CreateCustomChannel(
      address.target, grpc::InsecureChannelCredentials(), arguments);
}

// The faults that the message does not name already, a line each.
std::string FaultLines(const grpc::Status& status) {
  google::rpc::Status details;
  std::string lines;
  if (!details.ParseFromString(status.error_details())) return lines;
  for (const google::protobuf::Any& detail : details.details()) {
    google::rpc::BadRequest bad;
    if (!detail.UnpackTo(&bad)) continue;
    for (const auto& fault : bad.field_violations()) {
      const bool has_field =
          absl::StartsWith(fault.description(), fault.field());
      const std::string line =
          has_field ? fault.description()
                    : absl::StrCat(fault.field(), ": ", fault.description());
      if (absl::StrContains(status.error_message(), fault.description())) {
        continue;
      }
      absl::StrAppend(&lines, TerminalLines(line, "  "));
    }
  }
  return lines;
}

// Whether the connection, and not the server, says that nobody answers.
bool IsTransportFault(const grpc::Status& status) {
  const std::string& message = status.error_message();
  return status.error_code() == grpc::StatusCode::UNAVAILABLE &&
         (absl::StrContains(message, "connect") ||
          absl::StrContains(message, "Socket closed") ||
          absl::StrContains(message, "No such file") ||
          absl::StrContains(message, "DNS"));
}

std::string ServerText(const ServerAddress& address) {
  return absl::StrCat("server ", TerminalText(address.text), " (",
                      address.source, ")");
}

std::string NobodyAnswers(const ServerAddress& address) {
  std::string text =
      absl::StrCat(ServerText(address), ": nobody answers",
                   "\n  is it running? start it with: steelyardd");
  if (address.tcp) {
    absl::StrAppend(&text, " --listen ", TerminalText(address.text));
  }
  return absl::StrCat(
      text,
      "\n  another one: --server unix:PATH or STEELYARD_SERVER=unix:PATH");
}

// gRPC tells the system's errors as a text alone, and UNAVAILABLE of them all.
absl::Status TransportStatus(const ServerAddress& address,
                             absl::string_view message) {
  if (absl::StrContains(message, "Permission denied")) {
    return absl::PermissionDeniedError(
        absl::StrCat(ServerText(address),
                     ": Permission denied\n  its socket is for the account "
                     "that runs it, and for those that may open it"));
  }
  return absl::UnavailableError(NobodyAnswers(address));
}

// For an error that came without a text.
std::string TextOf(absl::StatusCode code, absl::string_view server_version) {
  const std::string name = absl::StatusCodeToString(code);
  if (code != absl::StatusCode::kUnimplemented) {
    return absl::StrCat(name, ", and no word of why; its log may tell");
  }
  return server_version.empty()
             ? absl::StrCat(name, ": it does not know this call; is it a ",
                            "steelyardd?")
             : absl::StrCat(name, ": it does not know this call; its version ",
                            "is ", TerminalText(server_version),
                            ", this program's ", GetBuildVersion().version);
}

}  // namespace

Connection::Connection(ServerAddress address, std::optional<std::string> token,
                       const CallLimits& limits)
    : address_(std::move(address)), token_(std::move(token)), limits_(limits) {
  const std::shared_ptr<grpc::Channel> channel = OpenChannel(address_);
  runs_ = v1::RunService::NewStub(channel);
  datasets_ = v1::DatasetService::NewStub(channel);
  experiments_ = v1::ExperimentService::NewStub(channel);
  admin_ = v1::AdminService::NewStub(channel);
}

void Connection::Prepare(grpc::ClientContext& context,
                         absl::Duration deadline) const {
  if (token_) {
    context.AddMetadata("authorization", absl::StrCat("Bearer ", *token_));
  }
  if (deadline != absl::InfiniteDuration()) {
    context.set_deadline(absl::ToChronoTime(absl::Now() + deadline));
  }
}

absl::Status Connection::ToStatus(const grpc::Status& status) const {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  if (IsTransportFault(status)) {
    return TransportStatus(address_, status.error_message());
  }
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    return absl::Status(
        code, absl::StrCat(ServerText(address_),
                           ": no answer in time\n  something listens there; it "
                           "may be stopped, or have too much to do"));
  }
  const std::string message = status.error_message().empty()
                                  ? absl::StrCat("server ", address_.text, ": ",
                                                 TextOf(code, server_version_))
                                  : status.error_message();
  // The first line stands behind "error: ".
  const std::string text =
      absl::StrCat(TerminalLines(message, "  "), FaultLines(status));
  return absl::Status(code,
                      absl::StripPrefix(absl::StripSuffix(text, "\n"), "  "));
}

}  // namespace steelyard::cli
