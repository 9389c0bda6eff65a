#include "server/worker/session_queue.h"

#include <chrono>

namespace steelyard::worker {

absl::Duration MonotonicNow() {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

void SessionQueue::Send(v1::SessionRequest message) {
  MutexLock lock(mu_);
  outgoing_.push_back(std::move(message));
  outgoing_changed_.NotifyOne();
}

void SessionQueue::Finish() {
  MutexLock lock(mu_);
  finished_ = true;
  outgoing_changed_.NotifyOne();
}

std::optional<v1::SessionResponse> SessionQueue::PopIncoming() {
  if (incoming_.empty()) return std::nullopt;
  v1::SessionResponse message = std::move(incoming_.front());
  incoming_.pop_front();
  return message;
}

std::optional<v1::SessionResponse> SessionQueue::TryReceive() {
  MutexLock lock(mu_);
  return PopIncoming();
}

std::optional<v1::SessionResponse> SessionQueue::Receive() {
  MutexLock lock(mu_);
  while (StateLocked() == State::kOpen && incoming_.empty()) {
    incoming_changed_.Wait(mu_);
  }
  if (StateLocked() != State::kOpen) return std::nullopt;
  return PopIncoming();
}

SessionQueue::State SessionQueue::StateLocked() const {
  if (closed_) return State::kClosed;
  return ending_ ? State::kEnding : State::kOpen;
}

SessionQueue::State SessionQueue::state() const {
  MutexLock lock(mu_);
  return StateLocked();
}

void SessionQueue::SetProgress(int64_t run_id, int64_t attempt, int64_t step) {
  MutexLock lock(mu_);
  const bool other = !progress_.has_run_id || progress_.run_id != run_id ||
                     progress_.attempt != attempt;
  progress_ = {true, run_id, attempt, step};
  if (!other) return;
  steps_.clear();
  outgoing_changed_.NotifyOne();  // the interval is another one
}

void SessionQueue::ClearProgress() {
  MutexLock lock(mu_);
  progress_ = {};
  steps_.clear();
}

void SessionQueue::SetHeartbeatIntervals(absl::Duration idle,
                                         absl::Duration busy) {
  MutexLock lock(mu_);
  idle_interval_ = idle;
  busy_interval_ = busy;
  outgoing_changed_.NotifyOne();
}

bool SessionQueue::Deliver(v1::SessionResponse message) {
  MutexLock lock(mu_);
  if (incoming_.size() >= kMaxIncoming) return false;
  incoming_.push_back(std::move(message));
  incoming_changed_.NotifyAll();
  return true;
}

v1::SessionRequest SessionQueue::MakeHeartbeat(absl::Duration now) {
  last_heartbeat_ = now;
  v1::SessionRequest request;
  v1::WorkerHeartbeat& heartbeat = *request.mutable_heartbeat();
  if (!progress_.has_run_id) return request;
  heartbeat.set_run_id(progress_.run_id);
  heartbeat.set_attempt(progress_.attempt);
  heartbeat.mutable_progress()->set_step(progress_.step);
  steps_.push_back({now, progress_.step});
  while (steps_.size() > 2 && now - steps_[1].time >= absl::Seconds(1)) {
    steps_.pop_front();
  }
  const absl::Duration length = now - steps_.front().time;
  if (length > absl::ZeroDuration()) {
    heartbeat.mutable_progress()->set_steps_per_second(
        static_cast<double>(progress_.step - steps_.front().step) /
        absl::ToDoubleSeconds(length));
  }
  return request;
}

std::optional<v1::SessionRequest> SessionQueue::Next() {
  MutexLock lock(mu_);
  while (!closed_) {
    const absl::Duration now = MonotonicNow();
    const absl::Duration due = last_heartbeat_ + HeartbeatInterval();
    // A heartbeat goes before reports: it must not wait behind many of them.
    if (!finished_ && now >= due) return MakeHeartbeat(now);
    if (!outgoing_.empty()) {
      v1::SessionRequest message = std::move(outgoing_.front());
      outgoing_.pop_front();
      return message;
    }
    if (finished_) return std::nullopt;
    outgoing_changed_.WaitFor(mu_, due - now);
  }
  return std::nullopt;
}

void SessionQueue::Close() {
  MutexLock lock(mu_);
  closed_ = true;
  incoming_changed_.NotifyAll();
  outgoing_changed_.NotifyAll();
}

void SessionQueue::RequestEnd() {
  MutexLock lock(mu_);
  ending_ = true;
  incoming_changed_.NotifyAll();
}

}  // namespace steelyard::worker
