#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine.h"
#include "server/failure.h"
#include "server/lease.h"
#include "server/report.h"

// The engine's leases: given, reported on, and ended without a result.
namespace steelyard::server {

void Engine::Assign() {
  if (now_ < leasing_pause_) return;
  schedule_.store_error.clear();
  while (const std::optional<Assignment> next = NextAssignment(schedule_)) {
    if (next->run) {
      Grant(next->session, *next->run);
    } else {
      Inspect(next->session, *next->inspection);
    }
    if (now_ < leasing_pause_) return;
  }
}

void Engine::Grant(SessionId session_id, storage::RunId run) {
  RunEntry& entry = runs_.at(run.value);
  Dequeue(run, entry);
  const storage::AttemptNumber attempt{entry.newest_attempt.value + 1};
  // No attempt runs, so what is read now still holds after the commit.
  absl::StatusOr<v1::TrainLease> message =
      ReadTrainLease(reader_, files_, run, attempt);
  if (!message.ok()) return OnUnreadable(run, entry, message.status());
  message->set_inflated_bytes_limit(options_.inflated_bytes_limit);
  message->set_artifact_bytes_limit(options_.artifact_bytes_limit);
  Session& session = sessions_.at(session_id);
  session.run = run;
  session.attempt = attempt;
  MakeBusy(session_id, absl::StrCat("run ", run.value));
  Lease& lease = leases_[run.value];
  lease.attempt = attempt;
  lease.session = session_id;
  lease.worker = session.hello.worker();
  if (message->has_checkpoint()) {
    lease.checkpoint_step = message->checkpoint().step();
    entry.steps = std::max(entry.steps, message->checkpoint().step());
    entry.training_s =
        std::max(entry.training_s, message->checkpoint().training_s());
  }
  CommitFor(run,
            storage::StartAttempt{.run = run,
                                  .attempt = attempt,
                                  .worker = session.hello.worker(),
                                  .host = session.hello.host(),
                                  .level = session.hello.level(),
                                  .numerics_id = session.hello.numerics_id(),
                                  .time = now_},
            [this, run, message = *std::move(message)](
                RunEntry& granted, const absl::Status& status) mutable {
              if (status.ok()) {
                OnGranted(run, granted, std::move(message));
              } else {
                OnNotGranted(run, granted, status);
              }
            });
}

void Engine::OnUnreadable(storage::RunId run, RunEntry& entry,
                          const absl::Status& status) {
  if (!absl::IsDataLoss(status) && !absl::IsNotFound(status)) {
    return RetryLater(run);
  }
  entry.failure = std::make_unique<storage::RunResult>(
      InternalFailure(std::string(status.message())));
  Advance(run);
}

void Engine::OnGranted(storage::RunId run, RunEntry& entry,
                       v1::TrainLease message) {
  Lease& lease = leases_.at(run.value);
  entry.state = storage::RunState::kStarting;
  entry.newest_attempt = lease.attempt;
  effects_.Changed(run);
  const SessionId session = lease.session;
  if (session != 0 && schedule_.draining) {
    lease.session = 0;
    lease.close = AttemptClose{.end = storage::AttemptEnd::kServerStopped,
                               .message = "the server is stopping"};
    MakeIdle(session);
  } else if (session != 0) {
    lease.granted = true;
    v1::SessionResponse response;
    *response.mutable_train() = std::move(message);
    effects_.Send(session, std::move(response));
  }
  Advance(run);
}

void Engine::OnNotGranted(storage::RunId run, RunEntry& entry,
                          const absl::Status& status) {
  const SessionId session = leases_.at(run.value).session;
  leases_.erase(run.value);
  if (IsRefusal(status)) {
    entry.failure = std::make_unique<storage::RunResult>(InternalFailure(
        absl::StrCat("the lease was refused: ", status.message())));
  } else {
    PauseLeasing(status);
  }
  Advance(run);
  if (session != 0) MakeIdle(session);
  CheckDrain();
}

void Engine::PauseLeasing(const absl::Status& status) {
  leasing_pause_ = now_ + options_.retry_interval;
  schedule_.store_error = std::string(status.message());
}

Lease* Engine::FindLease(storage::RunId run) {
  const auto found = leases_.find(run.value);
  return found == leases_.end() ? nullptr : &found->second;
}

Lease* Engine::LeaseOf(SessionId session, int64_t run, int64_t attempt) {
  Lease* lease = FindLease({run});
  if (lease == nullptr || lease->session != session || !lease->granted ||
      lease->attempt.value != attempt) {
    return nullptr;
  }
  return lease;
}

void Engine::OnReport(SessionId session_id, v1::RunReport report) {
  Lease* lease = LeaseOf(session_id, report.run_id(), report.attempt());
  if (lease == nullptr) {
    Acknowledge(session_id, report, /*fenced=*/true);
    const Session& session = sessions_.at(session_id);
    // It finished a run that has been ended meanwhile, and is free.
    if (report.has_result() && session.run &&
        session.run->value == report.run_id() &&
        session.attempt.value == report.attempt()) {
      MakeIdle(session_id);
    }
    return;
  }
  const auto size_bytes = static_cast<int64_t>(report.ByteSizeLong());
  const auto waiting = static_cast<int64_t>(lease->reports.size());
  if (waiting >= options_.waiting_reports_limit ||
      lease->reports_bytes + size_bytes >
          options_.waiting_reports_bytes_limit) {
    return DropSession(
        session_id, absl::ResourceExhaustedError(absl::StrCat(
                        "report: want at most ", options_.waiting_reports_limit,
                        " reports and ", options_.waiting_reports_bytes_limit,
                        " bytes without an acknowledgement, got ", waiting + 1,
                        " and ", lease->reports_bytes + size_bytes)));
  }
  lease->reports_bytes += size_bytes;
  lease->reports.push_back(std::move(report));
  Advance({lease->reports.back().run_id()});
}

void Engine::OnStopped(SessionId session_id, const v1::StoppedRun& stopped) {
  const Session& session = sessions_.at(session_id);
  if (!session.run || session.run->value != stopped.run_id() ||
      session.attempt.value != stopped.attempt()) {
    return;
  }
  Lease* lease = LeaseOf(session_id, stopped.run_id(), stopped.attempt());
  if (lease != nullptr) {
    lease->session = 0;
    lease->close =
        schedule_.draining
            ? AttemptClose{.end = storage::AttemptEnd::kServerStopped,
                           .message = "the server was drained"}
            : AttemptClose{.message = absl::StrCat("worker ", lease->worker,
                                                   " stopped by itself"),
                           .counts = true};
  }
  MakeIdle(session_id);
  Advance({stopped.run_id()});
}

void Engine::CommitReport(storage::RunId run, Lease& lease) {
  absl::StatusOr<storage::AddReport> change =
      ReportChange(lease.reports.front(), now_);
  if (!change.ok()) return OnNotReported(run, change.status());
  const ReportFacts facts = FactsOf(*change);
  CommitFor(run, *std::move(change),
            [this, run, facts](RunEntry& reported, const absl::Status& status) {
              if (status.ok()) {
                OnReported(run, reported, facts);
              } else {
                OnNotReported(run, status);
              }
            });
}

void Engine::OnReported(storage::RunId run, RunEntry& entry,
                        const ReportFacts& facts) {
  Lease& lease = leases_.at(run.value);
  Acknowledge(lease.session, PopReport(lease), /*fenced=*/false);
  lease.progressed |= facts.next_ordinal > entry.sample_count ||
                      facts.checkpoint_step > lease.checkpoint_step;
  entry.sample_count = std::max(entry.sample_count, facts.next_ordinal);
  entry.steps = std::max(entry.steps, facts.steps);
  entry.training_s = std::max(entry.training_s, facts.training_s);
  if (facts.has_samples) entry.state = storage::RunState::kRunning;
  if (facts.checkpoint_step >= 0) {
    lease.checkpoint_step = facts.checkpoint_step;
    entry.checkpoint_numerics_id = facts.checkpoint_numerics_id;
  }
  if (facts.end_state) {
    const SessionId session = lease.session;
    FinishRun(run, entry, *facts.end_state);
    if (session != 0) MakeIdle(session);
    return;
  }
  if (facts.is_visible) effects_.Changed(run);
  Advance(run);
}

void Engine::OnNotReported(storage::RunId run, const absl::Status& status) {
  if (!IsRefusal(status)) return RetryLater(run);
  Lease& lease = leases_.at(run.value);
  if (absl::IsFailedPrecondition(status)) {
    // Another hand than ours has changed the run.
    runs_.at(run.value).failure =
        std::make_unique<storage::RunResult>(InternalFailure(
            absl::StrCat("a report of attempt ", lease.attempt.value,
                         " was refused: ", status.message())));
    return Advance(run);
  }
  // The worker talks nonsense: as good as lost.
  lease.reports.clear();
  lease.reports_bytes = 0;
  if (lease.session != 0) return DropSession(lease.session, status);
  Advance(run);
}

v1::RunReport Engine::PopReport(Lease& lease) {
  v1::RunReport report = std::move(lease.reports.front());
  lease.reports.pop_front();
  lease.reports_bytes -= static_cast<int64_t>(report.ByteSizeLong());
  return report;
}

void Engine::CloseAttempt(storage::RunId run, RunEntry& entry, Lease& lease) {
  const AttemptClose& close = *lease.close;
  int losses = lease.progressed ? 0 : entry.losses_in_a_row;
  if (close.counts && !lease.progressed) ++losses;
  if (losses >= options_.losses_limit) {
    entry.failure = std::make_unique<storage::RunResult>(
        LossFailure(losses, close.message, LastWords(lease.worker)));
    return Fail(run, entry);
  }
  CommitFor(run,
            storage::EndAttempt{.run = run,
                                .attempt = lease.attempt,
                                .end = close.end,
                                .message = close.message,
                                .losses_in_a_row = losses,
                                .time = now_},
            [this, run, losses](RunEntry& closed, const absl::Status& status) {
              OnClosed(run, closed, losses, status);
            });
}

void Engine::OnClosed(storage::RunId run, RunEntry& entry, int losses,
                      const absl::Status& status) {
  if (!status.ok()) {
    if (!IsRefusal(status)) return RetryLater(run);
    entry.failure = std::make_unique<storage::RunResult>(InternalFailure(
        absl::StrCat("the end of an attempt was refused: ", status.message())));
    return Advance(run);
  }
  entry.state = storage::RunState::kQueued;
  entry.losses_in_a_row = losses;
  leases_.erase(run.value);
  effects_.Changed(run);
  Advance(run);
  Assign();
  CheckDrain();
}

void Engine::Acknowledge(SessionId session, const v1::RunReport& report,
                         bool fenced) {
  if (session == 0) return;
  v1::SessionResponse response;
  v1::ReportAck& ack = *response.mutable_ack();
  ack.set_run_id(report.run_id());
  ack.set_attempt(report.attempt());
  ack.set_report_number(report.report_number());
  ack.set_fenced(fenced);
  effects_.Send(session, std::move(response));
}

void Engine::SendStop(storage::RunId run, const Lease& lease, Keep keep) {
  v1::SessionResponse response;
  v1::StopRun& stop = *response.mutable_stop();
  stop.set_run_id(run.value);
  stop.set_attempt(lease.attempt.value);
  stop.set_checkpoint(keep == Keep::kState);
  effects_.Send(lease.session, std::move(response));
}

}  // namespace steelyard::server
