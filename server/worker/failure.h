#ifndef STEELYARD_SERVER_WORKER_FAILURE_H_
#define STEELYARD_SERVER_WORKER_FAILURE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
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

// That the spec is wrong: these parts, one behind the other.
template <typename... Parts>
absl::Status Wrong(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

// Wrong, naming the field, unless the value is finite and at least 0, or above.
absl::Status CheckAtLeastZero(absl::string_view field, double value);
absl::Status CheckAboveZero(absl::string_view field, double value);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_FAILURE_H_
