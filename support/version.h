#ifndef STEELYARD_SUPPORT_VERSION_H_
#define STEELYARD_SUPPORT_VERSION_H_

namespace steelyard {

// What this build is.  Written by CMake into one source file, so that a new
// commit recompiles that file alone.
struct BuildVersion {
  const char* version;  // "0.1.0"
  const char* commit;   // short hash of the commit built, "unknown" outside git
  int numerics_version;  // raised when any result of training changes a bit
};

// Never changes while the program runs.
const BuildVersion& GetBuildVersion();

}  // namespace steelyard

#endif  // STEELYARD_SUPPORT_VERSION_H_
