#include "tests/storage/fault_vfs.h"

#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "support/mutex.h"

namespace steelyard::storage {
namespace {

// A file as this process sees it, and what of that is not on the disk yet.
class Image {
 public:
  // Takes what is on the disk.
  explicit Image(sqlite3_file* real) {
    sqlite3_int64 size = 0;
    real->pMethods->xFileSize(real, &size);
    bytes_.resize(static_cast<size_t>(size));
    if (size > 0) {
      real->pMethods->xRead(real, bytes_.data(), static_cast<int>(size), 0);
    }
  }

  int Read(void* out, int amount, sqlite3_int64 offset)
      ABSL_LOCKS_EXCLUDED(mu_) {
    const MutexLock lock(mu_);
    const auto size = static_cast<sqlite3_int64>(bytes_.size());
    const sqlite3_int64 there =
        std::clamp<sqlite3_int64>(size - offset, 0, amount);
    auto* to = static_cast<unsigned char*>(out);
    if (there > 0) {
      std::memcpy(to, bytes_.data() + offset, static_cast<size_t>(there));
    }
    std::memset(to + there, 0, static_cast<size_t>(amount - there));
    return there == amount ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }

  void Write(const void* in, int amount, sqlite3_int64 offset)
      ABSL_LOCKS_EXCLUDED(mu_) {
    const MutexLock lock(mu_);
    const auto* from = static_cast<const unsigned char*>(in);
    const auto end = static_cast<size_t>(offset + amount);
    if (bytes_.size() < end) bytes_.resize(end);
    std::copy(from, from + amount, bytes_.begin() + offset);
    unsynced_.push_back({offset, {from, from + amount}});
  }

  void Truncate(sqlite3_int64 size) ABSL_LOCKS_EXCLUDED(mu_) {
    const MutexLock lock(mu_);
    bytes_.resize(static_cast<size_t>(size));
    unsynced_.push_back({size, {}});
  }

  sqlite3_int64 size() ABSL_LOCKS_EXCLUDED(mu_) {
    const MutexLock lock(mu_);
    return static_cast<sqlite3_int64>(bytes_.size());
  }

  int Sync(sqlite3_file* real, int flags) ABSL_LOCKS_EXCLUDED(mu_) {
    const MutexLock lock(mu_);
    for (const Operation& operation : unsynced_) {
      const int result =
          operation.bytes.empty()
              ? real->pMethods->xTruncate(real, operation.offset)
              : real->pMethods->xWrite(real, operation.bytes.data(),
                                       static_cast<int>(operation.bytes.size()),
                                       operation.offset);
      if (result != SQLITE_OK) return result;
    }
    unsynced_.clear();
    return real->pMethods->xSync(real, flags);
  }

 private:
  struct Operation {
    sqlite3_int64 offset;
    std::vector<unsigned char> bytes;  // empty: cut the file to `offset`
  };

  Mutex mu_;
  std::vector<unsigned char> bytes_ ABSL_GUARDED_BY(mu_);
  std::vector<Operation> unsynced_ ABSL_GUARDED_BY(mu_);
};

// The images of this process.  They outlive the files' handles, as the kernel's
// pages do.
class Images {
 public:
  std::shared_ptr<Image> Open(const std::string& path, sqlite3_file* real)
      ABSL_LOCKS_EXCLUDED(mu_) {
    const MutexLock lock(mu_);
    std::shared_ptr<Image>& image = images_[path];
    if (image == nullptr) image = std::make_shared<Image>(real);
    return image;
  }
  void Delete(const std::string& path) ABSL_LOCKS_EXCLUDED(mu_) {
    const MutexLock lock(mu_);
    images_.erase(path);
  }

 private:
  Mutex mu_;
  std::map<std::string, std::shared_ptr<Image>> images_ ABSL_GUARDED_BY(mu_);
};

Images& AllImages() {
  static Images& images = *new Images;
  return images;
}

// SQLite allocates it, with room for the wrapped file behind it.
struct FaultFile {
  sqlite3_file base;
  std::shared_ptr<Image> image;  // null: writes are not delayed
};

FaultFile* Self(sqlite3_file* file) {
  return reinterpret_cast<FaultFile*>(file);
}
sqlite3_file* Real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(Self(file) + 1);
}
sqlite3_vfs* RealVfs(sqlite3_vfs* vfs) {
  return static_cast<sqlite3_vfs*>(vfs->pAppData);
}

int Close(sqlite3_file* file) {
  const int result = Real(file)->pMethods->xClose(Real(file));
  Self(file)->image.~shared_ptr();
  return result;
}

int Read(sqlite3_file* file, void* out, int amount, sqlite3_int64 offset) {
  if (Image* image = Self(file)->image.get()) {
    return image->Read(out, amount, offset);
  }
  return Real(file)->pMethods->xRead(Real(file), out, amount, offset);
}

int Write(sqlite3_file* file, const void* in, int amount,
          sqlite3_int64 offset) {
  if (DiskIsFull()) return SQLITE_FULL;
  if (Image* image = Self(file)->image.get()) {
    image->Write(in, amount, offset);
    return SQLITE_OK;
  }
  return Real(file)->pMethods->xWrite(Real(file), in, amount, offset);
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (Image* image = Self(file)->image.get()) {
    image->Truncate(size);
    return SQLITE_OK;
  }
  return Real(file)->pMethods->xTruncate(Real(file), size);
}

int Sync(sqlite3_file* file, int flags) {
  if (SyncFails()) return SQLITE_IOERR_FSYNC;
  if (Image* image = Self(file)->image.get()) {
    return image->Sync(Real(file), flags);
  }
  return Real(file)->pMethods->xSync(Real(file), flags);
}

int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  if (Image* image = Self(file)->image.get()) {
    *size = image->size();
    return SQLITE_OK;
  }
  return Real(file)->pMethods->xFileSize(Real(file), size);
}

