#ifndef STEELYARD_SERVER_WORKER_FAILURE_H_
#define STEELYARD_SERVER_WORKER_FAILURE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "steelyard/v1/run.pb.h"

// Within the worker the code of an error says what it does to a run:
//   InvalidArgument     the spec is wrong         INVALID_SPEC
//   FailedPrecondition  a dataset does not serve  DATASET_REJECTED
//   ResourceExhausted   no memory                 MEMORY_LIMIT
//   OutOfRange          no longer finite          DIVERGED
//   all others          ours to mend              INTERNAL
namespace steelyard::worker {

v1::FailureReason FailureReasonOf(const absl::Status& status);

// For people: valid UTF-8, at most 10,000 bytes.
std::string FailureMessage(const absl::Status& status);

// `status` with `where: ` before its message.
absl::Status Within(absl::string_view where, const absl::Status& status);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_FAILURE_H_
