#ifndef STEELYARD_SERVER_WORKER_LOG_H_
#define STEELYARD_SERVER_WORKER_LOG_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/unique_fd.h"
#include "support/mutex.h"

namespace steelyard::server {

// What the processes of one worker wrote, one after the other: kept in a file,
// and its last lines in memory.  Thread-safe.
//
// The file is FOLDER/NAME.log.  When it is `size_limit_bytes` long it becomes
// NAME.log.1, in the place of an older one, and a new one begins.
class WorkerLog {
 public:
  static constexpr int64_t kDefaultSizeLimitBytes = int64_t{1} << 20;
  static constexpr int kLinesKept = 50;
  static constexpr size_t kLineBytes =
      1'024;  // of a line kept; the rest is cut

  // Errors: those of the file system.
  static absl::StatusOr<std::shared_ptr<WorkerLog>> Open(
      const std::string& folder, const std::string& name,
      int64_t size_limit_bytes = kDefaultSizeLimitBytes);

  // A pipe for a new process: what is written to the returned end comes here.
  // The last process's pipe is read to what it holds, and closed.
  // Errors: ResourceExhausted when there are no more descriptors.
  absl::StatusOr<UniqueFd> NewPipe() ABSL_LOCKS_EXCLUDED(mu_);

  // The reading end, to wait for; -1 when every writer has closed its end.
  int pipe_fd() ABSL_LOCKS_EXCLUDED(mu_);
  // Takes what the pipe holds.  Does not wait.
  void Drain() ABSL_LOCKS_EXCLUDED(mu_);

  // Adds a line of our own.
  void Note(absl::string_view line) ABSL_LOCKS_EXCLUDED(mu_);

  // At most `count` lines, oldest first, with all that the pipe holds.
  std::vector<std::string> LastLines(int count) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  WorkerLog(std::string path, int64_t size_limit_bytes)
      : path_(std::move(path)), size_limit_bytes_(size_limit_bytes) {}

  absl::Status OpenFile() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void DrainLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Append(absl::string_view bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void AppendToFile(absl::string_view bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::string path_;
  const int64_t size_limit_bytes_;

  Mutex mu_;
  UniqueFd file_ ABSL_GUARDED_BY(mu_);
  int64_t size_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  UniqueFd pipe_ ABSL_GUARDED_BY(mu_);
  std::deque<std::string> lines_ ABSL_GUARDED_BY(mu_);  // whole ones
  std::string line_ ABSL_GUARDED_BY(mu_);               // without its end yet
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_WORKER_LOG_H_
