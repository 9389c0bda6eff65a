#ifndef STEELYARD_SERVER_FAILURE_H_
#define STEELYARD_SERVER_FAILURE_H_

#include <string>

#include "absl/status/status.h"
#include "storage/types.h"

// What the engine says when something can't be.
namespace steelyard::server {

// The result of a run whose dataset was rejected.
storage::RunResult DatasetFailure(const storage::Sha256& dataset,
                                  const std::string& rejection);

// The result of a run that lost its worker too often.
storage::RunResult LossFailure(int losses, const std::string& last_loss,
                               const std::string& last_words);

// The result of a run that a fault of ours ended.
storage::RunResult InternalFailure(const std::string& message);

// A cancellation by one who may not, or too late.
absl::Status NotOwner(storage::RunId run, const std::string& owner);
absl::Status HasEnded(storage::RunId run, storage::RunState state);

// Whether the store refused the change itself.  Any other error is the disk's:
// nothing has changed, and the same change may succeed later.
bool IsRefusal(const absl::Status& status);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_FAILURE_H_
