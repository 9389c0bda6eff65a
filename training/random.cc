#include "training/random.h"

#include <Random123/philox.h>

#include <cmath>
#include <numbers>
#include <numeric>

#include "support/check.h"
#include "training/hash64.h"

namespace steelyard::training {
namespace {

uint64_t HashOf(absl::string_view place) {
  Hash64 hash;
  hash.Add(place);
  return hash.value();
}

}  // namespace

std::array<uint64_t, 4> Philox(const std::array<uint64_t, 4>& counter,
                               const std::array<uint64_t, 2>& key) {
  const r123::Philox4x64::ctr_type words = r123::Philox4x64()(
      {{counter[0], counter[1], counter[2], counter[3]}}, {{key[0], key[1]}});
  return {words[0], words[1], words[2], words[3]};
}

RandomStream::RandomStream(uint64_t seed, absl::string_view place,
                           uint64_t number)
    : key_{seed, HashOf(place)}, number_(number) {}

uint64_t RandomStream::Bits() {
  if (used_ == words_.size()) {
    words_ = Philox({block_, number_, 0, 0}, key_);
    ++block_;
    used_ = 0;
  }
  return words_[used_++];
}

double RandomStream::Uniform() {
  return static_cast<double>(Bits() >> 11 | 1) * 0x1p-53;
}

double RandomStream::Normal() {
  if (has_second_normal_) {
    has_second_normal_ = false;
    return second_normal_;
  }
  const double radius = std::sqrt(-2 * std::log(Uniform()));
  const double angle = 2 * std::numbers::pi * Uniform();
  second_normal_ = radius * std::sin(angle);
  has_second_normal_ = true;
  return radius * std::cos(angle);
}

uint64_t RandomStream::Below(uint64_t bound) {
  STEELYARD_CHECK(bound >= 1);
  const uint64_t rest = (0 - bound) % bound;  // 2^64 mod bound
  for (;;) {
    const uint64_t bits = Bits();
    if (bits >= rest) return bits % bound;
  }
}

std::vector<int64_t> RandomOrder(RandomStream& random, int64_t count) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), int64_t{0});
  Shuffle(random, std::span<int64_t>(order));
  return order;
}

}  // namespace steelyard::training
