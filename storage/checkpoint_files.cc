#include "storage/checkpoint_files.h"

#include "absl/strings/str_cat.h"
#include "support/status_macros.h"

namespace steelyard::storage {
namespace {

absl::StatusOr<bool> IsNamed(Database& database, const Sha256& sha256) {
  STEELYARD_ASSIGN_OR_RETURN(
      Rows rows,
      database.Query("SELECT 1 FROM checkpoint WHERE sha256 = ?1", sha256));
  return rows.Next();
}

}  // namespace

absl::StatusOr<CheckpointFiles> CheckpointFiles::Open(
    const std::string& data_dir) {
  STEELYARD_ASSIGN_OR_RETURN(
      FileStore store,
      FileStore::OpenFolder(absl::StrCat(data_dir, "/checkpoints")));
  return CheckpointFiles(std::move(store));
}

absl::StatusOr<Sha256> CheckpointFiles::Put(absl::string_view bytes) {
  // Noted first: a failed Put may have come as far as the name.
  suspects_.insert(HashOf(bytes));
  return store_.Put(bytes);
}

void CheckpointFiles::RemoveUnnamed(Database& database) {
  for (const Sha256& sha256 : suspects_) {
    const absl::StatusOr<bool> named = IsNamed(database, sha256);
    if (named.ok() && !*named) (void)store_.Remove(sha256);
  }
  suspects_.clear();
}

absl::Status CheckpointFiles::Clean(Database& database) const {
  return store_.Clean(
      [&database](const Sha256& sha256) { return IsNamed(database, sha256); });
}

}  // namespace steelyard::storage
