#ifndef STEELYARD_TRAINING_HASH64_H_
#define STEELYARD_TRAINING_HASH64_H_

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

#include "absl/strings/string_view.h"

namespace steelyard::training {

// A 64-bit hash of a sequence of words, against accidents, not against attack:
// one changed word always changes it.  Part of the format of a state.
class Hash64 {
 public:
  void Add(uint64_t word) {
    // Each line can be undone, so that no difference is lost.
    hash_ = (hash_ ^ word) * 0x9e3779b97f4a7c15U;
    hash_ = (hash_ ^ (hash_ >> 32)) * 0xd6e8feb86659fd93U;
    hash_ ^= hash_ >> 32;
  }
  void Add(int64_t value) { Add(static_cast<uint64_t>(value)); }
  void Add(double value) { Add(std::bit_cast<uint64_t>(value)); }
  void Add(std::span<const double> values) {
    Add(static_cast<uint64_t>(values.size()));
    for (const double value : values) Add(value);
  }
  void Add(std::span<const int64_t> values) {
    Add(static_cast<uint64_t>(values.size()));
    for (const int64_t value : values) Add(value);
  }
  void Add(absl::string_view text) {
    Add(static_cast<uint64_t>(text.size()));
    for (; !text.empty();
         text.remove_prefix(text.size() < 8 ? text.size() : 8)) {
      uint64_t word = 0;
      std::memcpy(&word, text.data(), text.size() < 8 ? text.size() : 8);
      Add(word);
    }
  }

  uint64_t value() const { return hash_; }

 private:
  uint64_t hash_ = 0;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_HASH64_H_
