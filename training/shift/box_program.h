#ifndef STEELYARD_TRAINING_SHIFT_BOX_PROGRAM_H_
#define STEELYARD_TRAINING_SHIFT_BOX_PROGRAM_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "training/shift/stop_check.h"

namespace steelyard::training {

// min (1/2) x'Qx - k'x over 0 <= x <= bound, and sum x = `sum` where it is
// given.  Q is symmetric and positive semidefinite.
struct BoxProgram {
  int64_t size = 0;               // n >= 1
  std::vector<double> quadratic;  // Q, [n, n], diagonal > 0
  std::vector<double> linear;     // k, [n]
  double bound = 0;               // > 0
  std::optional<double> sum;      // 0 < sum <= n bound
  StopCheck* stop = nullptr;
};

struct BoxSolution {
  std::vector<double> x;  // [n]
  // The largest |x_i - clip(x_i - s_i / Q_ii, 0, bound)|, s the slope
  // Qx - k - nu: how far a coordinate alone would still move.
  double residual = 0;
};

// Mehrotra's predictor-corrector method (SIAM J. Optimization 2, 1992), then
// the system of the coordinates that it leaves between the bounds, solved
// exactly and set right until signs and bounds hold: so coordinates at a bound
// are there to the bit, the others as good as Q_FF lets them be.  Where Q_FF is
// singular in double precision the minimum is not one point, and what the first
// method found stays: equal coordinates equal.
//
// Cost: n^3 / 3 flops for each of some 10 to 30 steps.  Memory: n^2 doubles
// beside Q.
// Errors: FailedPrecondition when the residual stays above 1e-6 of the largest
// x.
absl::StatusOr<BoxSolution> SolveBoxProgram(const BoxProgram& program);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_SHIFT_BOX_PROGRAM_H_
