#ifndef STEELYARD_SERVER_DATA_DIR_H_
#define STEELYARD_SERVER_DATA_DIR_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace steelyard::server {

// $XDG_DATA_HOME/steelyard, else ~/.local/share/steelyard.
// Errors: FailedPrecondition when the user has no home.
absl::StatusOr<std::string> DefaultDataDir();

// A data directory, and this process its only server while the object lives.
//
//   DATA_DIR/lock             held by flock; "PID TIME", who holds it
//   DATA_DIR/admin.token      what TCP callers show
//   DATA_DIR/steelyard.sock   the default listener
//   DATA_DIR/worker.sock      where local workers dial in
//   DATA_DIR/worker.token     what they show; new at each start
// and what the store keeps there (storage/README.md).
class DataDir {
 public:
  // Makes the directory (mode 0700) when it is missing, keeps others out of one
  // that they could read (chmod 0700, and a line in the log), and takes the
  // lock.
  //
  // Errors: FailedPrecondition when another server has the lock, saying who, or
  // when others could write into the directory; Internal.
  static absl::StatusOr<std::unique_ptr<DataDir>> Open(const std::string& path,
                                                       absl::Time now);
  ~DataDir();
  DataDir(const DataDir&) = delete;
  DataDir& operator=(const DataDir&) = delete;

  // Absolute.
  const std::string& path() const { return path_; }
  // Of a file within.
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  DataDir(std::string path, int lock_fd);

  const std::string path_;
  const int lock_fd_;  // the lock goes with it, however the process ends
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_DATA_DIR_H_
