#ifndef STEELYARD_STORAGE_FILE_STORE_H_
#define STEELYARD_STORAGE_FILE_STORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
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
  // The artifacts of a store: data_dir/artifacts.
  static absl::StatusOr<FileStore> OpenArtifacts(const std::string& data_dir);
  // The same on any folder, whose parent must exist.
  static absl::StatusOr<FileStore> OpenFolder(const std::string& folder);

  // Where the file of that hash lies, whether or not it exists.  A hash that is
  // none (IsSha256) is never found, wherever it points.
  std::string Path(const Sha256& sha256) const;
  bool Has(const Sha256& sha256) const;
  // Errors: NotFound.
  absl::StatusOr<int64_t> SizeBytes(const Sha256& sha256) const;

  // A file on its way out.
  class Reading {
   public:
    virtual ~Reading() = default;
    // The next bytes, at most `most` >= 1; empty at the end.
    // Errors: Internal; DataLoss at the end, when the bytes do not have that
    // hash any more.
    virtual absl::StatusOr<std::string> Next(size_t most) = 0;
  };
  // Errors: NotFound.
  absl::StatusOr<std::unique_ptr<Reading>> StartReading(
      const Sha256& sha256) const;

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

  // A file on its way in.  Destroyed unfinished it leaves nothing.
  class Writing {
   public:
    virtual ~Writing() = default;
    // Errors: InvalidArgument beyond the announced size, and from then on
    // always; after another one the same bytes may be appended again, and must
    // be before Finish.
    virtual absl::Status Append(absl::string_view bytes) = 0;
    // Makes the file durable under its hash.  Called once.
    // Errors: InvalidArgument when size or hash are not those announced, naming
    // both.
    virtual absl::Status Finish() = 0;
  };
  // Errors: InvalidArgument when the hash is none or the size negative.
  absl::StatusOr<std::unique_ptr<Writing>> StartWriting(
      const Sha256& announced, int64_t announced_size_bytes) const;

 private:
  explicit FileStore(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
};

// Whether it is 64 lower-case hexadecimal digits.
bool IsSha256(const Sha256& sha256);
Sha256 HashOf(absl::string_view bytes);

}  // namespace steelyard::storage

#endif  // STEELYARD_STORAGE_FILE_STORE_H_
