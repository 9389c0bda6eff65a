#ifndef STEELYARD_TESTS_STORAGE_FAULT_VFS_H_
#define STEELYARD_TESTS_STORAGE_FAULT_VFS_H_

#include <atomic>
#include <cstdint>
#include <limits>
#include <string>

// An SQLite VFS that wraps the default one and fails as disks do.  It can take
// the default's place in a program that knows nothing of it: see
// fault_preload.cc.
namespace steelyard::storage {

inline constexpr char kFaultVfs[] = "steelyard-fault";

// What goes wrong from now on.  One for the process; each field may be set at
// any time by any thread.
struct FaultPlan {
  // So many syncs succeed; then each fails, as SQLITE_IOERR_FSYNC.
  std::atomic<int64_t> syncs_left = std::numeric_limits<int64_t>::max();
  // Every write fails, as SQLITE_FULL.
  std::atomic<bool> disk_full = false;
  // Where not empty: the faults above begin when the file is there.  Set before
  // RegisterFaultVfs.
  std::string fail_sync_when_file;
  std::string disk_full_when_file;
  // Writes stay in this process's memory until their file is synced, so that
  // the end of the process forgets them, as a power cut does.  Set before the
  // first file is opened.
  bool forget_unsynced = false;
};
FaultPlan& Faults();

// Whether this sync, or write, fails.
bool SyncFails();
bool DiskIsFull();

struct FaultVfsOptions {
  bool make_default = false;
};
// Once a process; later calls change nothing.
void RegisterFaultVfs(const FaultVfsOptions& options = {});

}  // namespace steelyard::storage

#endif  // STEELYARD_TESTS_STORAGE_FAULT_VFS_H_
