#include "server/worker/memory_limit.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "absl/strings/str_cat.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STEELYARD_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(STEELYARD_SANITIZE_THREAD)
#define STEELYARD_SANITIZED
#endif

namespace steelyard::worker {
namespace {

#ifndef STEELYARD_SANITIZED
int64_t AddressSpaceBytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t pages = 0;
  statm >> pages;
  return pages * sysconf(_SC_PAGESIZE);
}
#endif

}  // namespace

absl::Status MemoryLimit::Enforce() const {
#ifndef STEELYARD_SANITIZED
  if (!limited()) return absl::OkStatus();
  // An arena a thread would take 64 MiB of address space each.
  mallopt(M_ARENA_MAX, 2);
  // For the session's threads and messages.
  constexpr int64_t kSessionBytes = int64_t{256} << 20;
  rlimit limit = {};
  limit.rlim_cur =
      static_cast<rlim_t>(AddressSpaceBytes() + kSessionBytes + bytes_);
  limit.rlim_max = limit.rlim_cur;
  if (setrlimit(RLIMIT_AS, &limit) != 0) {
    return absl::InternalError(absl::StrCat("cannot limit the memory to ",
                                            bytes_,
                                            " bytes: ", std::strerror(errno)));
  }
#endif
  return absl::OkStatus();
}

absl::Status MemoryLimit::Check(int64_t asked_bytes) const {
  return asked_bytes > bytes_ ? Exceeded(asked_bytes) : absl::OkStatus();
}

absl::Status MemoryLimit::Exceeded(int64_t asked_bytes) const {
  return absl::ResourceExhaustedError(absl::StrCat(
      "memory: want at most ",
      limited() ? absl::StrCat(bytes_, " bytes, the worker's limit")
                : "what the machine has",
      ", got a run whose data alone take ", asked_bytes,
      " bytes; take fewer rows, or raise the limit"));
}

}  // namespace steelyard::worker
