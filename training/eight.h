#ifndef STEELYARD_TRAINING_EIGHT_H_
#define STEELYARD_TRAINING_EIGHT_H_

#include <cstdint>

// Eight doubles side by side: one feature of the eight rows of a tile, or the
// eight partial sums of a block.  Held in vectors of the instruction level's
// own width: one 64-byte vector below AVX-512 would live in memory, not in
// registers.
namespace steelyard::training {

#if defined(__AVX512F__)
inline constexpr int64_t kLanes = 8;
#elif defined(__AVX__)
inline constexpr int64_t kLanes = 4;
#else
inline constexpr int64_t kLanes = 2;
#endif
inline constexpr int64_t kVectors = 8 / kLanes;

using Lanes __attribute__((vector_size(kLanes * sizeof(double)))) = double;

struct Eight {
  Lanes v[kVectors];
};

// `from` and `to` are aligned to 64 bytes.
inline Eight Load(const double* from) {
  Eight r;
#pragma GCC unroll 8
  for (int64_t k = 0; k < kVectors; ++k) {
    r.v[k] = *reinterpret_cast<const Lanes*>(from + k * kLanes);
  }
  return r;
}

inline void Store(const Eight& a, double* to) {
#pragma GCC unroll 8
  for (int64_t k = 0; k < kVectors; ++k) {
    *reinterpret_cast<Lanes*>(to + k * kLanes) = a.v[k];
  }
}

// a + b * c in each lane, the product rounded before it is added.
inline void AddProduct(const Eight& b, const Eight& c, Eight& a) {
#pragma GCC unroll 8
  for (int64_t k = 0; k < kVectors; ++k) a.v[k] += b.v[k] * c.v[k];
}

inline void AddScaled(const Eight& b, double c, Eight& a) {
#pragma GCC unroll 8
  for (int64_t k = 0; k < kVectors; ++k) a.v[k] += b.v[k] * c;
}

// The eight partial sums of a block become one: the second stage of the tree.
inline double Combine(const double* p) {
  return ((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7]));
}

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_EIGHT_H_
