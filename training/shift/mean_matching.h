#ifndef STEELYARD_TRAINING_SHIFT_MEAN_MATCHING_H_
#define STEELYARD_TRAINING_SHIFT_MEAN_MATCHING_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "training/shift/features.h"
#include "training/shift/stop_check.h"

namespace steelyard::training {

// n_s: two matrices of so many rows and columns have 256 MB.
inline constexpr int64_t kMaxMatchedRows = 4'000;
inline constexpr double kMaxWeightBound = 1e6;

struct MeanMatchingOptions {
  double width = 0;      // of the kernel, kMinWidth to kMaxWidth
  double bound = 1'000;  // B, at least 1 - slack, at most kMaxWeightBound
  // eps, 0 to 1; absent: (sqrt(n_s) - 1) / sqrt(n_s), as in the paper.
  std::optional<double> slack = std::nullopt;
  // r >= 0, added to K's diagonal; it makes the weights unique where K is
  // singular in double precision, as for equal or near rows.  At most 1.
  double ridge = 0;
  StopCheck* stop = nullptr;
};

struct MeanMatching {
  std::vector<double> weights;  // w, [n_s], 0 <= w <= B
  double residual = 0;          // as BoxSolution has it
};

// Kernel mean matching (Huang, Smola, Gretton, Borgwardt & Schoelkopf,
// Correcting sample selection bias by unlabeled data, NIPS 2006; Gretton et
// al. 2009):
//   min (1/2) w'(K + r I)w - kappa'w
//   under 0 <= w <= B, |sum w - n_s| <= n_s eps,
//   K_ij = k(x_i, x_j) over the source, kappa_i = (n_s / n_t) sum_t k(x_i,
//   x_t),
// k Gaussian (gaussian_kernel.h).  It gives weights of the source's rows alone,
// no function of x.  The program is solved without the sum, and where that sum
// is out of its bounds, again with the bound that it is beyond: the program
// being convex, the sum stands there.  The same sample on both sides and r = 0
// give w = 1.
//
// Cost: n_s n_t d, and SolveBoxProgram once or twice; 1,000 rows take about a
// second, 4,000 about a minute for each of the two.
// Errors: InvalidArgument, naming the sample or field, as n_s above
// kMaxMatchedRows; what SolveBoxProgram says.
absl::StatusOr<MeanMatching> MatchMeans(const Features& source,
                                        const Features& target,
                                        const MeanMatchingOptions& options);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_SHIFT_MEAN_MATCHING_H_
