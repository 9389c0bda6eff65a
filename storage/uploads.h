#ifndef STEELYARD_STORAGE_UPLOADS_H_
#define STEELYARD_STORAGE_UPLOADS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "storage/file_store.h"
#include "storage/types.h"

namespace steelyard::storage {

// Files on their way into a FileStore, in one folder, data_dir/uploads.  What
// came of a file before its upload broke off stays for its user, to be
// continued, whether or not the process ended meanwhile; README.md says how
// long.  Others never hear of it.  Thread-safe.
//
// Errors of all that write: ResourceExhausted when the disk is full; DataLoss
// when a sync fails (the process must then end); Internal.
class Uploads {
 public:
  // What is kept of broken ones.  Where it would be more, the user's oldest go
  // first; an upload that finds no room among those that are under way is
  // taken, and not kept when it breaks off.
  struct Limits {
    int64_t per_user = 16;
    int64_t bytes_per_user = int64_t{16} << 30;
    absl::Duration age = absl::Hours(7 * 24);  // since the last byte came
  };

  // Whose upload, and the hash that the file is to have.
  struct Key {
    std::string user;
    Sha256 sha256;
  };

  struct State {
    int64_t size_bytes = 0;  // that are there
    bool under_way = false;  // some call is adding to it
    absl::Time forget_time;  // unless bytes come
  };

  // One file on its way.  One thread at a time.
  //
  // Destroyed before Finish it keeps its bytes; after an error of Append, or of
  // Finish unless bytes were missing, it leaves nothing.
  class Upload {
   public:
    virtual ~Upload() = default;
    // Reads back a part, of at most 64 MiB, of the bytes that were there, for
    // the hash of the whole.  True when none are left; then Append may begin.
    virtual absl::StatusOr<bool> TakeUp() = 0;
    // Errors: InvalidArgument beyond the announced size.  After an error every
    // later call returns it.
    virtual absl::Status Append(absl::string_view bytes) = 0;
    // Makes the file durable in the FileStore, under its hash.  Called once.
    // Errors: InvalidArgument when size or hash are not those announced, naming
    // both.
    virtual absl::Status Finish() = 0;
  };

  // Makes the folder when it is missing, and removes what cannot be continued.
  // `files` is of the same disk, and outlives this.
  static absl::StatusOr<std::unique_ptr<Uploads>> Open(
      const std::string& data_dir, const FileStore* files, const Limits& limits,
      std::function<absl::Time()> clock);
  virtual ~Uploads() = default;

  // Errors: NotFound when there is nothing to be continued.
  virtual absl::StatusOr<State> Find(const Key& key) = 0;

  // Begins at `offset`: 0, which forgets what was there, or as many bytes as
  // are there.  While another call adds to the same file, one that begins at 0
  // goes on beside it, and is not kept when it breaks off.
  //
  // Errors: InvalidArgument when the hash is none or the size negative;
  // FailedPrecondition when other bytes than `offset` are there, or they are
  // another call's.
  virtual absl::StatusOr<std::unique_ptr<Upload>> Start(const Key& key,
                                                        int64_t size_bytes,
                                                        int64_t offset) = 0;

  // Removes those that are too old.
  virtual absl::Status RemoveOld() = 0;
};

}  // namespace steelyard::storage

#endif  // STEELYARD_STORAGE_UPLOADS_H_
