#ifndef STEELYARD_SERVER_GRPC_SETTINGS_H_
#define STEELYARD_SERVER_GRPC_SETTINGS_H_

#include <grpcpp/server_builder.h>

#include <cstdint>

namespace steelyard::server {

// What every gRPC server of ours sets: the size of a message, keepalive both
// ways, the age of a connection, no sharing of a port.
void ApplyGrpcSettings(int64_t message_bytes, grpc::ServerBuilder* builder);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_GRPC_SETTINGS_H_
