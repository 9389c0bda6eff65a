#ifndef STEELYARD_SERVER_ENGINE_STATE_H_
#define STEELYARD_SERVER_ENGINE_STATE_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/engine_types.h"
#include "steelyard/v1/run.pb.h"
#include "steelyard/v1/worker_service.pb.h"
#include "storage/change.h"
#include "storage/types.h"

// What the engine remembers.  The store holds the truth; this is as much of it
// as decisions need, as of the last commit.
namespace steelyard::server {

// A run that has not ended.  There may be a million of them.
struct RunEntry {
  std::string user;
  std::string experiment;
  storage::RunState state = storage::RunState::kQueued;
  storage::AttemptNumber newest_attempt = {};
  int losses_in_a_row = 0;
  int64_t sample_count = 0;
  std::string checkpoint_numerics_id = {};  // empty: no checkpoint
  int64_t steps = 0;                        // taken, as far as is on disk
  double training_s = 0;                    // over all attempts
  // A change of this run is with the writer.  There is never a second one: what
  // happens meanwhile waits here until its outcome is known.
  bool changing = false;
  bool in_queue = false;
  std::vector<storage::Sha256> pending_datasets = {};
  std::vector<Reply<storage::RunId>> cancels = {};  // who wants it cancelled
  // How it is about to end.
  std::unique_ptr<storage::RunResult> failure = {};
};

// How an attempt is about to end without a result.
struct AttemptClose {
  storage::AttemptEnd end = storage::AttemptEnd::kWorkerLost;
  std::string message = {};
  bool counts = false;  // against the run, unless it has progressed
};

// An attempt that has not ended.
struct Lease {
  storage::AttemptNumber attempt;
  SessionId session = 0;  // 0 when the session is gone
  std::string worker;
  bool granted = false;               // it is on disk and was sent
  std::deque<v1::RunReport> reports;  // not on disk, in order
  int64_t reports_bytes = 0;
  v1::Progress progress;
  int64_t checkpoint_step = -1;  // of the last checkpoint on disk
  // Whether anything of this attempt that no earlier one had is on disk.
  bool progressed = false;
  std::optional<AttemptClose> close;
  // Why the store did not take its last change; empty when it did.
  std::string store_error;
};

// A connected worker.  It has a run, a dataset, or nothing.
struct Session {
  v1::WorkerHello hello;
  absl::Time connect_time;
  absl::Time contact_time;
  std::optional<storage::RunId> run = {};
  storage::AttemptNumber attempt = {};
  std::optional<storage::Sha256> dataset = {};
  absl::Time inspect_time =
      absl::InfiniteFuture();  // since when it inspects it
  // Until when a stop must be answered; the run has ended already.
  absl::Time stop_deadline = absl::InfiniteFuture();
};

// A PENDING dataset.
struct Inspection {
  int64_t size_bytes = 0;
  SessionId session = 0;  // 0: nobody inspects it
  int losses = 0;
  bool queued = false;
  bool changing = false;  // `finish` is with the writer
  std::optional<storage::FinishInspection> finish;  // what is to be stored
  std::set<int64_t> runs;                           // that wait for it
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_ENGINE_STATE_H_
