#ifndef STEELYARD_SERVER_WATCH_HUB_H_
#define STEELYARD_SERVER_WATCH_HUB_H_

#include <cstdint>
#include <map>
#include <set>

#include "absl/base/thread_annotations.h"
#include "storage/types.h"
#include "support/mutex.h"

namespace steelyard::server {

// Wakes those who watch runs.  Holds no sample: a watcher is a cursor, and
// reads the store itself once it is woken.  Thread-safe.
class WatchHub {
 public:
  class Watcher {
   public:
    virtual ~Watcher() = default;
    // Something has changed.  Runs on the thread that told the hub, with no
    // lock held; must not block.
    virtual void OnChange() = 0;

   private:
    friend class WatchHub;
    bool waiting_ = false;  // guarded by the hub's mutex
    bool stopped_ = false;  // guarded by the hub's mutex
  };

  enum class Next { kChanged, kWaits, kStopped };

  // A number that grows with every change of the run (a commit of samples or
  // state, or progress).  It may grow without one, never the other way round.
  int64_t Version(storage::RunId run) ABSL_LOCKS_EXCLUDED(mu_);

  // kChanged when the run's version is above `seen`.  Else takes note that
  // `watcher` waits: it is told once.  After kWaits the watcher may already
  // have been told, even destroyed.
  Next WaitForChange(storage::RunId run, int64_t seen, Watcher* watcher)
      ABSL_LOCKS_EXCLUDED(mu_);

  // From now on WaitForChange answers kStopped.  True if the watcher was
  // waiting: then OnChange will not come.
  bool Stop(storage::RunId run, Watcher* watcher) ABSL_LOCKS_EXCLUDED(mu_);

  // Tells the watchers of a run, after the commit.
  void Changed(storage::RunId run) ABSL_LOCKS_EXCLUDED(mu_);

  // Tells them for the last time: the run has ended.  Its entry is dropped.
  void Ended(storage::RunId run) ABSL_LOCKS_EXCLUDED(mu_);

  // Tells all who wait, though nothing has changed: it is time for a heartbeat.
  void WakeAll() ABSL_LOCKS_EXCLUDED(mu_);

  // The server stops: from now on WaitForChange answers kStopped to all, and
  // all who wait are told.
  void Close() ABSL_LOCKS_EXCLUDED(mu_);

  // Entries held: runs that somebody waits for, or that have changed and not
  // ended.
  int64_t size() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // An entry without watchers whose version is not above `floor_` says nothing
  // and is not kept.
  struct Entry {
    int64_t version = 0;
    std::set<Watcher*> waiting;
  };

  // Takes every watcher out, and with him the entries that then say nothing.
  std::set<Watcher*> TakeAll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  int64_t VersionLocked(storage::RunId run) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  Mutex mu_;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  int64_t last_version_ ABSL_GUARDED_BY(mu_) = 0;
  // The version of every run without an entry: that of the last dropped one, so
  // that a watcher that was reading when it was dropped sees a change.
  int64_t floor_ ABSL_GUARDED_BY(mu_) = 0;
  std::map<int64_t, Entry> runs_ ABSL_GUARDED_BY(mu_);
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_WATCH_HUB_H_
