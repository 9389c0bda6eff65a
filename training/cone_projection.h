#ifndef STEELYARD_TRAINING_CONE_PROJECTION_H_
#define STEELYARD_TRAINING_CONE_PROJECTION_H_

#include <cstdint>
#include <span>
#include <vector>

namespace steelyard::training {

// The point nearest to a target in the cone of some rows g_i.
struct ConeProjection {
  std::vector<double> multipliers;  // [n], >= 0: the point is sum_i mu_i g_i
  double distance = 0;              // || target - point ||
};

// min over mu >= 0 of || target - sum_i mu_i g_i ||, by the active-set method
// of C. L. Lawson and R. J. Hanson, Solving Least Squares Problems, 1974,
// chapter 23, on an orthogonal basis of the rows in use.  Where mu is not
// unique, one of them; rows that depend on those in use to 1e-12 get 0.  The
// distance is right to a few units of the last digit of ||target||.
//
// rows: [n, d] row-major, finite; target: [d], finite.  Cost: about 2 n d +
// 4 d s flops for each of some 2 s rounds, s <= min(n, d) rows in use.
ConeProjection ProjectOnCone(std::span<const double> rows,
                             std::span<const double> target);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_CONE_PROJECTION_H_
