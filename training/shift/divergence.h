#ifndef STEELYARD_TRAINING_SHIFT_DIVERGENCE_H_
#define STEELYARD_TRAINING_SHIFT_DIVERGENCE_H_

#include <span>

#include "absl/status/statusor.h"

namespace steelyard::training {

// How far a target p_t is from the source p_s, w = p_t / p_s:
//   chi_square  E_s w^2 - 1, at least 0
//   renyi_2     ln E_s w^2 [nats], Renyi's divergence of order 2
//   kl          E_t ln w [nats], Kullback and Leibler's divergence
// Each may be infinite.  exp(renyi_2) is what n / n_eff tends to.
struct Divergence {
  double chi_square = 0;
  double renyi_2 = 0;
  double kl = 0;
};

// The same of means over rows of the source with these weights, scaled to mean
// 1.  Errors: InvalidArgument for no weight, one that is not finite or < 0, and
// a sum of 0.
absl::StatusOr<Divergence> DivergenceOfWeights(std::span<const double> weights);

// The same of classes with these shares, which are scaled to sum 1, where
// p(x | y) is that of the source: sums over the classes, no rows needed.
// Infinite where a class of the target has no share of the source.
// source, target: [K] finite, >= 0, each with a sum > 0.
Divergence DivergenceOfShares(std::span<const double> source,
                              std::span<const double> target);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_SHIFT_DIVERGENCE_H_
