#ifndef STEELYARD_TRAINING_WEIGHTS_H_
#define STEELYARD_TRAINING_WEIGHTS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "training/trainer.h"

namespace steelyard::training {

// The rows that take part, and what they weigh.  A row of weight 0 takes part
// in nothing: it is left out before anything is counted or summed.
struct RowWeights {
  std::vector<int64_t> kept;   // [n] rows of weight > 0, ascending
  std::vector<double> values;  // [n] normalised, finite, > 0
  std::vector<double> shares;  // [n] w_i / sum w, whatever the normalisation
  double even = 1;             // what a weight becomes where all are 1
  double effective_sample_size = 0;  // (sum w)^2 / sum w^2
};

// `weights`: one for each of `rows` rows, or empty for all 1.
// Errors: InvalidArgument, naming the first bad weight: not finite, negative,
// none above 0, or normalised no longer a double above 0.
absl::StatusOr<RowWeights> NormalizeWeights(std::span<const double> weights,
                                            int64_t rows,
                                            Normalization normalization);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_WEIGHTS_H_
