#ifndef STEELYARD_CLIENT_CLI_SESSION_H_
#define STEELYARD_CLIENT_CLI_SESSION_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/connection.h"
#include "client/cli/console.h"
#include "client/cli/run_name.h"
#include "client/cli/run_text.h"

namespace steelyard::cli {

// One command's talk with one server.
struct Session {
  Console& console;
  std::unique_ptr<Connection> connection;
  v1::ServerInfo server;
  std::string server_flag;  // as it was given; empty when it was not
};

// What the command line says of the server; empty where it says nothing.
struct ServerFlags {
  std::string server;
  std::string token_file;
};

// A session before anyone was called.
//
// Errors, all of the command line or the environment: those of ResolveServer
// and ResolveToken.
absl::StatusOr<Session> MakeSession(Console& console, const ServerFlags& flags,
                                    const CallLimits& limits);

// Asks the server who it is, and warns when it is of another version.
//
// Errors: those of the call.
absl::Status Greet(Session& session);

// The full name of a run that was named on the command line.
//
// Errors: NotFound; those of the call.
absl::StatusOr<std::string> FindRun(Session& session, const RunName& name);

// Errors: NotFound; those of the call.
absl::StatusOr<v1::Run> GetRun(Session& session, const std::string& name);

// `status`, but where it is NotFound with the run as it may be typed: the
// server speaks to programs, of resources and methods.
absl::Status NamingRun(const Session& session, absl::string_view resource,
                       const absl::Status& status);

// A command to be typed next, with the server if it was named by a flag.
std::string NextCommand(const Session& session, absl::string_view command);

// For texts on standard output.
Viewer ViewerOf(const Console& console);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_SESSION_H_
