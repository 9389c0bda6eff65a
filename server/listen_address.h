#ifndef STEELYARD_SERVER_LISTEN_ADDRESS_H_
#define STEELYARD_SERVER_LISTEN_ADDRESS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace steelyard::server {

// Where a server listens: one of the two is set.
struct ListenAddress {
  std::string unix_path;
  std::string host_port;  // as gRPC wants it: 127.0.0.1:0, [::1]:5000
};

// Reads `unix:PATH` or `HOST:PORT`, HOST of this machine alone: `localhost`,
// 127.x.y.z or [::1]; port 0 is any free one.
//
// Errors: InvalidArgument for another form; FailedPrecondition for a host
// beyond this machine, since there is no TLS yet, with the way round.
absl::StatusOr<ListenAddress> ParseListenAddress(absl::string_view text);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_LISTEN_ADDRESS_H_
