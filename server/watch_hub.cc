#include "server/watch_hub.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace steelyard::server {

int64_t WatchHub::VersionLocked(storage::RunId run) {
  const auto found = runs_.find(run.value);
  // An entry that only a waiting watcher made has the version 0.
  return found == runs_.end() ? floor_
                              : std::max(floor_, found->second.version);
}

int64_t WatchHub::Version(storage::RunId run) {
  const MutexLock lock(mu_);
  return VersionLocked(run);
}

WatchHub::Next WatchHub::WaitForChange(storage::RunId run, int64_t seen,
                                       Watcher* watcher) {
  const MutexLock lock(mu_);
  if (watcher->stopped_ || closed_) return Next::kStopped;
  if (VersionLocked(run) > seen) return Next::kChanged;
  runs_[run.value].waiting.insert(watcher);
  watcher->waiting_ = true;
  return Next::kWaits;
}

bool WatchHub::Stop(storage::RunId run, Watcher* watcher) {
  const MutexLock lock(mu_);
  watcher->stopped_ = true;
  if (!watcher->waiting_) return false;
  watcher->waiting_ = false;
  const auto found = runs_.find(run.value);
  found->second.waiting.erase(watcher);
  if (found->second.waiting.empty() && found->second.version <= floor_) {
    runs_.erase(found);
  }
  return true;
}

void WatchHub::Changed(storage::RunId run) {
  std::set<Watcher*> told;
  {
    const MutexLock lock(mu_);
    Entry& entry = runs_[run.value];
    entry.version = ++last_version_;
    told.swap(entry.waiting);
    for (Watcher* watcher : told) watcher->waiting_ = false;
  }
  for (Watcher* watcher : told) watcher->OnChange();
}

void WatchHub::Ended(storage::RunId run) {
  std::set<Watcher*> told;
  {
    const MutexLock lock(mu_);
    floor_ = ++last_version_;
    const auto found = runs_.find(run.value);
    if (found != runs_.end()) {
      told.swap(found->second.waiting);
      runs_.erase(found);
    }
    for (Watcher* watcher : told) watcher->waiting_ = false;
  }
  for (Watcher* watcher : told) watcher->OnChange();
}

std::set<WatchHub::Watcher*> WatchHub::TakeAll() {
  std::set<Watcher*> taken;
  for (auto entry = runs_.begin(); entry != runs_.end();) {
    for (Watcher* watcher : entry->second.waiting) watcher->waiting_ = false;
    taken.merge(entry->second.waiting);
    const bool says_nothing = entry->second.version <= floor_;
    entry = says_nothing ? runs_.erase(entry) : std::next(entry);
  }
  return taken;
}

void WatchHub::WakeAll() {
  std::set<Watcher*> told;
  {
    const MutexLock lock(mu_);
    told = TakeAll();
  }
  for (Watcher* watcher : told) watcher->OnChange();
}

void WatchHub::Close() {
  std::set<Watcher*> told;
  {
    const MutexLock lock(mu_);
    closed_ = true;
    told = TakeAll();
  }
  for (Watcher* watcher : told) watcher->OnChange();
}

int64_t WatchHub::size() {
  const MutexLock lock(mu_);
  return static_cast<int64_t>(runs_.size());
}

}  // namespace steelyard::server
