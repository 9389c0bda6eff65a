#ifndef STEELYARD_TRAINING_SHIFT_KLIEP_H_
#define STEELYARD_TRAINING_SHIFT_KLIEP_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "training/shift/features.h"
#include "training/shift/gaussian_kernel.h"

// The Kullback-Leibler importance estimation procedure (Sugiyama, Nakajima,
// Kashima, von Buenau & Kawanabe, Direct importance estimation with model
// selection, NIPS 2007):
//   w(x) = sum_l alpha_l k(x, c_l),  alpha >= 0,
// maximises mean_target ln w under mean_source w = 1.  With
//   alpha_l = b_l / m_l,  m_l = mean_source k(., c_l),
// the constraint is sum b = 1, and b are the shares of a mixture of the
// densities k(., c_l) / m_l: MixtureShares finds them.  All is done with
// logarithms of kernels, so that no width is too small for a double.
namespace steelyard::training {

struct KliepOptions {
  std::vector<double> centres;  // c, [b, d], b <= kMaxCentres
  std::vector<double> widths;   // candidates, kMinWidth to kMaxWidth
  // [n_t] the part of the cross-validation that each row of the target is in,
  // 0 ... k - 1, k >= 2, none empty; without use for a single width.
  std::vector<int64_t> parts;
  StopCheck* stop = nullptr;
};

struct KliepRatio {
  std::vector<double> centres;    // [b, d]
  std::vector<double> shares;     // b, [b], sum 1
  std::vector<double> log_means;  // ln m_l, [b]
  double width = 0;
  double score = 0;  // of this width by cross-validation; NaN without a choice
};

// Parts for cross-validation: of the rows in the order that
// RandomStream(seed, "shift.parts") brings them into, the one at place p is in
// part p modulo `parts`.  1 <= parts.
std::vector<int64_t> DealParts(int64_t rows, int64_t parts, uint64_t seed);

// Of several widths takes the one of greatest score, the first of equal ones:
// the mean over the parts of the mean of ln w over a part, w fitted on the
// other parts of the target and all of the source; widths that can't be fitted
// are none.  Means over the source are 1 to rounding.
//
// Cost: for each width (n_s + n_t) b d, and n_t b^2 a step of MixtureShares,
// for each part again.  Memory: two times n_t b doubles.
// Errors: InvalidArgument, naming the sample or field, as n_t b above
// kMaxMixtureValues; FailedPrecondition where no width scores, or each leaves a
// centre without a row of the source or a row of the target without a centre,
// and what MixtureShares says; or where the target is so far away that rounding
// hides by what the source's rows differ: then each weight would be 1.
absl::StatusOr<KliepRatio> FitKliep(const Features& source,
                                    const Features& target,
                                    const KliepOptions& options);

// w(x) of each row, of as many columns as the centres; at most n_s at a row of
// the source.
std::vector<double> Ratios(const KliepRatio& ratio, const Features& rows,
                           StopCheck* stop = nullptr);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_SHIFT_KLIEP_H_
