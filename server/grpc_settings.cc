#include "server/grpc_settings.h"

#include <grpc/grpc.h>

namespace steelyard::server {
namespace {

constexpr int kSecondMs = 1000;
constexpr int kMinuteMs = 60 * kSecondMs;

}  // namespace

void ApplyGrpcSettings(int64_t message_bytes, grpc::ServerBuilder* builder) {
  const int bytes = static_cast<int>(message_bytes);
  builder->SetMaxReceiveMessageSize(bytes);
  builder->SetMaxSendMessageSize(bytes);
  // A peer that is gone without a word is noticed within 40 s.
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30 * kSecondMs);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10 * kSecondMs);
  // Clients may ask as often as every 10 s, also while they only watch.
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10 * kSecondMs);
  // Old connections are renewed; streams on them have as long again to end, and
  // then their clients come back with their cursor.
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, 60 * kMinuteMs);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                              60 * kMinuteMs);
  // Otherwise a second server could listen on the same port unnoticed.
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

}  // namespace steelyard::server
