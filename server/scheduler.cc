#include "server/scheduler.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "support/check.h"

namespace steelyard::server {
namespace {

// Names in one message; the rest is counted.
constexpr size_t kNamesShown = 10;

std::string ListNames(const std::vector<std::string>& names) {
  if (names.size() <= kNamesShown) return absl::StrJoin(names, ", ");
  return absl::StrCat(
      absl::StrJoin(names.begin(), names.begin() + kNamesShown, ", "), " and ",
      names.size() - kNamesShown, " more");
}

v1::WaitingReason Reason(v1::WaitingCode code, std::string message) {
  v1::WaitingReason reason;
  reason.set_code(code);
  reason.set_message(std::move(message));
  return reason;
}

bool Inspects(const Schedule& schedule, const WorkerSlot& worker) {
  return worker.inspect_only || !schedule.inspectors_apart;
}

// The workers that could train the run, whether or not they are busy.
std::vector<const WorkerSlot*> Trainers(const Schedule& schedule,
                                        const std::string& numerics_id) {
  std::vector<const WorkerSlot*> trainers;
  for (const auto& [session, worker] : schedule.workers) {
    if (worker.inspect_only) continue;
    if (numerics_id.empty() || worker.numerics_id == numerics_id) {
      trainers.push_back(&worker);
    }
  }
  return trainers;
}

std::set<std::string> NumericsIds(const Schedule& schedule) {
  std::set<std::string> ids;
  for (const WorkerSlot* worker : Trainers(schedule, "")) {
    ids.insert(worker->numerics_id);
  }
  return ids;
}

// No connected worker may train the run, or all that may are busy.
std::optional<v1::WaitingReason> WorkerReason(const Schedule& schedule,
                                              const WaitingRun& run) {
  const std::set<std::string> ids = NumericsIds(schedule);
  if (ids.empty()) {
    return Reason(v1::WAITING_CODE_NO_FREE_WORKER, "no worker is connected");
  }
  const std::vector<const WorkerSlot*> trainers =
      Trainers(schedule, run.numerics_id);
  if (trainers.empty()) {
    return Reason(v1::WAITING_CODE_NUMERICS_ID,
                  absl::StrCat("its checkpoint has the numerics id ",
                               run.numerics_id, ", the connected workers have ",
                               ListNames({ids.begin(), ids.end()})));
  }
  std::vector<std::string> busy;
  for (const WorkerSlot* worker : trainers) {
    if (worker->busy_with.empty()) return std::nullopt;
    busy.push_back(worker->busy_with);
  }
  return Reason(
      v1::WAITING_CODE_NO_FREE_WORKER,
      absl::StrCat(busy.size() == 1 ? "the only worker is busy: "
                                    : absl::StrCat("all ", busy.size(),
                                                   " workers are "
                                                   "busy: "),
                   ListNames(busy)));
}

}  // namespace

void RunQueue::Add(storage::RunId run, const std::string& numerics_id) {
  std::deque<int64_t>& queue = queues_[numerics_id];
  const auto place = std::lower_bound(queue.begin(), queue.end(), run.value);
  STEELYARD_CHECK(place == queue.end() || *place != run.value);
  queue.insert(place, run.value);
}

void RunQueue::Remove(storage::RunId run, const std::string& numerics_id) {
  const auto found = queues_.find(numerics_id);
  STEELYARD_CHECK(found != queues_.end());
  std::deque<int64_t>& queue = found->second;
  const auto place = std::lower_bound(queue.begin(), queue.end(), run.value);
  STEELYARD_CHECK(place != queue.end() && *place == run.value);
  queue.erase(place);
  if (queue.empty()) queues_.erase(found);
}

std::optional<storage::RunId> RunQueue::Oldest(
    const std::string& numerics_id) const {
  std::optional<storage::RunId> oldest;
  for (const std::string& id : std::set<std::string>{"", numerics_id}) {
    const auto found = queues_.find(id);
    if (found == queues_.end()) continue;
    const storage::RunId front{found->second.front()};
    if (!oldest || front < *oldest) oldest = front;
  }
  return oldest;
}

int64_t RunQueue::CountOlder(storage::RunId run,
                             const std::set<std::string>& numerics_ids) const {
  int64_t count = 0;
  for (const auto& [id, queue] : queues_) {
    if (!id.empty() && !numerics_ids.contains(id)) continue;
    count +=
        std::lower_bound(queue.begin(), queue.end(), run.value) - queue.begin();
  }
  return count;
}

bool MayInspectNext(const Schedule& schedule) {
  if (schedule.inspections.empty()) return false;
  const int64_t large = schedule.large_file_bytes;
  if (!schedule.inspectors_apart || schedule.inspections.begin()->first < large)
    return true;
  return std::none_of(schedule.workers.begin(), schedule.workers.end(),
                      [large](const auto& worker) {
                        return worker.second.inspecting_bytes >= large;
                      });
}

std::optional<Assignment> NextAssignment(const Schedule& schedule) {
  if (schedule.draining) return std::nullopt;
  if (MayInspectNext(schedule)) {
    for (const auto& [session, worker] : schedule.workers) {
      if (!worker.busy_with.empty() || !Inspects(schedule, worker)) continue;
      return Assignment{.session = session,
                        .run = std::nullopt,
                        .inspection = schedule.inspections.begin()->second};
    }
  }
  if (schedule.queue.empty()) return std::nullopt;
  std::optional<Assignment> next;
  for (const auto& [session, worker] : schedule.workers) {
    if (!worker.busy_with.empty() || worker.inspect_only) continue;
    const std::optional<storage::RunId> run =
        schedule.queue.Oldest(worker.numerics_id);
    if (!run || (next && !(*run < *next->run))) continue;
    next =
        Assignment{.session = session, .run = run, .inspection = std::nullopt};
  }
  return next;
}

v1::WaitingReason StoreReason(const std::string& error) {
  return Reason(v1::WAITING_CODE_STORE,
                absl::StrCat("the store takes no change: ", error));
}

std::vector<v1::WaitingReason> WaitingReasons(const Schedule& schedule,
                                              const WaitingRun& run) {
  std::vector<v1::WaitingReason> reasons;
  if (schedule.draining) {
    reasons.push_back(Reason(v1::WAITING_CODE_DRAINING,
                             "the server is stopping and leases nothing more"));
  }
  if (!schedule.store_error.empty()) {
    reasons.push_back(StoreReason(schedule.store_error));
  }
  for (const storage::Sha256& dataset : run.pending_datasets) {
    reasons.push_back(Reason(v1::WAITING_CODE_DATASET_PENDING,
                             absl::StrCat("dataset sha256/", dataset.hex,
                                          " has not been inspected yet")));
  }
  if (std::optional<v1::WaitingReason> reason = WorkerReason(schedule, run)) {
    reasons.push_back(*std::move(reason));
  }
  const int64_t older =
      schedule.queue.CountOlder(run.run, NumericsIds(schedule));
  if (older > 0) {
    reasons.push_back(
        Reason(v1::WAITING_CODE_PLACE_IN_QUEUE,
               older == 1 ? "1 run is before this one"
                          : absl::StrCat(older, " runs are before this one")));
  }
  return reasons;
}

}  // namespace steelyard::server
