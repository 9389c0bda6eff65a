#include "client/cli/watch_call.h"

#include <utility>

namespace steelyard::cli {

void WatchEvents::Push(WatchEvent event) {
  MutexLock lock(mu_);
  events_.push_back(std::move(event));
  filled_.NotifyOne();
}

std::optional<WatchEvent> WatchEvents::Take(absl::Duration timeout) {
  MutexLock lock(mu_);
  if (events_.empty()) filled_.WaitFor(mu_, timeout);
  if (events_.empty()) return std::nullopt;
  WatchEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

WatchCall::WatchCall(Connection& connection, const v1::WatchRunRequest& request,
                     size_t run, WatchEvents& events)
    : run_(run), events_(events), request_(request) {
  // No deadline: a run may take days.  The follower looks for silence instead.
  connection.Prepare(context_, absl::InfiniteDuration());
  connection.runs().async()->WatchRun(&context_, &request_, this);
  // Next() is called from outside of a reaction: the hold keeps OnDone back
  // until the last read has failed.
  AddHold();
  StartCall();
  StartRead(&message_);
}

void WatchCall::OnReadDone(bool ok) {
  if (ok) {
    events_.Push({.run = run_, .kind = WatchEvent::Kind::kMessage});
  } else {
    RemoveHold();
  }
}

void WatchCall::OnDone(const grpc::Status& status) {
  events_.Push({.run = run_, .kind = WatchEvent::Kind::kEnd, .status = status});
}

}  // namespace steelyard::cli
