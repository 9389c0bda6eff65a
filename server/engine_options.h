#ifndef STEELYARD_SERVER_ENGINE_OPTIONS_H_
#define STEELYARD_SERVER_ENGINE_OPTIONS_H_

#include <cstdint>

#include "absl/time/time.h"

namespace steelyard::server {

// The engine's limits and periods.
struct EngineOptions {
  int64_t queued_runs_limit = 1'000'000;
  int64_t request_ids_limit = 4'000'000;
  absl::Duration request_ids_kept = absl::Hours(7 * 24);

  // What workers are told in their welcome.
  absl::Duration heartbeat_interval = absl::Seconds(5);
  absl::Duration checkpoint_interval = absl::Seconds(2);
  // A worker that says nothing for this long has lost its lease.
  absl::Duration silence_limit = absl::Seconds(20);
  // A worker that does not answer a stop for this long is killed.
  absl::Duration stop_limit = absl::Seconds(20);
  // Losses in a row, without progress between them, that end a run; the same
  // number of lost inspections rejects a dataset.
  int losses_limit = 3;
  // After a change that the disk refused.
  absl::Duration retry_interval = absl::Seconds(1);
  // Inspectors end after this long without work.
  absl::Duration inspector_idle_limit = absl::Seconds(10);
  // A second one starts when the first has been busy for this long and a file
  // that is not large waits.
  absl::Duration inspector_busy_limit = absl::Seconds(3);
  int64_t large_file_bytes = int64_t{64} << 20;

  int64_t sessions_limit = 1'000;
  // Of one worker, received and not yet on disk; beyond either its session
  // ends.
  int64_t waiting_reports_limit = 64;
  int64_t waiting_reports_bytes_limit = int64_t{64} << 20;
  // Handed to workers with each lease.
  int64_t inflated_bytes_limit = int64_t{8} << 30;
  int64_t artifact_bytes_limit = int64_t{1} << 30;
  // Lines of a lost worker's log in the result of a run that it failed.
  int log_lines_in_result = 50;
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_ENGINE_OPTIONS_H_
