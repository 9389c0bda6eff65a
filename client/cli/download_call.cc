#include "client/cli/download_call.h"

namespace steelyard::cli {

DownloadCall::DownloadCall(Connection& connection,
                           const v1::GetArtifactRequest& request)
    : request_(request) {
  connection.Prepare(context_, absl::InfiniteDuration());
  connection.runs().async()->GetArtifact(&context_, &request_, this);
  // Reads come from outside of a reaction: the hold keeps OnDone back until the
  // last of them.
  AddHold();
  StartCall();
}

DownloadCall::~DownloadCall() {
  context_.TryCancel();
  {
    MutexLock lock(mu_);
    while (state_ == State::kReading) changed_.Wait(mu_);
  }
  EndReads();
  MutexLock lock(mu_);
  while (!done_) changed_.Wait(mu_);
}

void DownloadCall::EndReads() {
  if (reads_ended_) return;
  reads_ended_ = true;
  RemoveHold();
}

DownloadCall::Next DownloadCall::Read(absl::Duration patience) {
  bool start = false;
  {
    MutexLock lock(mu_);
    start = state_ == State::kIdle;
    if (start) state_ = State::kReading;
  }
  if (start) StartRead(&part_);
  const absl::Time end = absl::Now() + patience;
  {
    MutexLock lock(mu_);
    while (state_ == State::kReading) {
      const absl::Duration left = end - absl::Now();
      if (left <= absl::ZeroDuration()) return Next::kNothing;
      changed_.WaitFor(mu_, left);
    }
    if (state_ == State::kRead) {
      state_ = State::kIdle;
      return Next::kPart;
    }
  }
  EndReads();
  MutexLock lock(mu_);
  while (!done_) changed_.Wait(mu_);
  return Next::kEnd;
}

grpc::Status DownloadCall::status() {
  MutexLock lock(mu_);
  return status_;
}

void DownloadCall::OnReadDone(bool ok) {
  MutexLock lock(mu_);
  state_ = ok ? State::kRead : State::kFailed;
  changed_.NotifyAll();
}

void DownloadCall::OnDone(const grpc::Status& status) {
  MutexLock lock(mu_);
  status_ = status;
  done_ = true;
  changed_.NotifyAll();
}

}  // namespace steelyard::cli
