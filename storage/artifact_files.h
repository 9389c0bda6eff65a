#ifndef STEELYARD_STORAGE_ARTIFACT_FILES_H_
#define STEELYARD_STORAGE_ARTIFACT_FILES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/database.h"
#include "storage/file_store.h"
#include "storage/types.h"

namespace steelyard::storage {

// The files of artifacts: those that the database refers to, and for each run
// the one that is arriving.  As with checkpoints a file is there before the row
// that names it, so a crash can leave one too many, never one too few.
class ArtifactFiles {
 public:
  // data_dir/artifacts, made when missing.
  static absl::StatusOr<ArtifactFiles> Open(const std::string& data_dir);

  // Within a transaction: takes the next piece, or one that it has already.
  // True: the file is whole and durable, and a row is about to name it.
  // Errors: InvalidArgument when the piece is not the next, or the whole is not
  // what was announced; those of FileStore, after which the same piece may come
  // again.
  absl::StatusOr<bool> Add(RunId run, AttemptNumber attempt,
                           const ArtifactPiece& piece);
  // The run's attempt is over: what is arriving is given up.
  void Forget(RunId run);
  // Within a transaction: a row no longer names it.
  void Release(const Sha256& sha256) { suspects_.insert(sha256); }

  // After a commit or rollback: removes what was added or released and is named
  // by no row, unless its row is still to come.  What can't be removed now is
  // left for Clean.
  void RemoveUnnamed(Database& database);

  // At the start: removes all that no row names.
  absl::Status Clean(Database& database) const;

 private:
  struct Arrival {
    AttemptNumber attempt;
    std::string name;
    Sha256 sha256;
    int64_t size_bytes = 0;
    int64_t received_bytes = 0;
    std::unique_ptr<FileStore::Writing> writing;  // null: the file is whole
  };

  explicit ArtifactFiles(FileStore store) : store_(std::move(store)) {}

  absl::StatusOr<Arrival> Begin(AttemptNumber attempt,
                                const ArtifactPiece& piece) const;
  bool IsArriving(const Sha256& sha256) const;

  FileStore store_;
  std::map<RunId, Arrival> arrivals_;
  std::set<Sha256> suspects_;
};

}  // namespace steelyard::storage

#endif  // STEELYARD_STORAGE_ARTIFACT_FILES_H_
