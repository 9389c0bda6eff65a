#ifndef STEELYARD_TRAINING_SHIFT_GAUSSIAN_CLASSES_H_
#define STEELYARD_TRAINING_SHIFT_GAUSSIAN_CLASSES_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "training/rows.h"
#include "training/shift/divergence.h"
#include "training/shift/features.h"
#include "training/shift/stop_check.h"

// Rows of a label y and features x whose density is known, a mixture of
// Gaussians for each label:
//   p(x, y) = sum over the parts labelled y of share N(x; m, A) / sum of
//   shares.
// All parts are of the rows' d dimensions, at most kMaxCovarianceDimension.
namespace steelyard::training {

// ln( p_t(x, y) / p_s(x, y) ) [nats] of each row; -infinity for a label that
// the target has not.  labels: [n].
//
// Cost: O(n d^2) a part.
// Errors: InvalidArgument, naming the part: what GaussianLogRatios refuses, as
// a covariance that is not positive definite, a label of the target that the
// source has not, or of a row that neither has.
absl::StatusOr<std::vector<double>> GaussianClassLogRatios(
    std::span<const GaussianPart> source, std::span<const GaussianPart> target,
    const Features& rows, std::span<const double> labels,
    StopCheck* stop = nullptr);

// How far the target is from the source, in closed form, where each label has
// one Gaussian on either side; else nothing.  Between N(m_t, A_t) and
// N(m_s, A_s), with v = m_t - m_s and B = 2 A_s - A_t,
//   renyi_2 = v' B^-1 v - (1/2) ln(|B| |A_t| / |A_s|^2),
// infinite where B is not positive definite (Gil, Alajaji & Linder, Renyi
// divergence measures for commonly used univariate continuous distributions,
// Information Sciences 249, 2013, and theirs of 2011 for several variables),
// and
//   kl = (1/2) (tr(A_s^-1 A_t) + v' A_s^-1 v - d + ln(|A_s| / |A_t|));
// over labels E_s w^2 = sum_y pi_t(y)^2 / pi_s(y) e^{renyi_2(y)}.
//
// Errors: InvalidArgument, as above.
absl::StatusOr<std::optional<Divergence>> GaussianClassDivergence(
    std::span<const GaussianPart> source, std::span<const GaussianPart> target,
    int64_t columns);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_SHIFT_GAUSSIAN_CLASSES_H_
