#ifndef STEELYARD_STORAGE_CHECKPOINT_FILES_H_
#define STEELYARD_STORAGE_CHECKPOINT_FILES_H_

#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/database.h"
#include "storage/file_store.h"
#include "storage/types.h"

namespace steelyard::storage {

// The files of the checkpoints that the database refers to.  A file is written
// before the commit of the row that names it and removed after the commit that
// leaves no such row, so a crash can leave a file too many, never one too few.
class CheckpointFiles {
 public:
  // data_dir/checkpoints, made when missing.
  static absl::StatusOr<CheckpointFiles> Open(const std::string& data_dir);

  // Within a transaction: stores the bytes that a row is about to name.
  absl::StatusOr<Sha256> Put(absl::string_view bytes);
  // Within a transaction: a row no longer names it.
  void Release(const Sha256& sha256) { suspects_.insert(sha256); }

  // After a commit or rollback: removes what was put or released since the last
  // call and is named by no row.  What can't be removed now is left for Clean.
  void RemoveUnnamed(Database& database);

  // At the start: removes all that no row names.
  absl::Status Clean(Database& database) const;

  const FileStore& store() const { return store_; }

 private:
  explicit CheckpointFiles(FileStore store) : store_(std::move(store)) {}

  FileStore store_;
  std::set<Sha256> suspects_;
};

}  // namespace steelyard::storage

#endif  // STEELYARD_STORAGE_CHECKPOINT_FILES_H_
