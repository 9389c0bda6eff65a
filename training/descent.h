#ifndef STEELYARD_TRAINING_DESCENT_H_
#define STEELYARD_TRAINING_DESCENT_H_

#include <cstdint>
#include <span>

#include "training/tiles.h"
#include "training/trainer.h"

namespace steelyard::training {

// Gradient descent with a fixed step on
//   L(theta) = sum_i c_i l_i + R(theta), R the penalty,
//   l_i = a l(u_i), u_i = D m_i - O, m_i = z_i . theta (objective.h; most
//   losses have a = D = 1, O = 0): theta <- theta + learning_rate (sum_i c_i a
//   D (-l'(u_i)) z_i
//                                   - grad R(theta)).
//
// Sums over rows are one stated tree: blocks of 1,024 rows; within a block row
// i is added to partial sum i mod 8, in order; the eight are combined as
// ((0+4)+(2+6)) + ((1+5)+(3+7)); blocks are added in order.  The rows of a
// block are read once: margin, slope and sum tile by tile.
class Descent {
 public:
  struct Options {
    Loss loss;  // all kinds but kSquared and kSoftmaxCrossEntropy
    double learning_rate = 0;
    Penalty penalty = {};
  };

  // `tiles` must outlive this.  coefficients: c_i > 0, [n].
  Descent(const Tiles& tiles, std::span<const double> coefficients,
          const Options& options);

  // Others than the constructor's: c_i, [n].
  void SetCoefficients(std::span<const double> coefficients);

  // Takes `steps` steps with the learning rate of the options from theta, [d].
  // 4 n d flops and n exponentials a step, no allocation.
  void Run(int64_t steps, double* theta);

  // Takes one with another.
  void Step(double rate, double* theta);

  // The direction of a step before it is scaled: writes
  // -dL/dtheta without the penalty, [d].
  void AddUp(const double* theta, double* sum);

 private:
  template <Loss::Kind kind>
  void AddUpWith(const double* theta, double* sum);
  // Makes u of the margins m of `count` rows from row `first` on.
  void Shape(int64_t first, int64_t count, double* margins) const;

  const Tiles& tiles_;
  const Options options_;
  AlignedDoubles coefficients_;  // c a D, [8 * tiles], 0 beyond the rows
  AlignedDoubles scales_;        // D, [8 * tiles]; none: all 1, and O 0
  AlignedDoubles offsets_;       // O, [8 * tiles]; none with scales_
  AlignedDoubles factors_;       // a D, [8 * tiles]; none with scales_
  AlignedDoubles partial_;       // [d, 8]
  AlignedDoubles sum_;           // [d]
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DESCENT_H_
