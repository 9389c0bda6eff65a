#ifndef STEELYARD_TRAINING_SHIFT_NEAREST_RATIO_H_
#define STEELYARD_TRAINING_SHIFT_NEAREST_RATIO_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "training/shift/features.h"
#include "training/shift/stop_check.h"

namespace steelyard::training {

// n_s n_t d: some minutes.
inline constexpr int64_t kMaxNearestProducts = 100'000'000'000;
inline constexpr double kMaxSmoothing = 1e6;

// Weights of the source's rows by nearest neighbours (Loog, Nearest
// neighbor-based importance weighting, MLSP 2012):
//   w_i = n_s (c_i + a) / (n_t + n_s a),
// c_i the number of rows of the target to which x_i is the nearest of the
// source: those in its Voronoi cell.  A row of the target with several nearest,
// at distances equal to the bit, counts as a fraction for each: so equal rows
// weigh the same, and the same sample on both sides gives w = 1.  a =
// `smoothing` >= 0 keeps weights above 0; the paper has 1 (Laplace).  The mean
// of w is 1.
//
// Cost: 6 n_s n_t d flops, each distance being taken twice.  Memory: a block of
// kBlockRows by kBlockRows distances.
// Errors: InvalidArgument, naming the sample or field, as n_s n_t d above
// kMaxNearestProducts.
absl::StatusOr<std::vector<double>> NearestRatios(const Features& source,
                                                  const Features& target,
                                                  double smoothing,
                                                  StopCheck* stop = nullptr);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_SHIFT_NEAREST_RATIO_H_
