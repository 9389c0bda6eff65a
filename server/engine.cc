#include "server/engine.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "server/failure.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

constexpr absl::Duration kTimerInterval = absl::Milliseconds(100);
// Longer between two calls, and this process stood still.
constexpr absl::Duration kJump = absl::Seconds(5);
constexpr absl::Duration kForgetInterval = absl::Hours(1);

void SetTime(absl::Time from, google::protobuf::Timestamp* to) {
  const int64_t seconds = absl::ToUnixSeconds(from);
  to->set_seconds(seconds);
  to->set_nanos(static_cast<int32_t>(
      absl::ToInt64Nanoseconds(from - absl::FromUnixSeconds(seconds))));
}

}  // namespace

Engine::Engine(const Parts& parts, const EngineOptions& options)
    : effects_(*parts.effects),
      reader_(*parts.reader),
      files_(*parts.files),
      executor_(*parts.executor),
      options_(options) {
  schedule_.inspectors_apart = executor_.StartsInspectors();
  schedule_.large_file_bytes = options_.large_file_bytes;
}

Engine::~Engine() {
  const absl::Status stopping =
      absl::UnavailableError("the server is stopping");
  for (auto& [run, entry] : runs_) {
    for (Reply<storage::RunId>& reply : entry.cancels) reply(stopping);
  }
  for (Reply<bool>& reply : drains_) reply(stopping);
}

absl::Status Engine::Start(absl::Time now) {
  now_ = now;
  next_timers_ = now;
  next_forget_ = now;
  STEELYARD_ASSIGN_OR_RETURN(const storage::RunId last, reader_.LastRunId());
  last_run_id_ = last.value;
  last_stored_run_id_ = last.value;
  STEELYARD_RETURN_IF_ERROR(LoadDatasets());
  STEELYARD_RETURN_IF_ERROR(LoadRuns());
  STEELYARD_RETURN_IF_ERROR(LoadRequests());
  std::vector<storage::RunId> loaded;
  for (const auto& [run, entry] : runs_) loaded.push_back({run});
  for (const storage::RunId run : loaded) Advance(run);
  CheckInspectors();
  return absl::OkStatus();
}

absl::Status Engine::LoadDatasets() {
  STEELYARD_ASSIGN_OR_RETURN(const std::vector<storage::DatasetRow> rows,
                             reader_.PendingDatasets());
  for (const storage::DatasetRow& row : rows)
    AddPending(row.sha256, row.size_bytes);
  return absl::OkStatus();
}

absl::Status Engine::LoadRuns() {
  STEELYARD_ASSIGN_OR_RETURN(const std::vector<storage::RunRow> rows,
                             reader_.UnendedRuns());
  std::map<storage::Sha256, std::string> rejections;  // empty: none
  for (const storage::RunRow& row : rows) {
    RunEntry entry{.user = row.user,
                   .experiment = row.experiment,
                   .state = row.state,
                   .newest_attempt = row.newest_attempt,
                   .losses_in_a_row = row.losses_in_a_row,
                   .sample_count = row.sample_count,
                   .checkpoint_numerics_id = row.checkpoint_numerics_id};
    for (const storage::Sha256& dataset : row.datasets) {
      STEELYARD_RETURN_IF_ERROR(
          LoadDataset(row.id, dataset, entry, rejections));
    }
    if (row.state != storage::RunState::kQueued) {
      Lease& lease = leases_[row.id.value];
      lease.attempt = row.newest_attempt;
      lease.close = AttemptClose{.end = storage::AttemptEnd::kServerStopped,
                                 .message = "the server ended"};
    }
    runs_.emplace(row.id.value, std::move(entry));
  }
  return absl::OkStatus();
}

absl::Status Engine::LoadDataset(
    storage::RunId run, const storage::Sha256& dataset, RunEntry& entry,
    std::map<storage::Sha256, std::string>& rejections) {
  const auto pending = inspections_.find(dataset);
  if (pending != inspections_.end()) {
    pending->second.runs.insert(run.value);
    entry.pending_datasets.push_back(dataset);
    return absl::OkStatus();
  }
  auto [known, is_new] = rejections.try_emplace(dataset);
  if (is_new) {
    STEELYARD_ASSIGN_OR_RETURN(const storage::DatasetRow row,
                               reader_.GetDataset(dataset, ""));
    known->second = row.rejection;
  }
  // The last server ended between the rejection and the end of the run.
  if (!known->second.empty()) {
    entry.failure = std::make_unique<storage::RunResult>(
        DatasetFailure(dataset, known->second));
  }
  return absl::OkStatus();
}

absl::Status Engine::LoadRequests() {
  STEELYARD_ASSIGN_OR_RETURN(const std::vector<storage::RequestRow> rows,
                             reader_.Requests());
  for (const storage::RequestRow& row : rows) {
    requests_.Add({row.user, row.request_id}, {.run = row.run,
                                               .create_time = row.create_time,
                                               .stored = true,
                                               .repeats = {}});
  }
  return absl::OkStatus();
}

void Engine::AdvanceTo(absl::Time now) {
  const absl::Duration step = now - now_;
  if (step < absl::ZeroDuration() || step > kJump) ShiftTimes(step);
  now_ = now;
  if (now_ < next_timers_) return;
  next_timers_ = now_ + kTimerInterval;
  RunTimers();
}

