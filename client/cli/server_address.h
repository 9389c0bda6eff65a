#ifndef STEELYARD_CLIENT_CLI_SERVER_ADDRESS_H_
#define STEELYARD_CLIENT_CLI_SERVER_ADDRESS_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/cli/terminal.h"

namespace steelyard::cli {

// Where the server is, and how this was found.
struct ServerAddress {
  std::string text{};    // as users write it: unix:PATH or HOST:PORT
  std::string source{};  // "--server", "STEELYARD_SERVER" or "default socket"
  std::string target{};  // as gRPC wants it
  bool tcp = false;
};

// $XDG_DATA_HOME/steelyard, else $HOME/.local/share/steelyard.
//
// Errors: FailedPrecondition when neither variable is set.
absl::StatusOr<std::string> DataDir(const GetEnv& env);

// Takes the first of `flag` (empty: not given), STEELYARD_SERVER and the socket
// of a server of the same user.
//
// Errors: InvalidArgument for what is no address, for a socket path above 107
// bytes, and for a host that is not this machine: a token does not leave it in
// clear.
absl::StatusOr<ServerAddress> ResolveServer(absl::string_view flag,
                                            const GetEnv& env);

// The token to send: from the file named by `flag` (empty: not given); for TCP
// else from STEELYARD_TOKEN_FILE, else from DATA_DIR/admin.token when it is
// there and readable.  Nothing on a socket, which knows its callers.
//
// Errors: InvalidArgument for a file that was named, with the name of the
// option or variable, and which can't be read or holds no token.
absl::StatusOr<std::optional<std::string>> ResolveToken(
    absl::string_view flag, const ServerAddress& address, const GetEnv& env);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_SERVER_ADDRESS_H_
