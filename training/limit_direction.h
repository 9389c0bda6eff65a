#ifndef STEELYARD_TRAINING_LIMIT_DIRECTION_H_
#define STEELYARD_TRAINING_LIMIT_DIRECTION_H_

#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "training/hard_margin.h"
#include "training/objective.h"
#include "training/tiles.h"

namespace steelyard::training {

// Where descent on separable rows turns, by the tail of its loss.
struct LimitDirection {
  std::vector<long double> direction;  // u, [d], ||u|| = 1
  double margin = 0;                   // min_i z_i . u > 0
};

// Of L = (1/n) sum_i w_i l(u_i):
//   scales D of classes   the largest margin of the rows D_{y_i} z_i: that is
//                         argmin ||theta||, z_i . theta >= 1 / D_{y_i} (Kini et
//                         al. 2021, cost-sensitive support vectors)
//   kPolynomial           argmin over ||theta|| = 1 of sum_i w_i
//                         (z_i . theta)^-alpha (docs/science.md 4.7; that there
//                         is a limit: Ji et al. 2020), to about 1e-14
//   others                theta* of `largest`, the reference of the same rows
// weights: w, [n].
//
// Errors: FailedPrecondition where the scaled rows' margin can't be told, or,
// of kPolynomial, where n d^2 + d^3 is above 4 10^9, some seconds.
absl::StatusOr<LimitDirection> FindLimitDirection(
    const Tiles& rows, const Loss& loss, std::span<const double> weights,
    const HardMargin& largest);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_LIMIT_DIRECTION_H_
