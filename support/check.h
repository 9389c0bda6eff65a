#ifndef STEELYARD_SUPPORT_CHECK_H_
#define STEELYARD_SUPPORT_CHECK_H_

#include <cstdio>
#include <cstdlib>

// Ends the process when `condition`, which only a bug can make false, is false.
// On in every build.  What the world can do to us is an absl::Status instead.
#define STEELYARD_CHECK(condition)                                          \
  do {                                                                      \
    if (!(condition)) {                                                     \
      std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, \
                   #condition);                                             \
      std::abort();                                                         \
    }                                                                       \
  } while (false)

#endif  // STEELYARD_SUPPORT_CHECK_H_
