#ifndef STEELYARD_TRAINING_LOSSES_H_
#define STEELYARD_TRAINING_LOSSES_H_

#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "training/objective.h"

// Losses of margins u (objective.h has their formulas), all kinds but kSquared;
// and as logarithms: after many steps they are far below the least double.
namespace steelyard::training {

// 1 / (1 + e^u), to the last digits for every u.
inline double SigmoidOfMinus(double u) {
  const double e = std::exp(-std::fabs(u));  // never overflows
  return (u >= 0 ? e : 1.0) / (1 + e);
}

// l(u).
double LossAt(const Loss& loss, double u);

// -l'(u), at least 0: how strongly a row pulls.  Relative error: a few units of
// the last digit wherever it is not below 1e-300.
double PullAt(const Loss& loss, double u);

// ln(-l'(u)), to a few units of the last digit of |u| + |beta| + 1; -infinity
// where a hinge has no slope.
double LogPull(const Loss& loss, double u);

// The u at which a loss's slope, or its derivative, jumps; nothing where none
// does.  Of kHinge it is 1, too.
std::optional<double> KinkOf(const Loss& loss);

// Whether l'' >= 0 everywhere but at a kink.
bool IsConvex(const Loss& loss);

// -d ln(-l'(u)) / du, l'' over -l', to a few digits: on one side of a kink; 0
// where a hinge has no slope.
double SteepnessOf(const Loss& loss, double u);

// ln l(u), right to a few units of its last digit for every finite margin;
// -infinity where a hinge is 0.  exponential: -u; logistic: ln(ln(1 + e^-u)).
double LogLoss(const Loss& loss, double u);

// Whether l may be 0, whose logarithm is none.
inline bool MayVanish(const Loss& loss) {
  return loss.kind == Loss::kHinge || loss.kind == Loss::kSquaredHinge ||
         loss.kind == Loss::kSquared;
}

// ln( (1/n) sum_i w_i l(u_i) ), taken as A + ln( (1/n) sum_i e^(a_i - A) ) with
// a_i = ln w_i + ln l(u_i) and A the largest of them, so that it is finite and
// right where the sum itself underflows or overflows.  -infinity where every
// loss is 0; else not finite when a margin is not.  log_weights: ln w_i, [n];
// empty: all 0.  margins: u, [n], n >= 1.
double LogMeanLoss(const Loss& loss, std::span<const double> log_weights,
                   std::span<const double> margins);

// What a loss makes of a row of one output: a l(D m - O), m = y f.
struct RowShape {
  double scale = 1;   // D
  double offset = 0;  // O
  double factor = 1;  // a
};

// label: -1 or +1.
RowShape ShapeOf(const Loss& loss, double label);

// The factor of a row's class.  label: -1 or +1; of several `classes` 0 ...
// K-1.
double FactorOf(const Loss& loss, bool classes, double label);

// ln(w_i a_i) of rows with these labels, for LogMeanLoss.  weights: [n]; empty:
// all 1.  Empty where nothing but 1 is known.
std::vector<double> LogCoefficients(const Loss& loss, bool classes,
                                    std::span<const double> labels,
                                    std::span<const double> weights);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_LOSSES_H_
