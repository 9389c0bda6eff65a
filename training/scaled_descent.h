#ifndef STEELYARD_TRAINING_SCALED_DESCENT_H_
#define STEELYARD_TRAINING_SCALED_DESCENT_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "training/losses.h"
#include "training/objective.h"
#include "training/tiles.h"

namespace steelyard::training {

// Full-batch descent whose steps grow as the loss falls.  With g = -dL/dtheta,
// L = sum_i c_i l_i (descent.h), and eta the learning rate of the step:
//   kLoss          theta += eta g / L.  Of the exponential loss with eta = 1
//   this
//                  is P4's theta += sum_i q_i z_i, q_i prop. to c_i exp(-m_i).
//   kGradientNorm  theta += eta g / ||g||  (Nacson et al. 2019)
//   kAdaptive      theta += r eta (L_0 / L) g, L_0 the loss at the start, r = 1
//                  there: after a step that lowers L r grows by 2^(1/5); one
//                  that does not is taken back, and again with r less by
//                  2^(1/10) (Lyu & Li 2020, with a step for their epoch).
// Everything is taken of logarithms: the steps hold where L is e^-100,000. Sums
// over rows are the tree of descent.h.
class ScaledDescent {
 public:
  // `tiles` must outlive this.  coefficients: c_i > 0, [n].
  ScaledDescent(const Tiles& tiles, std::span<const double> coefficients,
                const Loss& loss, StepScale scale);

  // Others than the constructor's: c_i, [n].
  void SetCoefficients(std::span<const double> coefficients);

  // Takes a step from theta, [d].  About 4 n d operations, for kAdaptive times
  // the attempts, and 3 n exponentials; no allocation.
  // Errors: OutOfRange when no step lowers the loss (kAdaptive), or when the
  // loss or the gradient is 0, so that there is no scale.
  absl::Status Step(double rate, double* theta);

  // Of kAdaptive, what it remembers: ln r, and ln L_0 (NaN before the first
  // step).
  double log_factor() const { return log_factor_; }
  double log_start() const { return log_start_; }
  void Restore(double log_factor, double log_start);

 private:
  // ln L at theta; fills margins_ with u.
  double LogLossAt(const double* theta);
  // Fills sum_ with g / L, from margins_ and ln L.
  void Direction(double log_loss);
  absl::Status StepAdaptively(double rate, double log_loss, double* theta);

  const Tiles& tiles_;
  const Loss loss_;
  const StepScale scale_;
  std::vector<RowShape> shapes_;  // [n]; none: of no class margins
  std::vector<double> log_loss_;  // ln(n c a), of the mean loss, [n]
  std::vector<double> log_pull_;  // ln(c a D), [n]
  AlignedDoubles margins_;        // u, [8 * tiles]
  AlignedDoubles pull_;           // [8 * tiles], 0 beyond the rows
  AlignedDoubles partial_;        // [d, 8]
  AlignedDoubles sum_;            // [d]
  AlignedDoubles before_;         // [d]
  double log_factor_ = 0;
  double log_start_;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_SCALED_DESCENT_H_
