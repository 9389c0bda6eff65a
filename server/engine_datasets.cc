#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/engine.h"
#include "server/failure.h"
#include "server/lease.h"

// The engine's datasets: who inspects which, and what waits for it.
namespace steelyard::server {

void Engine::AddDataset(storage::AddDataset dataset,
                        Reply<storage::Sha256> reply) {
  const storage::Sha256 sha256 = dataset.sha256;
  const int64_t size_bytes = dataset.size_bytes;
  dataset.time = now_;
  effects_.Commit(
      std::move(dataset), [this, sha256, size_bytes, reply = std::move(reply)](
                              const absl::Status& status) mutable {
        if (!status.ok()) return reply(status);
        const absl::StatusOr<storage::DatasetRow> row =
            reader_.GetDataset(sha256, "");
        // Inspecting one that is READY does no harm.
        if (!row.ok() || row->state == storage::DatasetState::kPending) {
          AddPending(sha256, size_bytes);
        }
        reply(sha256);
        Assign();
        CheckInspectors();
      });
}

void Engine::AddPending(const storage::Sha256& dataset, int64_t size_bytes) {
  inspections_[dataset].size_bytes = size_bytes;
  AdvanceInspection(dataset);
}

void Engine::AdvanceInspection(const storage::Sha256& dataset) {
  const auto found = inspections_.find(dataset);
  if (found == inspections_.end()) return;
  Inspection& inspection = found->second;
  if (inspection.changing) return;
  if (inspection.finish) {
    inspection.changing = true;
    return effects_.Commit(*inspection.finish,
                           [this, dataset](const absl::Status& status) {
                             OnInspectionStored(dataset, status);
                           });
  }
  if (inspection.queued || inspection.session != 0) return;
  inspection.queued = true;
  schedule_.inspections.emplace(inspection.size_bytes, dataset);
}

void Engine::Inspect(SessionId session, const storage::Sha256& assigned) {
  const storage::Sha256 dataset = assigned;
  Inspection& inspection = inspections_.at(dataset);
  schedule_.inspections.erase({inspection.size_bytes, dataset});
  inspection.queued = false;
  absl::StatusOr<v1::InspectLease> lease =
      ReadInspectLease(reader_, files_, dataset);
  if (!lease.ok()) {
    inspection_retries_.emplace_back(now_ + options_.retry_interval, dataset);
    return;
  }
  lease->set_inflated_bytes_limit(options_.inflated_bytes_limit);
  inspection.session = session;
  sessions_.at(session).dataset = dataset;
  sessions_.at(session).inspect_time = now_;
  MakeBusy(session, absl::StrCat("dataset ", dataset.hex.substr(0, 12)));
  schedule_.workers.at(session).inspecting_bytes = inspection.size_bytes;
  v1::SessionResponse response;
  *response.mutable_inspect() = *std::move(lease);
  effects_.Send(session, std::move(response));
}

void Engine::OnInspected(SessionId session,
                         const v1::InspectionReport& report) {
  absl::StatusOr<storage::FinishInspection> change =
      InspectionChange(report, now_);
  if (!change.ok()) return DropSession(session, change.status());
  if (sessions_.at(session).dataset != change->sha256) return;
  const storage::Sha256 dataset = change->sha256;
  Inspection& inspection = inspections_.at(dataset);
  inspection.session = 0;
  inspection.finish = *std::move(change);
  MakeIdle(session);
  AdvanceInspection(dataset);
}

// A worker reads the files of many users.
std::string Engine::LastWordsOn(const std::string& worker,
                                const storage::Sha256& dataset) const {
  std::vector<std::string> lines =
      executor_.LastLogLines(worker, options_.log_lines_in_result);
  const auto names = [](const std::string& line, const std::string& hex) {
    return line.find("sha256/" + hex) != std::string::npos;
  };
  const auto begin = std::find_if(
      lines.rbegin(), lines.rend(),
      [&](const std::string& line) { return names(line, dataset.hex); });
  if (begin != lines.rend()) lines.erase(lines.begin(), begin.base() - 1);
  std::erase_if(lines, [&](const std::string& line) {
    return names(line, "") && !names(line, dataset.hex);
  });
  return WordsOf(worker, lines);
}

void Engine::LoseInspection(const storage::Sha256& dataset,
                            const std::string& worker,
                            const std::string& message) {
  Inspection& inspection = inspections_.at(dataset);
  inspection.session = 0;
  if (!schedule_.draining) ++inspection.losses;
  if (inspection.losses >= options_.losses_limit) {
    inspection.finish = storage::FinishInspection{
        .sha256 = dataset,
        .summary = "",
        .rejection = absl::StrCat(
            "want a file that a worker can read, got one that ended ",
            inspection.losses,
            " workers in a row; put it again to have it read once more; the "
            "last: ",
            message, LastWordsOn(worker, dataset)),
        .time = now_};
  }
  AdvanceInspection(dataset);
  Assign();
}

void Engine::OnInspectionStored(const storage::Sha256& dataset,
                                const absl::Status& status) {
  Inspection& inspection = inspections_.at(dataset);
  inspection.changing = false;
  if (status.ok()) {
    return FinishInspection(dataset, inspection.finish->rejection);
  }
  if (IsRefusal(status)) {
    // It was not PENDING: what the store says holds.
    const absl::StatusOr<storage::DatasetRow> row =
        reader_.GetDataset(dataset, "");
    if (row.ok()) return FinishInspection(dataset, row->rejection);
  }
  inspection_retries_.emplace_back(now_ + options_.retry_interval, dataset);
}

void Engine::FinishInspection(const storage::Sha256& dataset,
                              std::string words) {
  const std::string rejection = std::move(words);
  const std::set<int64_t> runs = std::move(inspections_.at(dataset).runs);
  inspections_.erase(dataset);
  for (const int64_t run : runs) {
    RunEntry& entry = runs_.at(run);
    std::erase(entry.pending_datasets, dataset);
    if (!rejection.empty()) {
      entry.failure = std::make_unique<storage::RunResult>(
          DatasetFailure(dataset, rejection));
    }
    Advance({run});
  }
  Assign();
  CheckInspectors();
}

void Engine::CheckInspectors() {
  if (!schedule_.inspectors_apart) return;
  if (!inspections_.empty() && !schedule_.draining) {
    inspectors_idle_since_ = now_;
    return KeepInspectors(SmallFileWaits() ? 2 : std::max(inspectors_, 1));
  }
  if (inspectors_ == 0) return;
  if (now_ - inspectors_idle_since_ < options_.inspector_idle_limit) return;
  RetireInspectors();
  KeepInspectors(0);
}

void Engine::KeepInspectors(int count) {
  if (count == inspectors_) return;
  inspectors_ = count;
  executor_.KeepInspectors(count);
}

// Whether another inspector would be of use.
bool Engine::SmallFileWaits() const {
  if (!MayInspectNext(schedule_)) return false;
  return std::any_of(
      sessions_.begin(), sessions_.end(), [this](const auto& session) {
        return session.second.dataset && now_ - session.second.inspect_time >=
                                             options_.inspector_busy_limit;
      });
}

void Engine::RetireInspectors() {
  std::vector<SessionId> idle;
  for (const auto& [id, session] : sessions_) {
    if (session.hello.inspect_only() && !session.dataset) idle.push_back(id);
  }
  for (const SessionId id : idle) {
    effects_.End(id, absl::OkStatus());
    LoseSession(id, "");
  }
}

}  // namespace steelyard::server
