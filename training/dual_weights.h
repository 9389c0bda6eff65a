#ifndef STEELYARD_TRAINING_DUAL_WEIGHTS_H_
#define STEELYARD_TRAINING_DUAL_WEIGHTS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "training/export.h"
#include "training/rows.h"

namespace steelyard::training {

// The weights that speed descent up most (P2, P3 of docs/science.md):
// max(n p*_i, floor) of each of n rows, p* being the dual solution of the rows
// (hard_margin.h), with `bias` of those with a constant feature; where it is
// not unique, one of them.  Labels: -1 and +1.  floor: finite, >= 0; at 0 rows
// off the support get the weight 0 and are left out. Errors: FailedPrecondition
// when the rows are not separable, when that is undecided in double precision,
// and where rows times features are above 10^7.
STEELYARD_TRAINING_EXPORT absl::StatusOr<std::vector<double>>
DualOptimalWeights(const Rows& rows, bool bias, double floor);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DUAL_WEIGHTS_H_
