#ifndef STEELYARD_TESTS_STATUS_MATCHERS_H_
#define STEELYARD_TESTS_STATUS_MATCHERS_H_

#include <gmock/gmock.h>

#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Matchers for absl::Status and StatusOr; Debian 12's abseil has none.
namespace steelyard {

inline const absl::Status& AsStatus(const absl::Status& status) {
  return status;
}
template <typename T>
const absl::Status& AsStatus(const absl::StatusOr<T>& status) {
  return status.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << AsStatus(arg).ToString();
  return AsStatus(arg).ok();
}

// The code, and a part of the message.
MATCHER_P2(StatusIs, code, part, "") {
  const absl::Status& status = AsStatus(arg);
  *result_listener << status.ToString();
  return status.code() == code &&
         std::string(status.message()).find(part) != std::string::npos;
}

}  // namespace steelyard

#endif  // STEELYARD_TESTS_STATUS_MATCHERS_H_
