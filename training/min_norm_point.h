#ifndef STEELYARD_TRAINING_MIN_NORM_POINT_H_
#define STEELYARD_TRAINING_MIN_NORM_POINT_H_

#include <cstdint>
#include <vector>

#include "training/tiles.h"

namespace steelyard::training {

// What is proved of whether some theta has z_i . theta > 0 for every row.
enum class Separability {
  kProved,     // every z_i . point is above 0 by more than rounding can do
  kRefuted,    // ProvesZeroInHull (zero_in_hull.h) holds of `support`
  kUndecided,  // neither could be proved in the precision that there is
};

// The point of least norm in the convex hull of the rows z_i.
struct MinNormPoint {
  Separability separable = Separability::kUndecided;
  // Whether the point is the one of least norm as far as `residual` says.  The
  // fields below say nothing where it is not.
  bool optimal = false;
  // sum_i p_i z_i, [d]
  std::vector<long double> point;
  // Rows with p_i > 0, ascending; affinely independent.
  std::vector<int64_t> support;
  std::vector<double> p;  // of `support`, each > 0, sum 1
  // Rows outside the support with z_i . point = ||point||^2 as far as rounding
  // lets one see, ascending.
  std::vector<int64_t> tight;
  // max_i (||point||^2 - z_i . point)^+ / ||point||^2, at most 1e-12: the
  // point's distance from the one of least norm is at most the root of this
  // times its norm.  Taken of the point before it is rounded.
  double residual = 0;
  // Whether no other p gives the same point, and p is known to 1e-12.
  bool unique = false;
};

// Finds it by NearestFace (nearest_face.h).  Weights p_i below 1e-18 count as
// 0.  Rows are finite.
//
// Separable rows whose point is not `optimal` have margins below about 1e-10 of
// the largest norm: products z_i . point are 1e-32 of its square off.
//
// Cost: 10^4 rows of 200 features in about 0.1 s; README.md has more.
MinNormPoint FindMinNormPoint(const Tiles& rows);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_MIN_NORM_POINT_H_
