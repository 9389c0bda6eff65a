#include "client/cli/run_follower.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/samples.h"
#include "support/status_macros.h"

namespace steelyard::cli {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(50);

// A server that is stopped or drained ends its streams in one of these ways, or
// with OK before the run has ended.
bool MayBeTakenUp(const grpc::Status& status) {
  return status.ok() || status.error_code() == grpc::StatusCode::UNAVAILABLE ||
         status.error_code() == grpc::StatusCode::CANCELLED;
}

}  // namespace

RunFollower::RunFollower(Connection& connection, std::vector<FollowedRun> runs,
                         const FollowLimits& limits)
    : connection_(connection), runs_(std::move(runs)), limits_(limits) {}

RunFollower::~RunFollower() {
  // A call must not go before its end was told.
  size_t open = 0;
  for (const Stream& stream : streams_) {
    if (stream.call == nullptr) continue;
    stream.call->Cancel();
    ++open;
  }
  while (open > 0) {
    const std::optional<WatchEvent> event =
        events_.Take(absl::InfiniteDuration());
    if (!event) continue;
    if (event->kind == WatchEvent::Kind::kEnd) {
      --open;
    } else {
      streams_[event->run].call->Next();
    }
  }
}

absl::Status RunFollower::Follow(FollowListener& listener,
                                 const Interrupt& interrupt) {
  streams_.resize(runs_.size());
  for (size_t run = 0; run < runs_.size(); ++run) {
    streams_[run].backoff = limits_.first_backoff;
    Start(run, absl::Now());
  }
  while (!AllEnded() && !interrupt.raised()) {
    const std::optional<WatchEvent> event = events_.Take(kTick);
    if (event) STEELYARD_RETURN_IF_ERROR(OnEvent(*event, listener));
    const absl::Time now = absl::Now();
    OnTime(now);
    listener.OnTick(now);
  }
  return absl::OkStatus();
}

void RunFollower::Start(size_t run, absl::Time now) {
  v1::WatchRunRequest request;
  request.set_name(runs_[run].name);
  request.set_from_sample(runs_[run].next_sample);
  Stream& stream = streams_[run];
  stream.restart = absl::InfiniteFuture();
  stream.last_message = now;
  stream.silent = false;
  stream.call = std::make_unique<WatchCall>(connection_, request, run, events_);
}

absl::Status RunFollower::OnEvent(const WatchEvent& event,
                                  FollowListener& listener) {
  if (event.kind == WatchEvent::Kind::kEnd) {
    return OnEnd(event.run, event.status, listener);
  }
  absl::Status status = OnMessage(event.run, listener);
  // After a fault too: a call without a read on its way would never end.
  streams_[event.run].call->Next();
  return status;
}

absl::Status RunFollower::OnMessage(size_t run, FollowListener& listener) {
  Stream& stream = streams_[run];
  v1::WatchRunResponse& message = stream.call->message();
  stream.last_message = absl::Now();
  stream.backoff = limits_.first_backoff;
  if (stream.broken_since != absl::InfiniteFuture()) {
    stream.broken_since = absl::InfiniteFuture();
    listener.OnHealed(run);
  }
  if (message.state() != v1::RUN_STATE_UNSPECIFIED) {
    listener.OnState(run, message.state());
  }
  if (message.has_samples()) {
    STEELYARD_RETURN_IF_ERROR(
        TakeUnseen(*message.mutable_samples(), runs_[run].next_sample));
    if (message.samples().value_count_size() > 0) {
      listener.OnSamples(run, message.samples());
    }
  }
  if (message.has_progress()) listener.OnProgress(run, message.progress());
  if (message.has_run()) {
    runs_[run].ended = std::move(*message.mutable_run());
    listener.OnEnded(run, *runs_[run].ended);
  }
  return absl::OkStatus();
}

absl::Status RunFollower::OnEnd(size_t run, const grpc::Status& status,
                                FollowListener& listener) {
  Stream& stream = streams_[run];
  stream.call.reset();
  if (runs_[run].ended) return absl::OkStatus();
  absl::Status error = connection_.ToStatus(status);
  if (!MayBeTakenUp(status)) return error;
  if (status.ok()) error = absl::UnavailableError("the stream ended early");
  if (stream.silent) {
    error = absl::UnavailableError(absl::StrCat(
        "server ", connection_.address().text, ": no sign of life for ",
        absl::FormatDuration(limits_.silence)));
  }
  const absl::Time now = absl::Now();
  stream.broken_since = std::min(stream.broken_since, now);
  if (now - stream.broken_since >= limits_.give_up) {
    return absl::UnavailableError(error.message());
  }
  stream.restart = now + stream.backoff;
  listener.OnBroken(run, error, stream.backoff);
  stream.backoff = std::min(2 * stream.backoff, limits_.largest_backoff);
  return absl::OkStatus();
}

void RunFollower::OnTime(absl::Time now) {
  for (size_t run = 0; run < streams_.size(); ++run) {
    Stream& stream = streams_[run];
    if (stream.call == nullptr && stream.restart <= now) Start(run, now);
    if (stream.call != nullptr && !stream.silent &&
        now - stream.last_message >= limits_.silence) {
      stream.silent = true;
      stream.call->Cancel();
    }
  }
}

bool RunFollower::AllEnded() const {
  return std::all_of(runs_.begin(), runs_.end(), [](const FollowedRun& run) {
    return run.ended.has_value();
  });
}

}  // namespace steelyard::cli
