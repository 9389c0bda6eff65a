#ifndef STEELYARD_TRAINING_DESCENT_H_
#define STEELYARD_TRAINING_DESCENT_H_

#include <cstdint>
#include <span>

#include "training/tiles.h"
#include "training/trainer.h"

namespace steelyard::training {

// Gradient descent with a fixed step on
//   L(theta) = sum_i c_i l(z_i . theta) + l2_strength ||theta||^2:
//   theta <- theta + learning_rate (sum_i c_i (-l'(m_i)) z_i
//                                   - 2 l2_strength theta).
//
// Sums over rows are one stated tree: blocks of 1,024 rows; within a block row
// i is added to partial sum i mod 8, in order; the eight are combined as
// ((0+4)+(2+6)) + ((1+5)+(3+7)); blocks are added in order.  The rows of a
// block are read once: margin, slope and sum tile by tile.
class Descent {
 public:
  struct Options {
    Loss loss = Loss::kLogistic;
    double learning_rate = 0;
    double l2_strength = 0;
  };

  // `tiles` must outlive this.  coefficients: c_i > 0, [n].
  Descent(const Tiles& tiles, std::span<const double> coefficients,
          const Options& options);

  // Takes `steps` steps from theta, [d].  4 n d flops and n exponentials a
  // step, no allocation.
  void Run(int64_t steps, double* theta);

  // The direction of a step before it is scaled: writes
  // -dL/dtheta without the penalty, [d].
  void AddUp(const double* theta, double* sum);

 private:
  template <Loss loss>
  void AddUpWith(const double* theta, double* sum);

  const Tiles& tiles_;
  const Options options_;
  AlignedDoubles coefficients_;  // [8 * tiles], 0 beyond the rows
  AlignedDoubles partial_;       // [d, 8]
  AlignedDoubles sum_;           // [d]
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DESCENT_H_
