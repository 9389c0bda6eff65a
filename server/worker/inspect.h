#ifndef STEELYARD_SERVER_WORKER_INSPECT_H_
#define STEELYARD_SERVER_WORKER_INSPECT_H_

#include "absl/status/statusor.h"
#include "steelyard/v1/worker_service.pb.h"

namespace steelyard::worker {

// Reads a file from front to back and says what is in it, or why it is refused:
// not of its form, too large once inflated, or too large to be described in the
// memory there is.
//
// Errors: Internal when the file cannot be opened or read, which says nothing
// of what is in it.
absl::StatusOr<v1::InspectionReport> Inspect(const v1::InspectLease& lease);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_INSPECT_H_
