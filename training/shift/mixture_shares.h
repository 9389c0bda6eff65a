#ifndef STEELYARD_TRAINING_SHIFT_MIXTURE_SHARES_H_
#define STEELYARD_TRAINING_SHIFT_MIXTURE_SHARES_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "training/shift/stop_check.h"

namespace steelyard::training {

// Of the [rows, parts] values that MixtureShares is given: 160 MB.
inline constexpr int64_t kMaxMixtureValues = 20'000'000;

// The shares b of greatest likelihood
//   F(b) = mean_t ln sum_l a_tl b_l,   b >= 0,  sum b = 1,
// of parts whose densities at row t are a_tl: what KLIEP and the EM method for
// label shift both ask for.  A concave problem; EM
//   b_l <- b_l mean_t a_tl / sum_k a_tk b_k
// climbs to its maximum slowly.  Here a primal-dual interior-point method
// solves it: of min -F(b) + sum b over b >= 0, whose solution has sum b = 1 by
// itself, with the dual z = 1 - G, G_l = mean_t a_tl / sum_k a_tk b_k.  At any
// b
//   max F - F(b) <= ln max_l G_l   [nats],
// and that is brought to at most 1e-9, in practice 1e-13.  Shares below 1e-12
// count as 0.  Where several b are best, one of them: equal parts get equal
// shares.
//
// `densities`: [rows, parts] row-major, finite, >= 0, a value above 0 in each
// row; each row may have a scale of its own, which changes nothing.
// parts <= kMaxCentres, rows parts <= kMaxMixtureValues.
//
// Cost: rows parts^2 flops for each of some 20 to 40 steps; 10,000 rows of 100
// parts take about a second, the most that is allowed some minutes.
// Errors: FailedPrecondition when the bound is not reached.
absl::StatusOr<std::vector<double>> MixtureShares(
    const std::vector<double>& densities, int64_t parts,
    StopCheck* stop = nullptr);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_SHIFT_MIXTURE_SHARES_H_
