#ifndef STEELYARD_STORAGE_FILE_STORE_H_
#define STEELYARD_STORAGE_FILE_STORE_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/types.h"

namespace steelyard::storage {

// Files named by their SHA-256, in one folder.  A file appears whole and
// synced, under its name, or not at all; the same bytes are kept once.
// Thread-safe.
//
// Errors of all that write: ResourceExhausted when the disk is full; DataLoss
// when a sync fails (the process must then end); Internal.
class FileStore {
 public:
  // The datasets of a store: data_dir/files, made when missing.  What an
  // earlier process left unfinished there is removed by Writer::Open.
  static absl::StatusOr<FileStore> Open(const std::string& data_dir);
  // The same on any folder, whose parent must exist.
  static absl::StatusOr<FileStore> OpenFolder(const std::string& folder);

  // Where the file of that hash lies, whether or not it exists.  A hash that is
  // none (IsSha256) is never found, wherever it points.
  std::string Path(const Sha256& sha256) const;
  bool Has(const Sha256& sha256) const;
  // Errors: NotFound.
  absl::StatusOr<int64_t> SizeBytes(const Sha256& sha256) const;

  // Stores `bytes` durably and returns their hash.
  absl::StatusOr<Sha256> Put(absl::string_view bytes) const;
  // Errors: NotFound; DataLoss when the bytes no longer have that hash.
  absl::StatusOr<std::string> Get(const Sha256& sha256) const;
  // OK when there is none.
  absl::Status Remove(const Sha256& sha256) const;

  // Removes unfinished files, and those whose hash `is_wanted` denies.  No
  // other call on this folder may be under way, in any process.
  absl::Status Clean(
      absl::FunctionRef<absl::StatusOr<bool>(const Sha256&)> is_wanted) const;

  // Takes the file at `path`, of this disk, synced and of that hash, under its
  // name.  Errors also: NotFound.
  absl::Status Adopt(const std::string& path, const Sha256& sha256) const;

 private:
  explicit FileStore(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
};

// Whether it is 64 lower-case hexadecimal digits.
bool IsSha256(const Sha256& sha256);
Sha256 HashOf(absl::string_view bytes);

}  // namespace steelyard::storage

#endif  // STEELYARD_STORAGE_FILE_STORE_H_
