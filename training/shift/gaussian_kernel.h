#ifndef STEELYARD_TRAINING_SHIFT_GAUSSIAN_KERNEL_H_
#define STEELYARD_TRAINING_SHIFT_GAUSSIAN_KERNEL_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "training/shift/features.h"
#include "training/shift/stop_check.h"

// Kernels k(x, c) = exp(-|x - c|^2 / (2 s^2)) around centres c, with the width
// s.  (Where others write exp(-gamma |x - c|^2), gamma = 1 / (2 s^2).)
namespace steelyard::training {

// So that a matrix of centres by centres has at most 8 MB.
inline constexpr int64_t kMaxCentres = 1'000;
// Of one search: widths, and penalties.
inline constexpr int64_t kMaxCandidates = 100;
inline constexpr double kMinWidth = 1e-100;
inline constexpr double kMaxWidth = 1e100;
// Rows that MedianDistance looks at.
inline constexpr int64_t kMaxMedianRows = 1'000;

// Writes |x - c|^2 of each row x and centre c to `out`, [n, b] row-major: a
// chain over the columns of (x_j - c_j)^2, so that it is the same of x and c as
// of c and x, and 0 of equal rows.
//
// Cost: 3 n b d flops; takes b d doubles of memory.
void SquaredDistances(const Features& rows, const Features& centres,
                      std::span<double> out, StopCheck* stop = nullptr);

// Writes ln k = -|x - c|^2 / (2 s^2) in the same way.
void LogKernels(const Features& rows, const Features& centres, double width,
                std::span<double> out, StopCheck* stop = nullptr);

// `count` rows of the target, or all where it has no more, each as likely, in
// the order of the target: by RandomStream(seed, "shift.centres").  [b, d]
std::vector<double> ChooseCentres(const Features& target, int64_t count,
                                  uint64_t seed);

// The median of |x - y| over the pairs of different rows of both samples
// together (the lower of the two in the middle); of larger samples over the
// rows floor(i n / kMaxMedianRows).  A usual first guess of a width, and what
// candidates are taken around.
//
// Errors: InvalidArgument, naming the sample; FailedPrecondition where the
// median is 0: half of the pairs are equal.
absl::StatusOr<double> MedianDistance(const Features& source,
                                      const Features& target,
                                      StopCheck* stop = nullptr);

// Errors: InvalidArgument, naming `centres` or `widths[k]`: what CheckFeatures
// refuses, columns other than `columns`, none, too many, a width out of bounds.
absl::Status CheckCentres(const Features& centres, int64_t columns);
absl::Status CheckWidths(std::span<const double> widths);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_SHIFT_GAUSSIAN_KERNEL_H_
