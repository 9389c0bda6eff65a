#ifndef STEELYARD_TRAINING_SHIFT_LEAST_SQUARES_RATIO_H_
#define STEELYARD_TRAINING_SHIFT_LEAST_SQUARES_RATIO_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "training/shift/features.h"
#include "training/shift/gaussian_kernel.h"

// Density ratios by least squares.
//
//   w(x) = sum_l theta_l k(x, c_l),   theta = max(0, (H + lambda I)^-1 h),
//   h = mean_target phi,   phi(x) = (k(x, c_1), ..., k(x, c_b)),
//   H = alpha mean_target phi phi' + (1 - alpha) mean_source phi phi',
// the minimum, but for what is clipped, of
//   J = (alpha mean_target w^2 + (1 - alpha) mean_source w^2) / 2
//       - mean_target w + lambda |theta|^2 / 2.
// alpha = 0 is uLSIF (Kanamori, Hido & Sugiyama, A least-squares approach to
// direct importance estimation, JMLR 10, 2009) and estimates p_t / p_s; alpha
// in (0, 1) is RuLSIF (Yamada, Suzuki, Kanamori, Hachiya & Sugiyama, Relative
// density-ratio estimation, Neural Computation 25, 2013) and estimates
//   p_t / (alpha p_t + (1 - alpha) p_s) <= 1 / alpha.
// alpha stands with the *target*.  (Where adapt's RULSIF says so of the source,
// it has them exchanged.)
namespace steelyard::training {

inline constexpr double kMinRidge = 1e-10;
inline constexpr double kMaxRidge = 1e10;

struct LeastSquaresOptions {
  std::vector<double> centres;    // c, [b, d], b <= kMaxCentres
  std::vector<double> widths;     // candidates, kMinWidth to kMaxWidth
  std::vector<double> penalties;  // of lambda, kMinRidge to kMaxRidge
  double alpha = 0;               // 0 <= alpha <= 0.99
  StopCheck* stop = nullptr;
};

struct LeastSquaresRatio {
  std::vector<double> centres;       // [b, d]
  std::vector<double> coefficients;  // theta, [b], >= 0
  double width = 0;
  double penalty = 0;
  double score = 0;  // of these by cross-validation; NaN without a choice
};

// Of several widths or penalties takes those of least score, the first of equal
// ones (penalties change faster), but for those by which every ratio of the
// source is 0 (no row of it is near a centre): J without the penalty, with pair
// j of a target and a source row left out, taken at that pair, averaged over j
// < min(n_s, n_t).  Closed form: leaving out a pair is a change of rank 2 of
//   alpha n_t / (n_t - 1) mean_target phi phi' + ... + lambda I.
//
// Cost: for each width (n_s + n_t) b (3 d + b) flops, for each penalty beside
// it b^3 / 3 + 4 min(n_s, n_t) b^2.  Memory: some b^2 and blocks of rows.
// Errors: InvalidArgument, naming the sample or field (a choice needs two rows
// in each sample); FailedPrecondition where every ratio of the source is 0 by
// all of them, or rounding hides every penalty.
absl::StatusOr<LeastSquaresRatio> FitLeastSquaresRatio(
    const Features& source, const Features& target,
    const LeastSquaresOptions& options);

// w(x) >= 0 of each row, of as many columns as the centres.
std::vector<double> Ratios(const LeastSquaresRatio& ratio, const Features& rows,
                           StopCheck* stop = nullptr);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_SHIFT_LEAST_SQUARES_RATIO_H_
