#ifndef STEELYARD_TRAINING_LOSSES_H_
#define STEELYARD_TRAINING_LOSSES_H_

#include <span>

#include "training/trainer.h"

// Losses as logarithms: after many steps they are far below the least double.
namespace steelyard::training {

// ln l(m), right to a few units of its last digit for every finite margin:
//   exponential: -m;  logistic: ln(ln(1 + e^-m)).
double LogLoss(Loss loss, double margin);

// ln( (1/n) sum_i w_i l(m_i) ), taken as A + ln( (1/n) sum_i e^(a_i - A) ) with
// a_i = ln w_i + ln l(m_i) and A the largest of them, so that it is finite and
// right where the sum itself underflows or overflows.  Not finite when a margin
// is not.  log_weights: ln w_i, [n]; empty: all 0.  margins: [n], n >= 1.
double LogMeanLoss(Loss loss, std::span<const double> log_weights,
                   std::span<const double> margins);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_LOSSES_H_
