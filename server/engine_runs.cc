#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine.h"
#include "server/failure.h"

// The engine's runs: what is next for each, and how they end.
namespace steelyard::server {
namespace {

// Runs that are failed at the same time without a worker's word.
constexpr int64_t kFailingLimit = 1'000;

}  // namespace

void Engine::Advance(storage::RunId run) {
  const auto found = runs_.find(run.value);
  if (found == runs_.end() || found->second.changing) return;
  RunEntry& entry = found->second;
  if (!entry.cancels.empty()) return Cancel(run, entry);
  if (entry.failure != nullptr) return Fail(run, entry);
  Lease* lease = FindLease(run);
  if (lease == nullptr) return Enqueue(run, entry);
  if (!lease->reports.empty()) return CommitReport(run, *lease);
  if (lease->close) CloseAttempt(run, entry, *lease);
}

void Engine::Enqueue(storage::RunId run, RunEntry& entry) {
  if (entry.in_queue || !entry.pending_datasets.empty()) return;
  schedule_.queue.Add(run, entry.checkpoint_numerics_id);
  entry.in_queue = true;
}

void Engine::Dequeue(storage::RunId run, RunEntry& entry) {
  if (!entry.in_queue) return;
  schedule_.queue.Remove(run, entry.checkpoint_numerics_id);
  entry.in_queue = false;
}

void Engine::CommitFor(storage::RunId run, storage::Change change,
                       RunOutcome outcome) {
  RunEntry& entry = runs_.at(run.value);
  Dequeue(run, entry);
  entry.changing = true;
  effects_.Commit(std::move(change), [this, run, outcome = std::move(outcome)](
                                         const absl::Status& status) mutable {
    RunEntry& changed = runs_.at(run.value);
    changed.changing = false;
    if (Lease* lease = FindLease(run); lease != nullptr) {
      const bool refused_by_disk = !status.ok() && !IsRefusal(status);
      lease->store_error = refused_by_disk ? std::string(status.message()) : "";
    }
    outcome(changed, status);
  });
}

void Engine::RetryLater(storage::RunId run) {
  retries_.emplace_back(now_ + options_.retry_interval, run);
}

void Engine::Cancel(storage::RunId run, RunEntry& entry) {
  storage::RunResult result;
  result.ended_by = v1::ENDED_BY_CANCELLATION;
  CommitEnd(run, entry,
            {.run = run,
             .state = storage::RunState::kCancelled,
             .attempt_end = storage::AttemptEnd::kCancelled,
             .result = std::move(result),
             .time = now_});
}

void Engine::Fail(storage::RunId run, RunEntry& entry) {
  if (ending_ >= kFailingLimit) {
    Dequeue(run, entry);
    to_fail_.push_back(run);
    return;
  }
  CommitEnd(run, entry,
            {.run = run,
             .state = storage::RunState::kFailed,
             .attempt_end = storage::AttemptEnd::kWorkerLost,
             .result = *entry.failure,
             .time = now_});
}

void Engine::CommitEnd(storage::RunId run, RunEntry& entry,
                       storage::EndRun change) {
  const storage::RunState state = change.state;
  ReadWork(run, entry);
  change.result.steps = entry.steps;
  change.result.training_s = entry.training_s;
  ++ending_;
  CommitFor(run, std::move(change),
            [this, run, state](RunEntry& ended, const absl::Status& status) {
              --ending_;
              if (status.ok()) {
                StopLeaseOfEnded(run);
                FinishRun(run, ended, state);
              } else {
                OnNotEnded(run, ended, status);
              }
              while (ending_ < kFailingLimit && !to_fail_.empty()) {
                const storage::RunId next = to_fail_.front();
                to_fail_.pop_front();
                Advance(next);
              }
            });
}

// A run that was loaded knows its checkpoint's place only, and the rest is on
// disk.
void Engine::ReadWork(storage::RunId run, RunEntry& entry) {
  if (entry.steps != 0 || entry.checkpoint_numerics_id.empty()) return;
  const absl::StatusOr<std::optional<storage::Checkpoint>> checkpoint =
      reader_.LastCheckpoint(run);
  if (!checkpoint.ok() || !*checkpoint) return;
  entry.steps = (*checkpoint)->step;
  entry.training_s = (*checkpoint)->training_s;
}

void Engine::OnNotEnded(storage::RunId run, RunEntry& entry,
                        const absl::Status& status) {
  for (Reply<storage::RunId>& reply : std::exchange(entry.cancels, {})) {
    reply(status);
  }
  if (!IsRefusal(status)) return RetryLater(run);
  // Another hand than ours has ended it.
  StopLeaseOfEnded(run);
  FinishRun(run, entry, storage::RunState::kFailed);
}

void Engine::FinishRun(storage::RunId run, RunEntry& entry,
                       storage::RunState state) {
  std::vector<Reply<storage::RunId>> cancels = std::move(entry.cancels);
  for (const storage::Sha256& dataset : entry.pending_datasets) {
    const auto found = inspections_.find(dataset);
    if (found != inspections_.end()) found->second.runs.erase(run.value);
  }
  leases_.erase(run.value);
  runs_.erase(run.value);
  effects_.Ended(run);
  for (Reply<storage::RunId>& reply : cancels) {
    if (state == storage::RunState::kCancelled) {
      reply(run);
    } else {
      reply(HasEnded(run, state));
    }
  }
  Assign();
  CheckDrain();
}

void Engine::StopLeaseOfEnded(storage::RunId run) {
  Lease* lease = FindLease(run);
  if (lease == nullptr || lease->session == 0) return;
  for (const v1::RunReport& report : lease->reports) {
    Acknowledge(lease->session, report, /*fenced=*/true);
  }
  SendStop(run, *lease, Keep::kNothing);
  sessions_.at(lease->session).stop_deadline = now_ + options_.stop_limit;
}

}  // namespace steelyard::server
