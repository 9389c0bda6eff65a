#ifndef STEELYARD_SERVER_SCHEDULER_H_
#define STEELYARD_SERVER_SCHEDULER_H_

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/engine_types.h"
#include "steelyard/v1/run.pb.h"
#include "storage/types.h"

// Who gets what next: functions over plain state, without effects.
namespace steelyard::server {

// Runs that could start if a worker were free, in the order of their age, which
// is that of their ids.
class RunQueue {
 public:
  // `numerics_id`: of the run's checkpoint, empty when it has none.  The same
  // must be given to Remove.  Cost: that of the shorter way to an end.
  void Add(storage::RunId run, const std::string& numerics_id);
  void Remove(storage::RunId run, const std::string& numerics_id);

  bool empty() const { return queues_.empty(); }

  // The oldest run for a worker of that numerics id.
  std::optional<storage::RunId> Oldest(const std::string& numerics_id) const;

  // Runs older than `run` that a worker of one of the ids could take.
  // Cost: log of the queue's length for each id.
  int64_t CountOlder(storage::RunId run,
                     const std::set<std::string>& numerics_ids) const;

 private:
  // Sorted ids by the numerics id that they need; none is empty.  A new run
  // goes to the end, and one that comes back was near the front.
  std::map<std::string, std::deque<int64_t>> queues_;
};

// A connected worker.
struct WorkerSlot {
  std::string name;
  std::string numerics_id;
  bool inspect_only = false;
  std::string busy_with;         // e.g. "run 12"; empty: idle
  int64_t inspecting_bytes = 0;  // of the file that it inspects
};

// All that the scheduler decides by.
struct Schedule {
  RunQueue queue;
  // That nobody does yet, by the size of the file: a small one waits for no
  // large one that could wait.
  std::set<std::pair<int64_t, storage::Sha256>> inspections;
  // Files from this size on are large: where inspectors do nothing else, one of
  // them reads large files and the others stay free for small ones.
  int64_t large_file_bytes = std::numeric_limits<int64_t>::max();
  std::map<SessionId, WorkerSlot> workers;
  // Whether inspections are left to workers that do nothing else.
  bool inspectors_apart = false;
  bool draining = false;
  // Why the store took no lease lately; empty when it does.
  std::string store_error;
};

// What is to be leased to whom: a run, or a dataset to inspect.
struct Assignment {
  SessionId session = 0;
  std::optional<storage::RunId> run;
  std::optional<storage::Sha256> inspection;
};

// Whether something is to be inspected by whoever is idle.
bool MayInspectNext(const Schedule& schedule);

// The next lease; inspections go before runs, and runs by age.  Nothing when
// all who could work are busy, or nothing waits, or the server drains.
std::optional<Assignment> NextAssignment(const Schedule& schedule);

// A QUEUED run, as far as it decides why it waits.
struct WaitingRun {
  storage::RunId run;
  std::string numerics_id = {};  // of its checkpoint, empty when it has none
  std::vector<storage::Sha256> pending_datasets = {};
};

// That the store takes no change, and why.
v1::WaitingReason StoreReason(const std::string& error);

// Every reason why the run has no worker, with names and numbers.  Empty when
// nothing is in its way.
std::vector<v1::WaitingReason> WaitingReasons(const Schedule& schedule,
                                              const WaitingRun& run);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_SCHEDULER_H_
