#ifndef STEELYARD_STORAGE_WRITER_H_
#define STEELYARD_STORAGE_WRITER_H_

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/change.h"

namespace steelyard::storage {

// The one writer of a store.  Knows no thread: one caller at a time.
class Writer {
 public:
  // Opens the store in `data_dir`, making or migrating it: steelyard.db, files/
  // for datasets, checkpoints/, artifacts/.  Removes unfinished files and
  // those that nothing refers to, so it comes before any upload of this
  // process. `vfs`: the name of an SQLite VFS, empty for the default; tests
  // inject faults through it.
  //
  // Errors: FailedPrecondition when a newer version wrote the store, or another
  // program did; DataLoss when it is damaged; Internal or ResourceExhausted as
  // the disk says.
  static absl::StatusOr<std::unique_ptr<Writer>> Open(
      const std::string& data_dir, const std::string& vfs = "");
  virtual ~Writer() = default;

  // Applies the changes in order, in one transaction, each in a savepoint of
  // its own: a refused change does not undo its neighbours.  Returns after the
  // commit, one status a change.
  //
  // When the database itself fails, in a change or the commit, every status is
  // that error: DataLoss after a failed sync, from then on for every call (the
  // process must end, the page cache can't be trusted, and whether the changes
  // are stored is open); else nothing has changed, and a later call may succeed
  // (ResourceExhausted when the disk is full).  When only the file of a
  // checkpoint or an artifact can't be written, its own change is refused with
  // that error.
  virtual std::vector<absl::Status> Apply(std::span<const Change> changes) = 0;
};

}  // namespace steelyard::storage

#endif  // STEELYARD_STORAGE_WRITER_H_
