// A shared library that makes a program's disk fail, without a word in the
// program: LD_PRELOAD=libsteelyard_faults.so STEELYARD_FAULTS=... steelyardd
//
// STEELYARD_FAULTS, joined by commas:
//   forget                unsynced writes to the database vanish when the
//                         process ends, as in a power cut
//   fail-sync-when=FILE   every sync fails once FILE is there
//   full-when=FILE        every write to the database fails once FILE is there
// A program that ASan instruments wants ASAN_OPTIONS=verify_asan_link_order=0.

#include <dlfcn.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/storage/fault_vfs.h"

namespace steelyard::storage {
namespace {

bool LoadFaults() {
  const char* text = std::getenv("STEELYARD_FAULTS");
  if (text == nullptr) return false;
  FaultPlan& plan = Faults();
  for (absl::string_view fault : absl::StrSplit(text, ',')) {
    if (fault == "forget") plan.forget_unsynced = true;
    if (absl::ConsumePrefix(&fault, "fail-sync-when=")) {
      plan.fail_sync_when_file = std::string(fault);
    } else if (absl::ConsumePrefix(&fault, "full-when=")) {
      plan.disk_full_when_file = std::string(fault);
    }
  }
  RegisterFaultVfs({.make_default = true});
  return true;
}

const bool kLoaded = LoadFaults();

}  // namespace
}  // namespace steelyard::storage

// The syncs of files that SQLite does not write.
extern "C" int fsync(int descriptor) {
  using Function = int (*)(int);
  static const auto kReal =
      reinterpret_cast<Function>(dlsym(RTLD_NEXT, "fsync"));
  if (steelyard::storage::SyncFails()) {
    errno = EIO;
    return -1;
  }
  return kReal(descriptor);
}
