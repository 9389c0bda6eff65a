#include "server/worker/serve.h"

#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/worker/inspect.h"
#include "server/worker/train_lease.h"
#include "support/status_macros.h"

namespace steelyard::worker {
namespace {

absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) +
         absl::Nanoseconds(duration.nanos());
}

const char* Describe(LeaseEnd end) {
  switch (end) {
    case LeaseEnd::kFinished:
      return "finished";
    case LeaseEnd::kStopped:
      return "stopped as asked";
    case LeaseEnd::kFenced:
      return "given up: the attempt is over";
    case LeaseEnd::kEnding:
      return "given up: the worker is asked to end";
    case LeaseEnd::kClosed:
      return "given up: the session is over";
  }
  return "ended";
}

// The launcher keeps the last lines of this for a run that loses its worker.
void Log(const std::string& line) {
  std::fprintf(stderr, "%s\n", line.c_str());
}

void Welcome(const v1::WorkerWelcome& welcome, LeaseOptions& options,
             SessionQueue& queue) {
  const absl::Duration idle = ToDuration(welcome.heartbeat_interval());
  if (idle > absl::ZeroDuration()) {
    queue.SetHeartbeatIntervals(idle, std::min(idle, absl::Milliseconds(250)));
  }
  const absl::Duration between = ToDuration(welcome.checkpoint_interval());
  if (between > absl::ZeroDuration()) options.checkpoint_interval = between;
}

void Train(const v1::TrainLease& lease, const LeaseOptions& options,
           const MemoryLimit& memory, SessionQueue& queue) {
  const std::string name =
      absl::StrCat("run ", lease.run_id(), ", attempt ", lease.attempt());
  Log(absl::StrCat(name, ": begins at step ", lease.checkpoint().step()));
  const LeaseEnd end = RunTrainLease(lease, options, memory, queue);
  queue.ClearProgress();
  Log(absl::StrCat(name, ": ", Describe(end)));
}

absl::Status InspectFile(const v1::InspectLease& lease, SessionQueue& queue) {
  const std::string name = absl::StrCat("dataset ", lease.file().dataset());
  Log(absl::StrCat(name, ": inspection begins"));
  STEELYARD_ASSIGN_OR_RETURN(v1::InspectionReport report, Inspect(lease));
  Log(absl::StrCat(name, report.has_summary() ? ": described" : ": rejected"));
  v1::SessionRequest message;
  *message.mutable_inspected() = std::move(report);
  queue.Send(std::move(message));
  return absl::OkStatus();
}

// A stop for a lease that has ended meanwhile: the server waits for its answer.
void AnswerStop(const v1::StopRun& stop, SessionQueue& queue) {
  v1::SessionRequest message;
  message.mutable_stopped()->set_run_id(stop.run_id());
  message.mutable_stopped()->set_attempt(stop.attempt());
  queue.Send(std::move(message));
}

absl::Status ServeMessages(LeaseOptions options, const MemoryLimit& memory,
                           SessionQueue& queue, bool& welcomed) {
  while (std::optional<v1::SessionResponse> message = queue.Receive()) {
    switch (message->event_case()) {
      case v1::SessionResponse::kWelcome:
        welcomed = true;
        Welcome(message->welcome(), options, queue);
        break;
      case v1::SessionResponse::kTrain:
        Train(message->train(), options, memory, queue);
        break;
      case v1::SessionResponse::kInspect:
        STEELYARD_RETURN_IF_ERROR(InspectFile(message->inspect(), queue));
        break;
      case v1::SessionResponse::kStop:
        AnswerStop(message->stop(), queue);
        break;
      case v1::SessionResponse::kAck:  // of a lease that has ended
        break;
      case v1::SessionResponse::EVENT_NOT_SET:
        return absl::InternalError(
            "session: want a message of this version, got another one");
    }
  }
  return absl::OkStatus();
}

}  // namespace

Served Serve(const v1::WorkerHello& hello, const LeaseOptions& options,
             const MemoryLimit& memory, SessionQueue& queue) {
  v1::SessionRequest message;
  *message.mutable_hello() = hello;
  queue.Send(std::move(message));
  Served served;
  served.status = ServeMessages(options, memory, queue, served.welcomed);
  queue.Finish();
  return served;
}

}  // namespace steelyard::worker
