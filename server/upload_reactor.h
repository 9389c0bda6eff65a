#ifndef STEELYARD_SERVER_UPLOAD_REACTOR_H_
#define STEELYARD_SERVER_UPLOAD_REACTOR_H_

#include <grpcpp/support/server_callback.h>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "server/auth_tables.h"
#include "server/service_parts.h"
#include "steelyard/v1/dataset_service.pb.h"

namespace steelyard::server {

using UploadReactor = grpc::ServerReadReactor<v1::UploadDatasetRequest>;

// Ends an UploadDataset call at once.
UploadReactor* RefuseUpload(const absl::Status& status);

// Takes an upload: one chunk at a time is read by gRPC and then written by
// `parts.slow_pool`.  `response` lives as long as the call; `done` is called
// when the call is over, however it ends.
UploadReactor* StartUpload(const ServiceParts& parts, Caller caller,
                           v1::UploadDatasetResponse* response,
                           absl::AnyInvocable<void()> done);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_UPLOAD_REACTOR_H_
