#ifndef STEELYARD_SERVER_ARTIFACT_REACTOR_H_
#define STEELYARD_SERVER_ARTIFACT_REACTOR_H_

#include <grpcpp/support/server_callback.h>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "server/names.h"
#include "server/service_parts.h"
#include "steelyard/v1/run_service.pb.h"

namespace steelyard::server {

using ArtifactReactor = grpc::ServerWriteReactor<v1::GetArtifactResponse>;

// Ends a GetArtifact call at once.
ArtifactReactor* RefuseArtifact(const absl::Status& status);

// Sends an artifact: one chunk at a time is read by `parts.slow_pool` and then
// written by gRPC, so a slow client holds one of them and no thread.  `done` is
// called when the call is over, however it ends.
ArtifactReactor* SendArtifact(const ServiceParts& parts, ArtifactName name,
                              absl::AnyInvocable<void()> done);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_ARTIFACT_REACTOR_H_
