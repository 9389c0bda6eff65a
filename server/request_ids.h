#ifndef STEELYARD_SERVER_REQUEST_IDS_H_
#define STEELYARD_SERVER_REQUEST_IDS_H_

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/engine_types.h"
#include "storage/types.h"

namespace steelyard::server {

// Which submission of a user was which run, for as long as it is kept.
class RequestIds {
 public:
  // The user's name, and the request id of his choice.
  using Key = std::pair<std::string, std::string>;

  // A repeated submission that came before the first one was on disk.
  struct Repeat {
    std::string submitted_spec;
    Reply<storage::RunId> reply;
  };
  struct Entry {
    storage::RunId run;
    absl::Time create_time;
    bool stored = false;          // whether the run is on disk
    std::vector<Repeat> repeats;  // to be answered when it is
  };

  // Null when there is none.
  Entry* Find(const Key& key);
  // `create_time` must not be before that of an earlier entry.
  void Add(const Key& key, Entry entry);
  // Returns those who wait for the answer; none when there is no such entry.
  std::vector<Repeat> TakeRepeats(const Key& key);
  void Remove(const Key& key);

  // Forgets the stored entries of runs created before `before`; returns how
  // many.
  int64_t Forget(absl::Time before);
  bool HasOlder(absl::Time before) const;
  int64_t size() const { return static_cast<int64_t>(entries_.size()); }

 private:
  std::map<Key, Entry> entries_;
  // By age.  A removed entry's stays until its turn.
  std::deque<std::pair<absl::Time, Key>> order_;
};

// Whether two serialised RunSpecs mean the same, whatever the order of their
// maps.
bool SameSpec(const std::string& a, const std::string& b);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_REQUEST_IDS_H_
