#include "server/run_watch.h"

#include <utility>

#include "google/protobuf/util/message_differencer.h"
#include "server/convert.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

absl::Status Gone() {
  return absl::CancelledError("watch: the client has gone");
}

absl::Status Stopping() {
  return absl::UnavailableError(
      "server: is stopping; watch again from the sample after the last one");
}

}  // namespace

void RunWatch::OnWritten(bool sent) {
  if (!sent) return sink_->Finish(Gone());
  if (is_last_) return sink_->Finish(absl::OkStatus());
  const bool was_heartbeat = !response_.has_samples() &&
                             !response_.has_progress() &&
                             response_.state() == v1::RUN_STATE_UNSPECIFIED;
  // After a heartbeat there is nothing new to read.
  if (was_heartbeat) return Wait();
  Advance();
}

void RunWatch::Cancel() {
  cancelled_ = true;
  // Else someone else has the turn, and sees the note.
  if (parts_.hub->Stop(name_.run, this)) sink_->Finish(Gone());
}

void RunWatch::Advance() {
  if (cancelled_) return sink_->Finish(Gone());
  // Before the read: a change that comes during it is seen as one.
  seen_ = parts_.hub->Version(name_.run);
  parts_.pool->PostAdmitted([this](storage::Reader& reader) { Read(reader); });
}

void RunWatch::Read(storage::Reader& reader) {
  response_.Clear();
  if (absl::Status bad = ReadStore(reader); !bad.ok()) {
    return sink_->Finish(bad);
  }
  if (is_last_ || sent_state_ != v1::RUN_STATE_RUNNING) return Send();
  // The reply comes on the engine's thread, which must not serialise responses.
  parts_.live(name_.run, [this](absl::StatusOr<LiveRun> live) {
    parts_.pool->PostAdmitted([this, live = std::move(live)](storage::Reader&) {
      AddProgress(live);
      Send();
    });
  });
}

// Fills the response with what is stored and not sent.
absl::Status RunWatch::ReadStore(storage::Reader& reader) {
  STEELYARD_ASSIGN_OR_RETURN(const storage::RunHead head,
                             FindRun(reader, name_));
  const auto state = static_cast<v1::RunState>(head.state);
  if (state != sent_state_) response_.set_state(sent_state_ = state);
  if (next_ < head.sample_count) {
    STEELYARD_ASSIGN_OR_RETURN(
        storage::Samples samples,
        reader.ReadSamples(name_.run, next_, parts_.max_values));
    next_ = samples.next_ordinal();
    *response_.mutable_samples() = ToSampleBatch(std::move(samples));
    return absl::OkStatus();
  }
  // The last samples are committed with the end, so all have been sent.
  if (storage::IsEnded(head.state)) {
    STEELYARD_ASSIGN_OR_RETURN(*response_.mutable_run(),
                               ReadRun(reader, name_));
    is_last_ = true;
  }
  return absl::OkStatus();
}

void RunWatch::AddProgress(const absl::StatusOr<LiveRun>& live) {
  // Without an answer of the engine the stream goes on: progress is news, not
  // record.
  if (!live.ok() || live->progress.step() == 0) return;
  if (google::protobuf::util::MessageDifferencer::Equals(live->progress,
                                                         sent_progress_)) {
    return;
  }
  sent_progress_ = live->progress;
  *response_.mutable_progress() = live->progress;
}

void RunWatch::Send() {
  const bool has_news = response_.has_samples() || response_.has_progress() ||
                        response_.has_run() ||
                        response_.state() != v1::RUN_STATE_UNSPECIFIED;
  if (!has_news) return Wait();
  sent_time_ = parts_.clock();
  sink_->Write(response_);
}

// Nothing may follow the call of WaitForChange but one step: after kWaits
// `this` may be gone.
void RunWatch::Wait() {
  if (cancelled_) return sink_->Finish(Gone());
  if (parts_.clock() - sent_time_ >= parts_.heartbeat) {
    response_.Clear();
    sent_time_ = parts_.clock();
    return sink_->Write(response_);
  }
  switch (parts_.hub->WaitForChange(name_.run, seen_, this)) {
    case WatchHub::Next::kChanged:
      return Advance();
    case WatchHub::Next::kWaits:
      return;
    case WatchHub::Next::kStopped:
      return sink_->Finish(cancelled_ ? Gone() : Stopping());
  }
}

}  // namespace steelyard::server
