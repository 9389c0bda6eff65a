#include "server/worker/train_lease.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/worker/artifact.h"
#include "server/worker/failure.h"
#include "server/worker/make_trainer.h"
#include "server/worker/run_artifacts.h"
#include "server/worker/snapshots.h"
#include "support/status_macros.h"
#include "training/trainer.h"

namespace steelyard::worker {
namespace {

absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) +
         absl::Nanoseconds(duration.nanos());
}

google::protobuf::Duration ToProto(double seconds) {
  google::protobuf::Duration duration;
  const double whole = std::floor(seconds);
  duration.set_seconds(static_cast<int64_t>(whole));
  duration.set_nanos(static_cast<int32_t>((seconds - whole) * 1e9));
  return duration;
}

class TrainLoop {
 public:
  TrainLoop(const v1::TrainLease& lease, const LeaseOptions& options,
            SessionQueue& queue)
      : lease_(lease),
        options_(options),
        queue_(queue),
        reporter_(lease.run_id(), lease.attempt(), options, queue) {}

  // Makes the trainer and stands where the checkpoint says.
  absl::Status Start(const MemoryLimit& memory);
  // How the lease ended meanwhile, if it did.
  const std::optional<LeaseEnd>& ended() const { return ended_; }
  // Trains until the run or the lease ends.
  // Errors: those of training; the run has then failed.
  absl::StatusOr<LeaseEnd> Train();
  // Ends the run.
  LeaseEnd Fail(const absl::Status& status);

 private:
  // Trains for about options_.slice and adapts the number of steps to it.
  absl::Status TrainSlice();
  absl::Status EvaluateOnceMore();
  // Takes what has come; the lease's end when it says so.
  std::optional<LeaseEnd> HandleMessages();
  std::optional<LeaseEnd> Handle(const v1::SessionResponse& message);
  std::optional<LeaseEnd> HandleState();
  // Sends the snapshots of the step where the trainer stands, if any is wanted.
  std::optional<LeaseEnd> SendSnapshots();
  std::optional<LeaseEnd> SendAll(const std::vector<PlannedArtifact>& plan);
  // Sends what the run gives besides samples, as far as there is room for it;
  // the lease's end when it comes meanwhile.
  std::optional<LeaseEnd> SendArtifacts();
  std::optional<LeaseEnd> SendPlanned(const PlannedArtifact& planned);
  std::optional<LeaseEnd> SendArtifact(const Artifact& artifact);
  LeaseEnd Stop(bool with_checkpoint);
  LeaseEnd Finish(v1::RunResult result);
  void SendStopped();
  // Sends what is gathered, with the state.
  void SendCheckpoint();

  const v1::TrainLease& lease_;
  const LeaseOptions& options_;
  SessionQueue& queue_;
  Reporter reporter_;
  std::unique_ptr<training::Trainer> trainer_;
  std::optional<double> wall_time_s_;
  double training_s_ = 0;    // over all attempts
  double checkpoint_s_ = 0;  // training_s_ at the last checkpoint
  int64_t slice_steps_ = 1;
  std::vector<int64_t> snapshot_steps_;  // still to come, the next one last
  int64_t artifact_bytes_ = 0;           // sent
  std::string left_out_;           // artifacts that could not be had, and why
  bool finishing_ = false;         // the result is sent
  std::optional<LeaseEnd> ended_;  // before there was a trainer
};

absl::Status TrainLoop::Start(const MemoryLimit& memory) {
  queue_.SetProgress(lease_.run_id(), lease_.attempt(),
                     lease_.checkpoint().step());
  STEELYARD_ASSIGN_OR_RETURN(trainer_, MakeTrainer(lease_, memory, [this] {
                               ended_ = HandleMessages();
                               return ended_.has_value();
                             }));
  reporter_.SetMetrics(trainer_->metrics());
  reporter_.SetAbsent(trainer_->absent());
  if (lease_.spec().stop().has_wall_time()) {
    wall_time_s_ =
        absl::ToDoubleSeconds(ToDuration(lease_.spec().stop().wall_time()));
  }
  // Those before a checkpoint were stored before it.
  snapshot_steps_ = SnapshotSteps(lease_.spec());
  std::erase_if(snapshot_steps_, [this](int64_t step) {
    return step < lease_.checkpoint().step();
  });
  std::reverse(snapshot_steps_.begin(), snapshot_steps_.end());
  if (!lease_.has_checkpoint()) return absl::OkStatus();
  const v1::Checkpoint& checkpoint = lease_.checkpoint();
  if (checkpoint.numerics_id() != training::NumericsId()) {
    return absl::InternalError(absl::StrCat(
        "checkpoint: want the numerics id of this worker, ",
        training::NumericsId(), ", got ", checkpoint.numerics_id()));
  }
  STEELYARD_RETURN_IF_ERROR(trainer_->RestoreState(checkpoint.state()));
  training_s_ = checkpoint.training_s();
  checkpoint_s_ = training_s_;
  return absl::OkStatus();
}

