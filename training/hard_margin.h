#ifndef STEELYARD_TRAINING_HARD_MARGIN_H_
#define STEELYARD_TRAINING_HARD_MARGIN_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "training/tiles.h"

// What theory says of a linear model on separable rows, found without training.
namespace steelyard::training {

// The direction theta* of largest margin: with p* the weights of the point of
// least norm in the hull of the rows z_i (bias included),
//   sum_i p*_i z_i = gamma* theta*,  ||theta*|| = 1,
//   gamma* = min_i z_i . theta* = max_||theta||=1 min_i z_i . theta.
struct HardMargin {
  double gamma = 0;                    // gamma* > 0
  std::vector<long double> direction;  // theta*, [d]
  std::vector<int64_t> support;        // rows with p*_i > 0, ascending
  std::vector<double> p;               // p*_i of these, one of several ...
  bool unique = false;                 // ... unless this, then known to 1e-12
  bool all_tight_supported = false;  // whether z_i . theta* = gamma* only there
  // max_i (||g||^2 - z_i . g)^+ / ||g||^2 at g = gamma* theta*, at most 1e-12.
  double residual = 0;
};

// Errors: FailedPrecondition "not separable", which is proved, or "undecided in
// double precision: ..." where neither that nor a separating theta could be
// proved, or the largest margin, below about 1e-10 of the longest row, is not
// known to 1e-12 of itself.
absl::StatusOr<HardMargin> SolveHardMargin(const Tiles& rows);

// P2 of docs/science.md: where gradient descent with fixed step eta stands
// after t steps, up to what vanishes as t grows:
//   || theta/||theta|| - theta* || = 2 sin(atan(e / (ln t / gamma* + u.rho)) /
//   2), z_i . rho = ln(eta w_i / (n alpha_i)) on the support, alpha_i = p*_i /
//   gamma*^2, u = theta*, e = ||rho - u (u.rho)||.
class GapPrediction {
 public:
  // weights: normalised, [n].
  // Errors: FailedPrecondition with the reason why P2 says nothing here.
  static absl::StatusOr<GapPrediction> Make(const Tiles& rows,
                                            const HardMargin& reference,
                                            std::span<const double> weights,
                                            double learning_rate);

  // After e^log_step steps; NaN where the denominator is not above 0 yet.
  double At(double log_step) const;

  // e
  double constant() const { return across_; }
  // gap * ln t * ||theta_hat||, which tends to e.
  double Scaled(double gap, double log_step) const {
    return gap * log_step / gamma_;
  }

 private:
  double gamma_ = 0;
  double along_ = 0;   // u.rho
  double across_ = 0;  // e
};

// sum_i p*_i ln(p*_i / share_i); shares: w_i / sum w, [n].
double DivergenceFromShares(const HardMargin& reference,
                            std::span<const double> shares);

// p*_i of each of n rows; empty where there is no reference.
std::vector<double> DualByRow(const HardMargin* reference, int64_t rows);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_HARD_MARGIN_H_
