#ifndef STEELYARD_TRAINING_WEIGHT_LEARNER_H_
#define STEELYARD_TRAINING_WEIGHT_LEARNER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "training/learned_weights.h"
#include "training/objective.h"
#include "training/tiles.h"
#include "training/weights.h"

namespace steelyard::training {

// Steps of learned weights (learned_weights.h) beside those of theta.
class WeightLearner {
 public:
  // `rows` must outlive this; normalization: all but kMinOne.
  WeightLearner(const LearnedWeights& options, const Tiles& rows,
                const Loss& loss, Normalization normalization);

  // Takes a step from the losses at theta, [d].  Where a loss is not finite
  // weights stay as they are.  4 n d flops, no allocation.
  void Step(const double* theta);

  // The weights as normalised, with all that follows from them; kept: [n].
  RowWeights Normalized(std::span<const int64_t> kept) const;
  // Writes c_i = w_i / n of the normalised weights, [n].
  void WriteCoefficients(std::span<double> to) const;

  // Before they are normalised, [n].
  std::span<const double> raw() const { return raw_; }
  // Each within the box.
  void Restore(std::span<const double> raw);

 private:
  // What the normalisation divides by.
  double Divisor() const;

  const LearnedWeights options_;
  const Tiles& rows_;
  const Loss loss_;
  const Normalization normalization_;
  std::vector<double> raw_;
  AlignedDoubles losses_;  // margins, then losses, [8 * tiles]
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_WEIGHT_LEARNER_H_
