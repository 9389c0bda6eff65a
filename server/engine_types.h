#ifndef STEELYARD_SERVER_ENGINE_TYPES_H_
#define STEELYARD_SERVER_ENGINE_TYPES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "steelyard/v1/run.pb.h"
#include "storage/types.h"

namespace steelyard::server {

// Called once, with the outcome.
template <typename T>
using Reply = absl::AnyInvocable<void(absl::StatusOr<T>)>;

// A worker's connection; never used again within the life of a server.
using SessionId = int64_t;

struct CancelRequest {
  storage::RunId run;
  std::string user;
  bool may_cancel_all = false;
};

// What is known of runs and workers only while the server lives.
struct LiveRun {
  // While it is QUEUED; while a worker has it, of the store alone.
  std::vector<v1::WaitingReason> waiting;
  v1::Progress progress;  // while it is RUNNING
};

struct EngineStatus {
  int64_t queued_runs = 0;
  int64_t active_runs = 0;
  bool draining = false;
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_ENGINE_TYPES_H_
