#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/engine.h"
#include "server/failure.h"
#include "support/status_macros.h"

// The engine's requests: submissions and cancellations.
namespace steelyard::server {

void Engine::SubmitRun(storage::AddRun run, Reply<storage::RunId> reply) {
  const RequestIds::Key key{run.user, run.request_id};
  const bool keyed = !run.request_id.empty();
  if (keyed) {
    if (RequestIds::Entry* entry = requests_.Find(key); entry != nullptr) {
      return AnswerRepeat(key, *entry,
                          {std::move(run.submitted_spec), std::move(reply)});
    }
  }
  if (absl::Status full = CheckRoom(run); !full.ok()) {
    return reply(std::move(full));
  }
  absl::StatusOr<std::vector<storage::Sha256>> pending =
      PendingOf(run.datasets);
  if (!pending.ok()) return reply(std::move(pending).status());
  run.run = {++last_run_id_};
  run.create_time = now_;
  RunEntry entry{.user = run.user,
                 .experiment = run.experiment,
                 .pending_datasets = *std::move(pending)};
  if (keyed) {
    requests_.Add(key, {.run = run.run, .create_time = now_, .repeats = {}});
  }
  ++adding_;
  const storage::RunId id = run.run;
  effects_.Commit(
      std::move(run),
      [this, id, key, keyed, entry = std::move(entry),
       reply = std::move(reply)](const absl::Status& status) mutable {
        --adding_;
        if (status.ok()) {
          last_stored_run_id_ = id.value;
          Added(id, std::move(entry));
          reply(id);
        } else {
          TakeBackNumbers();
          reply(status);
        }
        if (keyed) AnswerRepeats(key, status);
      });
}

void Engine::TakeBackNumbers() {
  if (adding_ == 0) last_run_id_ = last_stored_run_id_;
}

void Engine::AnswerRepeats(const RequestIds::Key& key,
                           const absl::Status& status) {
  std::vector<RequestIds::Repeat> repeats = requests_.TakeRepeats(key);
  if (!status.ok()) {
    requests_.Remove(key);
    for (RequestIds::Repeat& repeat : repeats) repeat.reply(status);
    return;
  }
  RequestIds::Entry* entry = requests_.Find(key);
  entry->stored = true;
  for (RequestIds::Repeat& repeat : repeats) {
    AnswerRepeat(key, *entry, std::move(repeat));
  }
}

void Engine::AnswerRepeat(const RequestIds::Key& key, RequestIds::Entry& entry,
                          RequestIds::Repeat repeat) {
  if (!entry.stored) {
    entry.repeats.push_back(std::move(repeat));
    return;
  }
  const absl::StatusOr<storage::RunRow> first = reader_.GetRun(entry.run);
  if (!first.ok()) return repeat.reply(first.status());
  if (!SameSpec(first->submitted_spec, repeat.submitted_spec)) {
    return repeat.reply(absl::AlreadyExistsError(
        absl::StrCat("request_id: want a new id for another spec, got ",
                     key.second, ", which submitted experiments/",
                     first->experiment, "/runs/", entry.run.value)));
  }
  repeat.reply(entry.run);
}

absl::Status Engine::CheckRoom(const storage::AddRun& run) const {
  if (schedule_.draining) {
    return absl::UnavailableError(
        "the server is stopping: submit again when it is back");
  }
  const int64_t queued = GetStatus().queued_runs + adding_;
  if (queued >= options_.queued_runs_limit) {
    return absl::ResourceExhaustedError(
        absl::StrCat("want fewer than ", options_.queued_runs_limit,
                     " runs in the queue, got ", queued,
                     ": submit again when some are done"));
  }
  if (!run.request_id.empty() &&
      requests_.size() >= options_.request_ids_limit) {
    return absl::ResourceExhaustedError(
        absl::StrCat("request_id: want fewer than ", options_.request_ids_limit,
                     " kept, got ", requests_.size(), ": submit without one"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<storage::Sha256>> Engine::PendingOf(
    const std::vector<storage::Sha256>& datasets) {
  std::vector<storage::Sha256> pending;
  for (const storage::Sha256& dataset : datasets) {
    if (inspections_.contains(dataset)) {
      pending.push_back(dataset);
      continue;
    }
    // The caller's check may have seen it PENDING.
    STEELYARD_ASSIGN_OR_RETURN(const storage::DatasetRow row,
                               reader_.GetDataset(dataset, ""));
    if (row.state == storage::DatasetState::kRejected) {
      return absl::InvalidArgumentError(
          DatasetFailure(dataset, row.rejection).message);
    }
  }
  return pending;
}

void Engine::Added(storage::RunId run, RunEntry entry) {
  // What was found out about its datasets while it was with the writer.
  std::vector<storage::Sha256> pending;
  for (const storage::Sha256& dataset : entry.pending_datasets) {
    const auto found = inspections_.find(dataset);
    if (found != inspections_.end()) {
      found->second.runs.insert(run.value);
      pending.push_back(dataset);
      continue;
    }
    const absl::StatusOr<storage::DatasetRow> row =
        reader_.GetDataset(dataset, "");
    if (row.ok() && row->state == storage::DatasetState::kRejected) {
      entry.failure = std::make_unique<storage::RunResult>(
          DatasetFailure(dataset, row->rejection));
    }
  }
  entry.pending_datasets = std::move(pending);
  runs_.emplace(run.value, std::move(entry));
  Advance(run);
  Assign();
}

void Engine::CancelRun(const CancelRequest& request,
                       Reply<storage::RunId> reply) {
  const auto found = runs_.find(request.run.value);
  if (found == runs_.end()) return CancelEnded(request, std::move(reply));
  if (!request.may_cancel_all && found->second.user != request.user) {
    return reply(NotOwner(request.run, found->second.user));
  }
  found->second.cancels.push_back(std::move(reply));
  Advance(request.run);
}

void Engine::CancelEnded(const CancelRequest& request,
                         Reply<storage::RunId> reply) {
  const absl::StatusOr<storage::RunRow> row = reader_.GetRun(request.run);
  if (!row.ok()) return reply(row.status());
  if (!request.may_cancel_all && row->user != request.user) {
    return reply(NotOwner(request.run, row->user));
  }
  if (row->state == storage::RunState::kCancelled) return reply(request.run);
  reply(HasEnded(request.run, row->state));
}

}  // namespace steelyard::server
