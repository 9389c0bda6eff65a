#ifndef STEELYARD_TRAINING_TILE_PRODUCTS_H_
#define STEELYARD_TRAINING_TILE_PRODUCTS_H_

#include <cstdint>

#include "training/eight.h"

// The two products of a step, over a few tiles at once: with one tile the chain
// of additions over j would leave the adders idle most of the time.
namespace steelyard::training {

// Margins of `kTiles` tiles that follow each other in memory from `z` on, each
// of [d, 8]; margins: [kTiles * 8].
template <int kTiles>
inline void MultiplyRows(const double* z, int64_t d, const double* theta,
                         double* margins) {
  Eight m[kTiles] = {};
  for (int64_t j = 0; j < d; ++j) {
#pragma GCC unroll 8
    for (int64_t k = 0; k < kTiles; ++k) {
      AddScaled(Load(z + (k * d + j) * 8), theta[j], m[k]);
    }
  }
#pragma GCC unroll 8
  for (int64_t k = 0; k < kTiles; ++k) Store(m[k], margins + k * 8);
}

// Any number of tiles.
inline void MultiplyRows(const double* z, int64_t d, int64_t tiles,
                         const double* theta, double* margins) {
  int64_t t = 0;
  for (; t + 2 <= tiles; t += 2) {
    MultiplyRows<2>(z + t * d * 8, d, theta, margins + t * 8);
  }
  if (t < tiles) MultiplyRows<1>(z + t * d * 8, d, theta, margins + t * 8);
}

// Adds pull_i z_i of `kTiles` tiles to the partial sums, tile after tile:
// pull: [kTiles * 8]; partial: [d, 8].
template <int kTiles>
inline void AddRows(const double* z, int64_t d, const double* pull,
                    double* partial) {
  Eight s[kTiles];
#pragma GCC unroll 8
  for (int64_t k = 0; k < kTiles; ++k) s[k] = Load(pull + k * 8);
  for (int64_t j = 0; j < d; ++j) {
    Eight sum = Load(partial + j * 8);
#pragma GCC unroll 8
    for (int64_t k = 0; k < kTiles; ++k) {
      AddProduct(Load(z + (k * d + j) * 8), s[k], sum);
    }
    Store(sum, partial + j * 8);
  }
}

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_TILE_PRODUCTS_H_
