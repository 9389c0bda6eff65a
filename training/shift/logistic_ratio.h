#ifndef STEELYARD_TRAINING_SHIFT_LOGISTIC_RATIO_H_
#define STEELYARD_TRAINING_SHIFT_LOGISTIC_RATIO_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "training/shift/features.h"
#include "training/shift/stop_check.h"

namespace steelyard::training {

// A step holds the matrix of second derivatives, (d + 1)^2 doubles, twice.
inline constexpr int64_t kMaxDiscriminatorColumns = 1'000;
inline constexpr double kMinInversePenalty = 1e-10;
inline constexpr double kMaxInversePenalty = 1e10;

// The log-odds of target against source, f(x) = c + b . x, and with them
//   w(x) = (n_s / n_t) e^{f(x)}
// (Bickel, Brueckner & Scheffer, Discriminative learning under covariate
// shift, JMLR 10, 2009).  Between N(0, 1) and N(mu, 1), with n_s = n_t, b tends
// to mu and c to -mu^2 / 2.
struct LogisticRatio {
  std::vector<double> coefficients;  // b, [d]
  double intercept = 0;              // c
  double log_count_ratio = 0;        // ln(n_s / n_t)
};

// Minimises
//   |b|^2 / 2 + C ( sum_source ln(1 + e^{f(x)}) + sum_target ln(1 + e^{-f(x)})
//   )
// over b and c, with C = `inverse_penalty`: sums, not means, and the intercept
// not penalised, which is what scikit-learn's LogisticRegression(C) minimises.
// By Newton's method from 0, halving steps that do not descend, until the next
// step would change nothing that a double holds; so the same rows on both sides
// give f = 0, w = 1 to the bit.  Columns that are constant, equal or dependent
// on others do no harm: the penalty decides between them.
//
// Cost: about (n_s + n_t) d^2 flops for each of some 5 to 15 steps.  Memory:
// two matrices of (d + 1)^2 and a block of rows.
// Errors: InvalidArgument, naming the sample or field; FailedPrecondition when
// rounding of the sums of squares of dependent columns, some 1e-16 of them,
// hides the penalty 1 / C.
absl::StatusOr<LogisticRatio> FitLogisticRatio(const Features& source,
                                               const Features& target,
                                               double inverse_penalty,
                                               StopCheck* stop = nullptr);

// ln w(x) of each row, of as many columns as `ratio` was fitted on.
std::vector<double> LogRatios(const LogisticRatio& ratio, const Features& rows);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_SHIFT_LOGISTIC_RATIO_H_
