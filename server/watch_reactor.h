#ifndef STEELYARD_SERVER_WATCH_REACTOR_H_
#define STEELYARD_SERVER_WATCH_REACTOR_H_

#include <grpcpp/support/server_callback.h>

#include <cstdint>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "server/names.h"
#include "server/run_watch.h"
#include "steelyard/v1/run_service.pb.h"

namespace steelyard::server {

using WatchReactor = grpc::ServerWriteReactor<v1::WatchRunResponse>;

// Ends a WatchRun call at once.
WatchReactor* RefuseWatch(const absl::Status& status);

// Runs a RunWatch over the call; `done` is called when the call is over.
// `parts` outlives the call.
WatchReactor* StartWatch(const WatchParts& parts, const RunName& name,
                         int64_t from_sample, absl::AnyInvocable<void()> done);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_WATCH_REACTOR_H_