absl::Status TrainLoop::TrainSlice() {
  const int64_t begin_step = trainer_->step();
  const int64_t most_steps =
      snapshot_steps_.empty()
          ? slice_steps_
          : std::min(slice_steps_, snapshot_steps_.back() - begin_step);
  const absl::Duration begin = options_.now();
  absl::StatusOr<std::optional<training::Evaluation>> evaluation =
      trainer_->Advance(most_steps);
  const double spent_s = absl::ToDoubleSeconds(options_.now() - begin);
  training_s_ += spent_s;
  if (!evaluation.ok()) return evaluation.status();
  if (evaluation->has_value()) reporter_.Add(**evaluation, training_s_);
  const int64_t steps = trainer_->step() - begin_step;
  if (steps == slice_steps_) {  // else an evaluation or a snapshot cut it short
    constexpr double kMostGrowth = 8;
    const double wanted_s = absl::ToDoubleSeconds(options_.slice);
    const double factor = spent_s > 0 ? wanted_s / spent_s : kMostGrowth;
    constexpr double kMostSteps = 1e15;
    slice_steps_ = static_cast<int64_t>(
        std::clamp(static_cast<double>(steps) * std::min(factor, kMostGrowth),
                   1.0, kMostSteps));
  }
  queue_.SetProgress(lease_.run_id(), lease_.attempt(), trainer_->step());
  return absl::OkStatus();
}

absl::Status TrainLoop::EvaluateOnceMore() {
  const absl::Duration begin = options_.now();
  absl::StatusOr<std::optional<training::Evaluation>> evaluation =
      trainer_->Stop();
  training_s_ += absl::ToDoubleSeconds(options_.now() - begin);
  if (!evaluation.ok()) return evaluation.status();
  if (evaluation->has_value()) reporter_.Add(**evaluation, training_s_);
  return absl::OkStatus();
}

absl::StatusOr<LeaseEnd> TrainLoop::Train() {
  const double interval_s = absl::ToDoubleSeconds(options_.checkpoint_interval);
  while (!trainer_->done()) {
    if (std::optional<LeaseEnd> end = HandleMessages()) return *end;
    if (!reporter_.HasRoom()) {
      if (auto message = queue_.Receive()) {
        if (std::optional<LeaseEnd> end = Handle(*message)) return *end;
      }
      continue;
    }
    if (std::optional<LeaseEnd> end = SendSnapshots()) return *end;
    STEELYARD_RETURN_IF_ERROR(TrainSlice());
    if (trainer_->done()) break;
    if (wall_time_s_.has_value() && training_s_ >= *wall_time_s_) {
      STEELYARD_RETURN_IF_ERROR(EvaluateOnceMore());
      break;
    }
    // An evaluation longer than the interval is followed by a checkpoint too.
    if (training_s_ - checkpoint_s_ >= interval_s) {
      SendCheckpoint();
    } else if (reporter_.Due()) {
      reporter_.Send(nullptr, nullptr);
    }
  }
  if (std::optional<LeaseEnd> end = SendSnapshots()) return *end;
  if (std::optional<LeaseEnd> end = SendArtifacts()) return *end;
  v1::RunResult result;
  // The trainer knows, also where a checkpoint was taken after the end.
  result.set_ended_by(trainer_->stopped()         ? v1::ENDED_BY_WALL_TIME
                      : trainer_->stopped_early() ? v1::ENDED_BY_EARLY_STOPPING
                                                  : v1::ENDED_BY_STEPS);
  result.set_message(left_out_);
  return Finish(std::move(result));
}

std::optional<LeaseEnd> TrainLoop::SendSnapshots() {
  if (snapshot_steps_.empty() || snapshot_steps_.back() != trainer_->step()) {
    return std::nullopt;
  }
  snapshot_steps_.pop_back();
  return SendAll(PlanSnapshots(lease_.spec(), *trainer_));
}

std::optional<LeaseEnd> TrainLoop::SendArtifacts() {
  return SendAll(PlanArtifacts(lease_.spec(), *trainer_));
}

std::optional<LeaseEnd> TrainLoop::SendAll(
    const std::vector<PlannedArtifact>& plan) {
  for (const PlannedArtifact& planned : plan) {
    if (std::optional<LeaseEnd> end = HandleMessages()) return end;
    if (std::optional<LeaseEnd> end = SendPlanned(planned)) return end;
  }
  return std::nullopt;
}

std::optional<LeaseEnd> TrainLoop::SendPlanned(const PlannedArtifact& planned) {
  absl::StatusOr<Artifact> artifact;
  try {
    artifact = planned.make(lease_.artifact_bytes_limit() - artifact_bytes_);
  } catch (const std::bad_alloc&) {
    artifact = absl::ResourceExhaustedError("want more memory than there is");
  }
  if (artifact.ok()) return SendArtifact(*artifact);
  absl::StrAppend(&left_out_, left_out_.empty() ? "" : "\n", "no artifact ",
                  planned.name, ": ", artifact.status().message());
  return std::nullopt;
}

