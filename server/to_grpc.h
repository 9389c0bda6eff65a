#ifndef STEELYARD_SERVER_TO_GRPC_H_
#define STEELYARD_SERVER_TO_GRPC_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace steelyard::server {

// The one place where our errors become gRPC's.  The codes are the same
// numbers; every error carries google.rpc.Status (see bad_request.h).
grpc::Status ToGrpc(const absl::Status& status);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_TO_GRPC_H_
