#include "server/send_queue.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace steelyard::server {

SendQueue::Step SendQueue::Next() {
  if (busy_ || finished_) return Step::kNothing;
  if (status_) {
    finished_ = true;
    waiting_.clear();
    return Step::kFinish;
  }
  if (waiting_.empty()) return Step::kNothing;
  writing_ = std::move(waiting_.front());
  waiting_.pop_front();
  busy_ = true;
  return Step::kWrite;
}

SendQueue::Step SendQueue::Add(v1::SessionResponse message) {
  const MutexLock lock(mu_);
  if (status_) return Step::kNothing;
  if (waiting_.size() >= kMessagesLimit) {
    status_ = absl::ResourceExhaustedError(
        absl::StrCat("session: want at most ", kMessagesLimit,
                     " messages that were not read, got one more"));
  } else {
    waiting_.push_back(std::move(message));
  }
  return Next();
}

SendQueue::Step SendQueue::Finish(absl::Status status) {
  const MutexLock lock(mu_);
  if (!status_) status_ = std::move(status);
  return Next();
}

SendQueue::Step SendQueue::OnWritten() {
  const MutexLock lock(mu_);
  busy_ = false;
  return Next();
}

absl::Status SendQueue::status() {
  const MutexLock lock(mu_);
  return status_.value_or(absl::OkStatus());
}

}  // namespace steelyard::server
