#ifndef STEELYARD_SERVER_WRITER_THREAD_H_
#define STEELYARD_SERVER_WRITER_THREAD_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "server/engine.h"
#include "storage/change.h"
#include "storage/writer.h"
#include "support/mutex.h"

namespace steelyard::server {

// What became of a change.
struct Committed {
  Effects::Outcome outcome;
  absl::Status status;
};

// Gives changes to the store, in groups: one sync serves all that have gathered
// while the one before was under way.  A group takes what waits, at most
// `kChangesLimit` changes and `kBytesLimit` bytes, but always one change; a
// lone change waits for nobody.
//
// Its own queue has no limit: the engine's callers bound what is under way.
class WriterThread {
 public:
  static constexpr int64_t kChangesLimit = 10'000;
  static constexpr int64_t kBytesLimit = int64_t{8} << 20;

  // After each commit `deliver` gets the group, in order, on this thread. After
  // a failed sync `fatal` is called instead, and then nothing more.
  WriterThread(std::unique_ptr<storage::Writer> writer,
               std::function<void(std::vector<Committed>)> deliver,
               std::function<void(const absl::Status&)> fatal);
  // Writes what is in the queue.
  ~WriterThread();
  WriterThread(const WriterThread&) = delete;
  WriterThread& operator=(const WriterThread&) = delete;

  // Thread-safe; does not block.
  void Add(storage::Change change, Effects::Outcome outcome)
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Waiting {
    storage::Change change;
    Effects::Outcome outcome;
    int64_t size_bytes = 0;
  };

  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  std::vector<absl::Status> Apply(std::vector<Waiting>& group);
  // The next group; empty when there is none and the thread is to end.
  std::vector<Waiting> TakeGroup() ABSL_LOCKS_EXCLUDED(mu_);

  const std::unique_ptr<storage::Writer> writer_;  // this thread's alone
  bool disk_fails_ = false;                        // at the last group
  const std::function<void(std::vector<Committed>)> deliver_;
  const std::function<void(const absl::Status&)> fatal_;

  Mutex mu_;
  CondVar added_;
  std::deque<Waiting> queue_ ABSL_GUARDED_BY(mu_);
  bool ending_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // last: starts when all else is there
};

// Roughly what a change holds in memory.
int64_t SizeBytes(const storage::Change& change);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_WRITER_THREAD_H_
