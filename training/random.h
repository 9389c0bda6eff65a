#ifndef STEELYARD_TRAINING_RANDOM_H_
#define STEELYARD_TRAINING_RANDOM_H_

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

// Random numbers that can be drawn again alone.
//
// Philox4x64-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy
// as 1, 2, 3, SC 2011; the code is Random123's) makes four words of 64 bits out
// of a key and a counter.  Here the key is (seed, place of use) and the counter
// (block, number, 0, 0): nothing that was drawn elsewhere, or in another epoch,
// changes a number.
//
// The integers are the same on every machine.  Normals go through std::log,
// std::cos and std::sin, which differ in the last digit between C libraries.
namespace steelyard::training {

// The words of one block.
std::array<uint64_t, 4> Philox(const std::array<uint64_t, 4>& counter,
                               const std::array<uint64_t, 2>& key);

// One sequence of random numbers.  Copies go on alike.  Not thread-safe; a draw
// costs no allocation.
class RandomStream {
 public:
  // `place` says where in the program the numbers are used ("order", "layer 2",
  // "data.moons"): by it uses with the same seed differ.  `number` counts
  // within a place: an epoch, a row.
  RandomStream(uint64_t seed, absl::string_view place, uint64_t number = 0);

  // 64 independent bits: the words of blocks 0, 1, 2, ..., in order.
  uint64_t Bits();

  // An odd multiple of 2^-53 between 0 and 1, neither of which occurs: the
  // upper 53 of Bits() with the last one set, which makes 2^52 values.
  double Uniform();

  // Standard normal, by Box and Muller out of two Uniform() u, v:
  //   sqrt(-2 ln u) cos(2 pi v),  and at the next call  sqrt(-2 ln u) sin(2 pi
  //   v)
  // whatever else is drawn between the two calls.  At most 8.6 in magnitude.
  double Normal();

  // 0, ..., bound - 1, each exactly as likely: Bits() modulo `bound`, where the
  // first 2^64 mod `bound` values of Bits() are drawn again.  bound >= 1.
  uint64_t Below(uint64_t bound);

 private:
  std::array<uint64_t, 2> key_;
  uint64_t number_;
  uint64_t block_ = 0;               // the next
  std::array<uint64_t, 4> words_{};  // of the block before
  size_t used_ = 4;                  // of words_
  double second_normal_ = 0;
  bool has_second_normal_ = false;
};

// Puts `values` into a random order, each as likely: for i = n - 1 down to 1,
// exchanges value i with value Below(i + 1) (Fisher and Yates; Durstenfeld).
template <typename Value>
void Shuffle(RandomStream& random, std::span<Value> values) {
  for (size_t i = values.size(); i > 1; --i) {
    std::swap(values[i - 1], values[random.Below(i)]);
  }
}

// 0, ..., count - 1 in the order that Shuffle makes of them.  count >= 0.
std::vector<int64_t> RandomOrder(RandomStream& random, int64_t count);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_RANDOM_H_
