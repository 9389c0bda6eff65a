#include "client/cli/upload_call.h"

namespace steelyard::cli {

UploadCall::UploadCall(Connection& connection) {
  connection.Prepare(context_, absl::InfiniteDuration());
  connection.datasets().async()->UploadDataset(&context_, &response_, this);
  // Writes come from outside of a reaction: the hold keeps OnDone back until
  // the last of them.
  AddHold();
  StartCall();
}

UploadCall::~UploadCall() {
  context_.TryCancel();
  EndWrites();
  MutexLock lock(mu_);
  while (!done_) changed_.Wait(mu_);
}

bool UploadCall::AwaitWrite(absl::Duration timeout) {
  const absl::Time end = absl::Now() + timeout;
  while (write_ == WriteState::kWriting) {
    const absl::Duration left = end - absl::Now();
    if (left <= absl::ZeroDuration()) return false;
    changed_.WaitFor(mu_, left);
  }
  return true;
}

bool UploadCall::Write(const v1::UploadDatasetRequest& part,
                       absl::Duration stall) {
  {
    MutexLock lock(mu_);
    if (write_ == WriteState::kFailed) return false;
    write_ = WriteState::kWriting;
  }
  StartWrite(&part);
  MutexLock lock(mu_);
  if (!AwaitWrite(stall)) {
    stalled_ = true;
    context_.TryCancel();
    // The part is the caller's: it must not go before gRPC lets go of it.
    AwaitWrite(absl::InfiniteDuration());
  }
  return write_ == WriteState::kIdle && !stalled_;
}

void UploadCall::EndWrites() {
  if (writes_ended_) return;
  writes_ended_ = true;
  StartWritesDone();
  RemoveHold();
}

grpc::Status UploadCall::Finish(absl::Duration patience,
                                v1::UploadDatasetResponse& answer) {
  EndWrites();
  MutexLock lock(mu_);
  const absl::Time end = absl::Now() + patience;
  while (!done_) {
    const absl::Duration left = end - absl::Now();
    if (left <= absl::ZeroDuration()) {
      stalled_ = true;
      context_.TryCancel();
      while (!done_) changed_.Wait(mu_);
      break;
    }
    changed_.WaitFor(mu_, left);
  }
  if (stalled_) {
    return grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED,
                        "the server takes no more bytes");
  }
  answer = response_;
  return status_;
}

void UploadCall::OnWriteDone(bool ok) {
  MutexLock lock(mu_);
  write_ = ok ? WriteState::kIdle : WriteState::kFailed;
  changed_.NotifyAll();
}

void UploadCall::OnDone(const grpc::Status& status) {
  MutexLock lock(mu_);
  status_ = status;
  done_ = true;
  changed_.NotifyAll();
}

}  // namespace steelyard::cli
