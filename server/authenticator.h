#ifndef STEELYARD_SERVER_AUTHENTICATOR_H_
#define STEELYARD_SERVER_AUTHENTICATOR_H_

#include <grpcpp/server_context.h>

#include <string>

#include "absl/status/statusor.h"
#include "server/auth_tables.h"

namespace steelyard::server {

// Says who makes a call.  Thread-safe; blocks on nothing.
//
// A unix socket's peer: UnixListener accepts the connection itself, asks the
// kernel for the peer's uid (SO_PEERCRED), enters it in the PeerTable under the
// number of the accepted descriptor, and hands the descriptor to gRPC, which
// names the peer of its calls "fd:N".  A peer can't choose that name: for every
// other transport gRPC makes it from the address.  The number can't have passed
// to another connection while a call is alive: each call holds its stream, each
// stream its transport, and the transport's destructor alone closes the
// descriptor (seen in gRPC's chttp2 transport, and held by a test).
//
// Everyone else, loopback too: `authorization: Bearer TOKEN`.  The right token
// is slowed only by failures that began like it and came from the same address;
// so who guesses locks out nobody.
class Authenticator {
 public:
  // `token_caller`: whom the token stands for.  `token_path`: for the cure in
  // errors.
  struct Options {
    TokenHash token;
    Caller token_caller;
    std::string token_path;
  };

  Authenticator(Options options, const PeerTable* peers)
      : options_(std::move(options)), peers_(*peers) {}

  // Errors: Unauthenticated, with the cure.
  absl::StatusOr<Caller> Identify(const grpc::ServerContextBase& context);

 private:
  absl::StatusOr<Caller> IdentifyByToken(
      const grpc::ServerContextBase& context);

  const Options options_;
  const PeerTable& peers_;
  FailedAttempts failed_;
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_AUTHENTICATOR_H_