void Engine::ShiftTimes(absl::Duration jump) {
  for (auto& [id, session] : sessions_) {
    session.contact_time += jump;
    session.stop_deadline += jump;
    session.inspect_time += jump;
  }
  for (auto& [due, run] : retries_) due += jump;
  for (auto& [due, dataset] : inspection_retries_) due += jump;
  leasing_pause_ += jump;
  inspectors_idle_since_ += jump;
  drain_deadline_ += jump;
  next_timers_ += jump;
  next_forget_ += jump;
}

void Engine::RunTimers() {
  CheckSessions();
  while (!retries_.empty() && retries_.front().first <= now_) {
    const storage::RunId run = retries_.front().second;
    retries_.pop_front();
    Advance(run);
  }
  while (!inspection_retries_.empty() &&
         inspection_retries_.front().first <= now_) {
    const storage::Sha256 dataset = inspection_retries_.front().second;
    inspection_retries_.pop_front();
    AdvanceInspection(dataset);
  }
  Assign();
  CheckInspectors();
  CheckDrain();
  ForgetRequests();
}

void Engine::CheckSessions() {
  std::vector<std::pair<SessionId, std::string>> lost;
  for (const auto& [id, session] : sessions_) {
    if (now_ - session.contact_time > options_.silence_limit) {
      lost.emplace_back(
          id,
          absl::StrCat("nothing was heard of worker ", session.hello.worker(),
                       " for ", absl::FormatDuration(options_.silence_limit)));
    } else if (now_ > session.stop_deadline) {
      lost.emplace_back(
          id, absl::StrCat("worker ", session.hello.worker(),
                           " did not answer a stop for ",
                           absl::FormatDuration(options_.stop_limit)));
    }
  }
  for (const auto& [id, message] : lost) {
    // Whatever keeps it from answering keeps it from ending by itself.
    executor_.KillWorker(sessions_.at(id).hello.worker());
    DropSession(id, absl::DeadlineExceededError(message));
  }
}

void Engine::ForgetRequests() {
  if (forgetting_ || now_ < next_forget_) return;
  const absl::Time before = now_ - options_.request_ids_kept;
  next_forget_ = now_ + kForgetInterval;
  if (!requests_.HasOlder(before)) return;
  forgetting_ = true;
  effects_.Commit(storage::ForgetRequests{.before = before},
                  [this, before](const absl::Status& status) {
                    forgetting_ = false;
                    // Refused by the disk: again in an hour.
                    if (status.ok()) requests_.Forget(before);
                  });
}

LiveRun Engine::GetLiveRun(storage::RunId run) const {
  LiveRun live;
  const auto found = runs_.find(run.value);
  if (found == runs_.end()) return live;
  const auto lease = leases_.find(run.value);
  if (lease != leases_.end()) {
    live.progress = lease->second.progress;
    if (!lease->second.store_error.empty()) {
      live.waiting.push_back(StoreReason(lease->second.store_error));
    }
    return live;
  }
  const RunEntry& entry = found->second;
  live.waiting =
      WaitingReasons(schedule_, {.run = run,
                                 .numerics_id = entry.checkpoint_numerics_id,
                                 .pending_datasets = entry.pending_datasets});
  return live;
}

std::vector<v1::Progress> Engine::GetProgress(
    const std::vector<storage::RunId>& runs) const {
  std::vector<v1::Progress> progress;
  progress.reserve(runs.size());
  for (const storage::RunId run : runs) {
    const auto lease = leases_.find(run.value);
    progress.push_back(lease == leases_.end() ? v1::Progress()
                                              : lease->second.progress);
  }
  return progress;
}

EngineStatus Engine::GetStatus() const {
  return {.queued_runs = static_cast<int64_t>(runs_.size() - leases_.size()),
          .active_runs = static_cast<int64_t>(leases_.size()),
          .draining = schedule_.draining};
}

std::vector<v1::Worker> Engine::ListWorkers() const {
  std::vector<v1::Worker> workers;
  for (const auto& [id, session] : sessions_) {
    v1::Worker worker;
    worker.set_name(absl::StrCat("workers/", session.hello.worker()));
    worker.set_host(session.hello.host());
    worker.set_pid(session.hello.pid());
    worker.set_level(session.hello.level());
    worker.set_numerics_id(session.hello.numerics_id());
    SetTime(session.connect_time, worker.mutable_connect_time());
    SetTime(session.contact_time, worker.mutable_contact_time());
    if (session.dataset) {
      worker.set_lease(absl::StrCat("datasets/", session.dataset->hex));
    } else if (session.run && runs_.contains(session.run->value)) {
      worker.set_lease(absl::StrCat("experiments/",
                                    runs_.at(session.run->value).experiment,
                                    "/runs/", session.run->value));
    }
    workers.push_back(std::move(worker));
  }
  std::sort(workers.begin(), workers.end(),
            [](const v1::Worker& a, const v1::Worker& b) {
              return a.name() < b.name();
            });
  return workers;
}

void Engine::Drain(absl::Duration limit, Reply<bool> reply) {
  drains_.push_back(std::move(reply));
  drain_deadline_ = std::min(drain_deadline_, now_ + limit);
  if (!schedule_.draining) {
    schedule_.draining = true;
    for (const auto& [run, lease] : leases_) {
      if (lease.granted && lease.session != 0) {
        SendStop({run}, lease, Keep::kState);
      }
    }
  }
  CheckDrain();
}

void Engine::CheckDrain() {
  if (drains_.empty()) return;
  const bool all_stopped = leases_.empty();
  if (!all_stopped && now_ < drain_deadline_) return;
  for (Reply<bool>& reply : std::exchange(drains_, {})) reply(all_stopped);
}

}  // namespace steelyard::server
