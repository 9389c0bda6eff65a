#include "server/failure.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "steelyard/v1/run.pb.h"

namespace steelyard::server {
namespace {

storage::RunResult Failure(v1::FailureReason reason, std::string message) {
  return {.ended_by = v1::ENDED_BY_FAILURE,
          .failure_reason = reason,
          .message = std::move(message)};
}

}  // namespace

storage::RunResult DatasetFailure(const storage::Sha256& dataset,
                                  const std::string& rejection) {
  return Failure(v1::FAILURE_REASON_DATASET_REJECTED,
                 absl::StrCat("dataset sha256/", dataset.hex, ": ", rejection));
}

storage::RunResult LossFailure(int losses, const std::string& last_loss,
                               const std::string& last_words) {
  return Failure(
      v1::FAILURE_REASON_WORKER_LOST,
      absl::StrCat(losses,
                   " attempts in a row lost their worker and got no further; "
                   "the last: ",
                   last_loss, last_words));
}

storage::RunResult InternalFailure(const std::string& message) {
  return Failure(v1::FAILURE_REASON_INTERNAL, message);
}

absl::Status NotOwner(storage::RunId run, const std::string& owner) {
  return absl::PermissionDeniedError(
      absl::StrCat("run ", run.value, ": want its submitter, ", owner,
                   ", or an admin to cancel it"));
}

absl::Status HasEnded(storage::RunId run, storage::RunState state) {
  const std::string& name = v1::RunState_Name(static_cast<v1::RunState>(state));
  return absl::FailedPreconditionError(
      absl::StrCat("run ", run.value, ": want a run that has not ended, got ",
                   absl::StripPrefix(name, "RUN_STATE_")));
}

bool IsRefusal(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kFailedPrecondition:
      return true;
    default:
      return false;
  }
}

}  // namespace steelyard::server