int FileControl(sqlite3_file* file, int operation, void* argument) {
  // The wrapped file is not as long as SQLite thinks.
  if (operation == SQLITE_FCNTL_SIZE_HINT && Self(file)->image != nullptr) {
    return SQLITE_OK;
  }
  return Real(file)->pMethods->xFileControl(Real(file), operation, argument);
}

// Version 2: without mapped reads, which would go past the image.
constexpr sqlite3_io_methods kFileMethods = {
    .iVersion = 2,
    .xClose = Close,
    .xRead = Read,
    .xWrite = Write,
    .xTruncate = Truncate,
    .xSync = Sync,
    .xFileSize = FileSize,
    .xLock =
        [](sqlite3_file* file, int lock) {
          return Real(file)->pMethods->xLock(Real(file), lock);
        },
    .xUnlock =
        [](sqlite3_file* file, int lock) {
          return Real(file)->pMethods->xUnlock(Real(file), lock);
        },
    .xCheckReservedLock =
        [](sqlite3_file* file, int* held) {
          return Real(file)->pMethods->xCheckReservedLock(Real(file), held);
        },
    .xFileControl = FileControl,
    .xSectorSize =
        [](sqlite3_file* file) {
          return Real(file)->pMethods->xSectorSize(Real(file));
        },
    .xDeviceCharacteristics =
        [](sqlite3_file* file) {
          return Real(file)->pMethods->xDeviceCharacteristics(Real(file));
        },
    .xShmMap =
        [](sqlite3_file* file, int page, int size, int extend,
           void volatile** memory) {
          return Real(file)->pMethods->xShmMap(Real(file), page, size, extend,
                                               memory);
        },
    .xShmLock =
        [](sqlite3_file* file, int offset, int count, int flags) {
          return Real(file)->pMethods->xShmLock(Real(file), offset, count,
                                                flags);
        },
    .xShmBarrier =
        [](sqlite3_file* file) {
          Real(file)->pMethods->xShmBarrier(Real(file));
        },
    .xShmUnmap =
        [](sqlite3_file* file, int remove) {
          return Real(file)->pMethods->xShmUnmap(Real(file), remove);
        },
    .xFetch = nullptr,
    .xUnfetch = nullptr};

int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags,
         int* out_flags) {
  file->pMethods = nullptr;
  const int result =
      RealVfs(vfs)->xOpen(RealVfs(vfs), name, Real(file), flags, out_flags);
  if (result != SQLITE_OK) return result;
  auto* image = new (&Self(file)->image) std::shared_ptr<Image>;
  constexpr int kDelayed =
      SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL;
  if (Faults().forget_unsynced && (flags & kDelayed) != 0) {
    *image = AllImages().Open(name, Real(file));
  }
  file->pMethods = &kFileMethods;
  return SQLITE_OK;
}

int Delete(sqlite3_vfs* vfs, const char* name, int sync_folder) {
  AllImages().Delete(name);
  return RealVfs(vfs)->xDelete(RealVfs(vfs), name, sync_folder);
}

bool FileExists(const std::string& path) {
  return !path.empty() && access(path.c_str(), F_OK) == 0;
}

}  // namespace

FaultPlan& Faults() {
  static FaultPlan& plan = *new FaultPlan;
  return plan;
}

bool SyncFails() {
  return Faults().syncs_left-- <= 0 || FileExists(Faults().fail_sync_when_file);
}

bool DiskIsFull() {
  return Faults().disk_full || FileExists(Faults().disk_full_when_file);
}

void RegisterFaultVfs(const FaultVfsOptions& options) {
  if (sqlite3_vfs_find(kFaultVfs) != nullptr) return;
  // The rest (access, full path, time, ...) the default does itself: none of it
  // looks at the VFS that it is called with.
  sqlite3_vfs& real = *sqlite3_vfs_find(nullptr);
  auto& fault = *new sqlite3_vfs(real);
  fault.pNext = nullptr;
  fault.zName = kFaultVfs;
  fault.pAppData = &real;
  fault.szOsFile = static_cast<int>(sizeof(FaultFile)) + real.szOsFile;
  fault.xOpen = Open;
  fault.xDelete = Delete;
  sqlite3_vfs_register(&fault, options.make_default ? 1 : 0);
}

}  // namespace steelyard::storage
