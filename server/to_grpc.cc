#include "server/to_grpc.h"

#include "server/bad_request.h"

namespace steelyard::server {

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status details = ToRpcStatus(status);
  return grpc::Status(static_cast<grpc::StatusCode>(status.raw_code()),
                      details.message(), details.SerializeAsString());
}

}  // namespace steelyard::server