std::optional<LeaseEnd> TrainLoop::SendArtifact(const Artifact& artifact) {
  const std::string sha256 = Sha256Hex(artifact.bytes);
  const auto size = std::ssize(artifact.bytes);
  int64_t offset = 0;
  do {
    while (!reporter_.HasRoom()) {
      if (auto message = queue_.Receive()) {
        if (std::optional<LeaseEnd> end = Handle(*message)) return end;
      } else if (std::optional<LeaseEnd> end = HandleState()) {
        return end;
      }
    }
    if (std::optional<LeaseEnd> end = HandleMessages()) return end;
    v1::ArtifactPiece piece = PieceOf(artifact, sha256, offset);
    offset += std::ssize(piece.content());
    reporter_.SendPiece(std::move(piece));
  } while (offset < size);
  artifact_bytes_ += size;
  return std::nullopt;
}

std::optional<LeaseEnd> TrainLoop::HandleMessages() {
  while (std::optional<v1::SessionResponse> message = queue_.TryReceive()) {
    if (std::optional<LeaseEnd> end = Handle(*message)) return end;
  }
  return HandleState();
}

std::optional<LeaseEnd> TrainLoop::HandleState() {
  switch (queue_.state()) {
    case SessionQueue::State::kOpen:
      return std::nullopt;
    case SessionQueue::State::kEnding:
      SendCheckpoint();
      return LeaseEnd::kEnding;
    case SessionQueue::State::kClosed:
      return LeaseEnd::kClosed;
  }
  return std::nullopt;
}

std::optional<LeaseEnd> TrainLoop::Handle(const v1::SessionResponse& message) {
  const auto ours = [this](const auto& named) {
    return named.run_id() == lease_.run_id() &&
           named.attempt() == lease_.attempt();
  };
  if (message.has_ack() && ours(message.ack())) {
    if (message.ack().fenced()) {
      SendStopped();  // so that the server knows us to be free
      return LeaseEnd::kFenced;
    }
    reporter_.Acknowledge(message.ack().report_number());
  }
  if (message.has_stop() && ours(message.stop())) {
    return Stop(message.stop().checkpoint());
  }
  return std::nullopt;
}

LeaseEnd TrainLoop::Stop(bool with_checkpoint) {
  if (finishing_) {
    // The stop has crossed the result, after which there is nothing to say.
  } else if (with_checkpoint) {
    SendCheckpoint();
  } else if (reporter_.has_samples()) {
    reporter_.Send(nullptr, nullptr);
  }
  SendStopped();
  return LeaseEnd::kStopped;
}

void TrainLoop::SendStopped() {
  v1::SessionRequest message;
  message.mutable_stopped()->set_run_id(lease_.run_id());
  message.mutable_stopped()->set_attempt(lease_.attempt());
  queue_.Send(std::move(message));
}

void TrainLoop::SendCheckpoint() {
  // Without a trainer the run stands where the lease says.
  if (trainer_ == nullptr) return;
  v1::Checkpoint checkpoint;
  checkpoint.set_numerics_id(training::NumericsId());
  checkpoint.set_step(trainer_->step());
  checkpoint.set_next_ordinal(trainer_->next_ordinal());
  checkpoint.set_training_s(training_s_);
  checkpoint.set_state(trainer_->SaveState());
  checkpoint_s_ = training_s_;
  if (std::ssize(checkpoint.state()) > options_.checkpoint_bytes) {
    if (reporter_.has_samples()) reporter_.Send(nullptr, nullptr);
    return;
  }
  reporter_.Send(&checkpoint, nullptr);
}

LeaseEnd TrainLoop::Finish(v1::RunResult result) {
  result.set_steps(trainer_ != nullptr ? trainer_->step() : 0);
  *result.mutable_training_time() = ToProto(training_s_);
  finishing_ = true;
  const int64_t number = reporter_.Send(nullptr, &result);
  while (reporter_.acknowledged() < number) {
    std::optional<v1::SessionResponse> message = queue_.Receive();
    if (!message.has_value()) {
      return queue_.state() == SessionQueue::State::kEnding ? LeaseEnd::kEnding
                                                            : LeaseEnd::kClosed;
    }
    if (std::optional<LeaseEnd> end = Handle(*message)) return *end;
  }
  return LeaseEnd::kFinished;
}

LeaseEnd TrainLoop::Fail(const absl::Status& status) {
  v1::RunResult result;
  result.set_ended_by(v1::ENDED_BY_FAILURE);
  result.set_failure_reason(FailureReasonOf(status));
  result.set_message(FailureMessage(status));
  return Finish(std::move(result));
}

}  // namespace

LeaseEnd RunTrainLease(const v1::TrainLease& lease, const LeaseOptions& options,
                       const MemoryLimit& memory, SessionQueue& queue) {
  absl::Status failure;
  TrainLoop loop(lease, options, queue);
  try {
    failure = loop.Start(memory);
    if (loop.ended()) return *loop.ended();
    if (failure.ok()) {
      absl::StatusOr<LeaseEnd> end = loop.Train();
      if (end.ok()) return *end;
      failure = end.status();
    }
  } catch (const std::bad_alloc&) {
    failure = memory.Exceeded(EstimateBytes(lease));
  }
  return loop.Fail(failure);
}

}  // namespace steelyard::worker
