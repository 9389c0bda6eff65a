#ifndef STEELYARD_TRAINING_SHIFT_LABEL_SHIFT_H_
#define STEELYARD_TRAINING_SHIFT_LABEL_SHIFT_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "training/shift/stop_check.h"

// Label shift: the classes' shares change, p_t(y) != p_s(y), and p(x | y) does
// not.  Then a row of class k weighs w_k = p_t(k) / p_s(k), and these follow
// from what a classifier, trained on the source, says of both sides.
namespace steelyard::training {

// K.  So that a confusion matrix has at most 8 MB.
inline constexpr int64_t kMaxShiftClasses = 1'000;

struct LabelShift {
  std::vector<double> weights;  // w, [K], >= 0, sum_k p_s(k) w_k = 1
  std::vector<double> priors;   // p_t, [K], sum 1
  // Classes whose weight came out below 0 and was set to 0, ascending.
  std::vector<int64_t> clipped;
};

// Black-box shift estimation (Lipton, Wang & Smola, Detecting and correcting
// for label shift with black box predictors, ICML 2018):
//   w = C^-1 mu,  C_ij = p_s(predicted i, label j),  mu_i = p_t(predicted i).
// Weights below 0 are set to 0, and then all are scaled to sum_k p_s(k) w_k =
// 1, which holds by itself without.  Exact shares give exact priors.
//
// `confusion`: [K, K] row-major, row i the predicted class, column j the label,
// counts or shares of held-out rows of the source; `predicted`: [K] counts or
// shares of the target's rows by predicted class.  Both are divided by their
// sums.
//
// Cost: (4/3) K^3 flops.
// Errors: InvalidArgument, naming the field: a size, a value that is not finite
// or < 0, a sum of 0; a class without rows; FailedPrecondition where the
// matrix of p_s(predicted i | label j) has not full rank (pivots of its QR
// factors below K 2.2e-16 of the largest).
absl::StatusOr<LabelShift> ShiftByConfusion(std::span<const double> confusion,
                                            std::span<const double> predicted);

// Maximum likelihood (Saerens, Latinne & Decaestecker, Adjusting the outputs of
// a classifier to new a priori probabilities, Neural Computation 14, 2002):
//   p_t = argmax_q mean_target ln sum_k q_k p_s(k | x) / p_s(k)
// to which their EM steps
//   q_k <- mean_target [ q_k p_s(k | x) / p_s(k) / sum_j q_j p_s(j | x) /
//   p_s(j) ]
// climb; here MixtureShares goes there at once.
//
// `posteriors`: [n_t, K] row-major, p_s(k | x) of each row of the target, each
// row >= 0 with sum 1 to 1e-6; `source_priors`: [K] counts or shares of the
// source's classes, each > 0.  n_t K <= kMaxMixtureValues.
//
// Errors: InvalidArgument, naming the field or row; what MixtureShares says.
absl::StatusOr<LabelShift> ShiftByPosteriors(
    std::span<const double> posteriors, std::span<const double> source_priors,
    StopCheck* stop = nullptr);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_SHIFT_LABEL_SHIFT_H_
