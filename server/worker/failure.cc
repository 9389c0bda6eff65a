#include "server/worker/failure.h"

#include <cmath>

#include "absl/strings/str_cat.h"

namespace steelyard::worker {

v1::FailureReason FailureReasonOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return v1::FAILURE_REASON_INVALID_SPEC;
    case absl::StatusCode::kFailedPrecondition:
      return v1::FAILURE_REASON_DATASET_REJECTED;
    case absl::StatusCode::kResourceExhausted:
      return v1::FAILURE_REASON_MEMORY_LIMIT;
    case absl::StatusCode::kOutOfRange:
      return v1::FAILURE_REASON_DIVERGED;
    default:
      return v1::FAILURE_REASON_INTERNAL;
  }
}

std::string FailureMessage(const absl::Status& status) {
  constexpr size_t kMaxBytes = 10'000;
  std::string message(status.message());
  if (message.size() <= kMaxBytes) return message;
  size_t end = kMaxBytes;
  // Not within a character: its continuation bytes begin with the bits 10.
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xc0) == 0x80) {
    --end;
  }
  message.resize(end);
  return message;
}

absl::Status Within(absl::string_view where, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat(where, ": ", status.message()));
}

absl::Status CheckAtLeastZero(absl::string_view field, double value) {
  if (std::isfinite(value) && value >= 0) return absl::OkStatus();
  return Wrong(field, ": want a finite value >= 0, got ", value);
}

absl::Status CheckAboveZero(absl::string_view field, double value) {
  if (std::isfinite(value) && value > 0) return absl::OkStatus();
  return Wrong(field, ": want a finite value > 0, got ", value);
}

}  // namespace steelyard::worker
