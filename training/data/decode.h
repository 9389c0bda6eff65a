#ifndef STEELYARD_TRAINING_DATA_DECODE_H_
#define STEELYARD_TRAINING_DATA_DECODE_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

// Numbers out of the bytes of a file, whatever the machine's own byte order.
namespace steelyard::training {

template <typename Bits, std::endian kOrder>
Bits DecodeBits(const unsigned char* bytes) {
  uint64_t bits = 0;
  for (size_t i = 0; i < sizeof(Bits); ++i) {
    const size_t at = kOrder == std::endian::big ? i : sizeof(Bits) - 1 - i;
    bits = bits << 8 | bytes[at];
  }
  return static_cast<Bits>(bits);
}

// The `Value` at `bytes`.  A 64-bit integer past 2^53 becomes the nearest
// double.
template <typename Value, std::endian kOrder>
double Decode(const unsigned char* bytes) {
  using Bits = std::conditional_t<
      sizeof(Value) == 1, uint8_t,
      std::conditional_t<
          sizeof(Value) == 2, uint16_t,
          std::conditional_t<sizeof(Value) == 4, uint32_t, uint64_t>>>;
  static_assert(sizeof(Bits) == sizeof(Value));
  return static_cast<double>(
      std::bit_cast<Value>(DecodeBits<Bits, kOrder>(bytes)));
}

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DATA_DECODE_H_
