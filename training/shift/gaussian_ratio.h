#ifndef STEELYARD_TRAINING_SHIFT_GAUSSIAN_RATIO_H_
#define STEELYARD_TRAINING_SHIFT_GAUSSIAN_RATIO_H_

#include <vector>

#include "absl/status/statusor.h"
#include "training/shift/features.h"
#include "training/shift/stop_check.h"

namespace steelyard::training {

// A normal distribution N(m, A) of d dimensions, d at most
// kMaxCovarianceDimension (training/data/generate.h).
struct Gaussian {
  std::vector<double> mean;        // [d]
  std::vector<double> covariance;  // [d, d] row-major, symmetric to the bit
};

// ln w(x) [nats] of each row x, for known densities:
//   ln w(x) = ln N(x; m_t, A_t) - ln N(x; m_s, A_s)
//           = (1/2) (|u|^2 - |v|^2) + sum_k ln(S_kk / T_kk),
//   S S' = A_s, T T' = A_t, u = S^-1 (x - m_s), v = T^-1 (x - m_t).
// Where the covariances are the same the squares cancel before they are taken:
//   ln w(x) = (1/2) S^-1 (m_t - m_s) . (u + v).
// In one dimension with unit variance: mu x - mu^2 / 2.  The mean of w over the
// source is 1, that of w^2 is e^{mu^2}, so n_eff / n tends to e^{-mu^2}.
//
// Cost: O(d^2) a row.
// Errors: InvalidArgument, naming the field: a size, a value that is not finite
// or above kMaxFeature, a covariance that is not positive definite.
absl::StatusOr<std::vector<double>> GaussianLogRatios(
    const Gaussian& source, const Gaussian& target, const Features& rows,
    StopCheck* stop = nullptr);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_SHIFT_GAUSSIAN_RATIO_H_
