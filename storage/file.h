#ifndef STEELYARD_STORAGE_FILE_H_
#define STEELYARD_STORAGE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// The system's calls on files and folders, with their errors as ours:
// ResourceExhausted when the disk is full, NotFound, DataLoss for a failed
// sync, else Internal; each names the path.
namespace steelyard::storage {

// What `what` on `path` ended with, as errno says.
absl::Status FileError(absl::string_view what, const std::string& path);

// A file descriptor that closes itself.
class File {
 public:
  // `flags` as for open(2); what is made has mode 0600.
  File(const std::string& path, int flags);
  ~File();
  File(File&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&&) = delete;

  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

absl::Status Sync(const File& file, const std::string& path);
absl::Status SyncFolder(const std::string& folder);
// Makes the folder, durably, with mode 0700; OK when it is there.
absl::Status MakeFolder(const std::string& folder);

absl::Status WriteAll(const File& file, absl::string_view bytes,
                      const std::string& path);
// From `offset` on; what was there is written over.
absl::Status WriteAllAt(const File& file, absl::string_view bytes,
                        int64_t offset, const std::string& path);
// The next bytes, at most `most` >= 1; empty at the end.
absl::StatusOr<std::string> ReadSome(const File& file, size_t most,
                                     const std::string& path);

// The names in a folder, "." and ".." too, in no order.
absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& folder);

}  // namespace steelyard::storage

#endif  // STEELYARD_STORAGE_FILE_H_
