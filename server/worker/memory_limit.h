#ifndef STEELYARD_SERVER_WORKER_MEMORY_LIMIT_H_
#define STEELYARD_SERVER_WORKER_MEMORY_LIMIT_H_

#include <cstdint>
#include <limits>

#include "absl/status/status.h"

namespace steelyard::worker {

// What leases may use of memory beyond what the idle program has.
class MemoryLimit {
 public:
  // No limit.
  MemoryLimit() = default;
  explicit MemoryLimit(int64_t bytes) : bytes_(bytes) {}

  // Sets the process's limit on address space to what it has now, and this.
  // Not under a sanitizer, whose shadow memory knows no such limit.
  // Errors: Internal when the system refuses.
  absl::Status Enforce() const;

  // Errors: ResourceExhausted, with both numbers, when a lease that needs so
  // many bytes at least cannot be worked on.
  absl::Status Check(int64_t asked_bytes) const;
  // That error, after an allocation has failed.
  absl::Status Exceeded(int64_t asked_bytes) const;

 private:
  bool limited() const { return bytes_ < std::numeric_limits<int64_t>::max(); }

  int64_t bytes_ = std::numeric_limits<int64_t>::max();
};

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_MEMORY_LIMIT_H_
