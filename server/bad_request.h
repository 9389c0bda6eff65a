#ifndef STEELYARD_SERVER_BAD_REQUEST_H_
#define STEELYARD_SERVER_BAD_REQUEST_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

// Requests that are wrong in several places, and the google.rpc.Status of an
// error.
namespace steelyard::server {

// One thing that is wrong in a request.
struct FieldFault {
  std::string field;        // as in the request: spec.weighting.per_class.ratio
  std::string description;  // want a finite value >= 0, got -1
};

// InvalidArgument; its message is the faults, `field: description`, joined by
// "; ".  Never called without a fault.
absl::Status BadRequestError(const std::vector<FieldFault>& faults);

// Its own faults are added to an error of another code (NotFound for datasets).
absl::Status WithFaults(const absl::Status& status,
                        const std::vector<FieldFault>& faults);

// What a client gets in grpc-status-details-bin: code, message, and for an
// error with faults a BadRequest with a FieldViolation each.  An
// InvalidArgument without faults gets the one that its message begins with,
// `field: ...`; no description repeats its field.
//
// gRPC's clients refuse more than 8 KiB of metadata: the message is cut at 1
// KiB and the violations at 3 KiB, the last one then saying how many more there
// are.
google::rpc::Status ToRpcStatus(const absl::Status& status);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_BAD_REQUEST_H_
