#include "client/cli/session.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/escape.h"
#include "client/cli/run_filter.h"
#include "support/status_macros.h"
#include "support/version.h"

namespace steelyard::cli {
namespace {

void WarnOfVersions(Console& console, const v1::ServerInfo& server) {
  const BuildVersion& mine = GetBuildVersion();
  if (server.version() != mine.version) {
    Warn(console,
         absl::StrCat("the server is version ", TerminalText(server.version()),
                      ", this program ", mine.version));
  }
  if (server.numerics_version() != mine.numerics_version) {
    Warn(console, absl::StrCat("the server's numerics version is ",
                               server.numerics_version(), ", this program's ",
                               mine.numerics_version,
                               ": results may differ in their last digits"));
  }
}

absl::StatusOr<std::string> FindLastRun(Session& session) {
  v1::ListRunsRequest request;
  request.set_parent("experiments/-");
  request.set_filter(FilterText({.user = session.server.user()}));
  request.set_page_size(1);
  v1::ListRunsResponse response;
  STEELYARD_RETURN_IF_ERROR(session.connection->Call(
      session.connection->runs(), &v1::RunService::Stub::ListRuns, request,
      response));
  if (response.runs().empty()) {
    return absl::NotFoundError(absl::StrCat("last: want a run of ",
                                            TerminalText(session.server.user()),
                                            ", got none on the server"));
  }
  return response.runs(0).name();
}

}  // namespace

absl::StatusOr<Session> MakeSession(Console& console, const ServerFlags& flags,
                                    const CallLimits& limits) {
  STEELYARD_ASSIGN_OR_RETURN(ServerAddress address,
                             ResolveServer(flags.server, console.env));
  STEELYARD_ASSIGN_OR_RETURN(
      std::optional<std::string> token,
      ResolveToken(flags.token_file, address, console.env));
  return Session{.console = console,
                 .connection = std::make_unique<Connection>(
                     std::move(address), std::move(token), limits),
                 .server = {},
                 .server_flag = flags.server};
}

absl::Status Greet(Session& session) {
  v1::GetServerInfoResponse response;
  STEELYARD_RETURN_IF_ERROR(session.connection->Call(
      session.connection->admin(), &v1::AdminService::Stub::GetServerInfo,
      v1::GetServerInfoRequest(), response));
  session.server = response.server_info();
  session.connection->set_server_version(session.server.version());
  WarnOfVersions(session.console, session.server);
  return absl::OkStatus();
}

absl::StatusOr<std::string> FindRun(Session& session, const RunName& name) {
  if (name.last) return FindLastRun(session);
  if (name.experiment != "-") return name.Resource();
  STEELYARD_ASSIGN_OR_RETURN(const v1::Run run,
                             GetRun(session, name.Resource()));
  return run.name();
}

absl::StatusOr<v1::Run> GetRun(Session& session, const std::string& name) {
  v1::GetRunRequest request;
  request.set_name(name);
  v1::GetRunResponse response;
  STEELYARD_RETURN_IF_ERROR(
      NamingRun(session, name,
                session.connection->Call(session.connection->runs(),
                                         &v1::RunService::Stub::GetRun, request,
                                         response)));
  return response.run();
}

absl::Status NamingRun(const Session& session, absl::string_view resource,
                       const absl::Status& status) {
  if (!absl::IsNotFound(status)) return status;
  return absl::NotFoundError(
      absl::StrCat("run: want one that the server has, got ",
                   TerminalText(TypedRunName(resource)),
                   "; see them: ", NextCommand(session, "ls")));
}

std::string NextCommand(const Session& session, absl::string_view command) {
  return session.server_flag.empty()
             ? absl::StrCat("steelyard ", command)
             : absl::StrCat("steelyard --server ",
                            TerminalText(session.server_flag), " ", command);
}

Viewer ViewerOf(const Console& console) {
  return {.now = absl::Now(),
          .zone = console.zone,
          .terminal = console.out_terminal};
}

}  // namespace steelyard::cli
