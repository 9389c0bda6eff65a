#include "server/request_ids.h"

#include <google/protobuf/util/message_differencer.h>

#include "steelyard/v1/spec.pb.h"

namespace steelyard::server {

RequestIds::Entry* RequestIds::Find(const Key& key) {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second;
}

void RequestIds::Add(const Key& key, Entry entry) {
  order_.emplace_back(entry.create_time, key);
  entries_.insert_or_assign(key, std::move(entry));
}

std::vector<RequestIds::Repeat> RequestIds::TakeRepeats(const Key& key) {
  Entry* entry = Find(key);
  if (entry == nullptr) return {};
  return std::exchange(entry->repeats, {});
}

void RequestIds::Remove(const Key& key) { entries_.erase(key); }

int64_t RequestIds::Forget(absl::Time before) {
  int64_t forgotten = 0;
  while (HasOlder(before)) {
    const auto found = entries_.find(order_.front().second);
    // The key may have been removed, and used again since.
    if (found != entries_.end() && found->second.create_time < before) {
      if (!found->second.stored) break;
      entries_.erase(found);
      ++forgotten;
    }
    order_.pop_front();
  }
  return forgotten;
}

bool RequestIds::HasOlder(absl::Time before) const {
  return !order_.empty() && order_.front().first < before;
}

bool SameSpec(const std::string& a, const std::string& b) {
  if (a == b) return true;
  v1::RunSpec first;
  v1::RunSpec second;
  return first.ParseFromString(a) && second.ParseFromString(b) &&
         google::protobuf::util::MessageDifferencer::Equals(first, second);
}

}  // namespace steelyard::server
