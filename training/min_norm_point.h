#ifndef STEELYARD_TRAINING_MIN_NORM_POINT_H_
#define STEELYARD_TRAINING_MIN_NORM_POINT_H_

#include <cstdint>
#include <vector>

#include "training/tiles.h"

namespace steelyard::training {

// The point of least norm in the convex hull of the rows z_i, and whether it
// can be told from 0.
struct MinNormPoint {
  // Whether z_i . point > 0 for every row: proof that the rows are separable.
  bool positive = false;
  // Whether the sum of p_i z_i vanishes beside the sum of p_i ||z_i||: to
  // rounding a proof that the rows are not separable.  Neither this nor
  // `positive` says that double precision can't tell.
  bool vanishing = false;
  // sum_i p_i z_i, [d]
  std::vector<long double> point;
  // Rows with p_i > 0, ascending; affinely independent.
  std::vector<int64_t> support;
  std::vector<double> p;  // of `support`, each > 0, sum 1
  // Rows outside the support with z_i . point = ||point||^2 as far as rounding
  // lets one see, ascending.
  std::vector<int64_t> tight;
  // max_i (||point||^2 - z_i . point)^+ / max_i ||z_i||^2
  double residual = 0;
  // Whether no other p gives the same point.
  bool unique = false;
};

// Wolfe's algorithm (P. Wolfe, Finding the nearest point in a polytope,
// Mathematical Programming 11, 1976) on a QR factorisation, then the support's
// own linear system refined in extended precision.  Weights p_i below 1e-13
// count as 0.  Rows are finite.  Where `positive` is false nothing else is to
// be used.
//
// Cost: about 2 n d + 6 d s flops for each of some 2 s rounds, s the size of
// the support (at most min(n, d)).
MinNormPoint FindMinNormPoint(const Tiles& rows);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_MIN_NORM_POINT_H_
