#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/engine.h"

// The engine's workers: how they come, what they say, how they go.
namespace steelyard::server {
namespace {

void SetDuration(absl::Duration from, google::protobuf::Duration* to) {
  to->set_seconds(absl::IDivDuration(from, absl::Seconds(1), &from));
  to->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(from)));
}

}  // namespace

void Engine::Connect(SessionId id, v1::WorkerHello hello) {
  if (static_cast<int64_t>(sessions_.size()) >= options_.sessions_limit) {
    return effects_.End(id, absl::ResourceExhaustedError(absl::StrCat(
                                "want at most ", options_.sessions_limit,
                                " workers, got ", sessions_.size() + 1)));
  }
  for (const auto& [other, session] : sessions_) {
    if (session.hello.worker() == hello.worker()) {
      return effects_.End(
          id, absl::AlreadyExistsError(absl::StrCat(
                  "worker: want a name that no connected worker has, got ",
                  hello.worker())));
    }
  }
  schedule_.workers[id] = {.name = hello.worker(),
                           .numerics_id = hello.numerics_id(),
                           .inspect_only = hello.inspect_only(),
                           .busy_with = "",
                           .inspecting_bytes = 0};
  sessions_[id] = {
      .hello = std::move(hello), .connect_time = now_, .contact_time = now_};
  v1::SessionResponse response;
  v1::WorkerWelcome& welcome = *response.mutable_welcome();
  SetDuration(options_.heartbeat_interval,
              welcome.mutable_heartbeat_interval());
  SetDuration(options_.checkpoint_interval,
              welcome.mutable_checkpoint_interval());
  effects_.Send(id, std::move(response));
  Assign();
}

void Engine::Receive(SessionId id, v1::SessionRequest message) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  found->second.contact_time = now_;
  switch (message.event_case()) {
    case v1::SessionRequest::kHeartbeat:
      return OnHeartbeat(id, message.heartbeat());
    case v1::SessionRequest::kReport:
      return OnReport(id, std::move(*message.mutable_report()));
    case v1::SessionRequest::kStopped:
      return OnStopped(id, message.stopped());
    case v1::SessionRequest::kInspected:
      return OnInspected(id, message.inspected());
    case v1::SessionRequest::kHello:
    case v1::SessionRequest::EVENT_NOT_SET:
      return DropSession(
          id, absl::InvalidArgumentError(
                  "event: want heartbeat, report, stopped or inspected, got "
                  "another"));
  }
}

void Engine::OnHeartbeat(SessionId id, const v1::WorkerHeartbeat& heartbeat) {
  Lease* lease = LeaseOf(id, heartbeat.run_id(), heartbeat.attempt());
  if (lease == nullptr || !heartbeat.has_progress()) return;
  lease->progress = heartbeat.progress();
  effects_.Changed({heartbeat.run_id()});
}

void Engine::Disconnect(SessionId id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  LoseSession(id, absl::StrCat("worker ", found->second.hello.worker(),
                               " is gone: its session ended"));
}

void Engine::DropSession(SessionId id, const absl::Status& why) {
  effects_.End(id, why);
  LoseSession(id, std::string(why.message()));
}

void Engine::LoseSession(SessionId id, const std::string& message) {
  const auto found = sessions_.find(id);
  const Session session = std::move(found->second);
  sessions_.erase(found);
  schedule_.workers.erase(id);
  if (session.dataset) {
    LoseInspection(*session.dataset, session.hello.worker(), message);
  }
  if (!session.run) return;
  Lease* lease = FindLease(*session.run);
  if (lease == nullptr || lease->session != id) return;
  lease->session = 0;
  const bool draining = schedule_.draining;
  lease->close = AttemptClose{
      .end = draining ? storage::AttemptEnd::kServerStopped
                      : storage::AttemptEnd::kWorkerLost,
      .message = message,
      // Of a lease that was not sent yet it can't be the run's fault.
      .counts = lease->granted && !draining};
  Advance(*session.run);
}

void Engine::MakeBusy(SessionId session, std::string with) {
  WorkerSlot& worker = schedule_.workers.at(session);
  worker.busy_with = std::move(with);
  worker.inspecting_bytes = 0;
}

void Engine::MakeIdle(SessionId id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  Session& session = found->second;
  session.run.reset();
  session.dataset.reset();
  session.stop_deadline = absl::InfiniteFuture();
  MakeBusy(id, "");
  Assign();
}

std::string Engine::LastWords(const std::string& worker) const {
  return WordsOf(worker,
                 executor_.LastLogLines(worker, options_.log_lines_in_result));
}

std::string Engine::WordsOf(const std::string& worker,
                            const std::vector<std::string>& lines) {
  if (lines.empty()) return "";
  return absl::StrCat("\nthe last lines of worker ", worker, ":\n",
                      absl::StrJoin(lines, "\n"));
}

}  // namespace steelyard::server
