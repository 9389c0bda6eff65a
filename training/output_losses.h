#ifndef STEELYARD_TRAINING_OUTPUT_LOSSES_H_
#define STEELYARD_TRAINING_OUTPUT_LOSSES_H_

#include <cstdint>
#include <span>

#include "training/objective.h"

// Losses of a network's outputs, [rows, k]: k = 1, or the number of classes.
// All in double, whatever the precision of the network.
namespace steelyard::training {

// Writes c_i dl_i/df to `slopes`, [rows, k], and returns sum_i c_i l_i, added
// in order.  labels, coefficients: [rows].  Not finite where an output is not.
template <typename Real>
double SlopesOfLosses(const Loss& loss, const Real* outputs, int64_t k,
                      std::span<const double> labels,
                      std::span<const double> coefficients, Real* slopes);

// What a row's loss is taken of: u of objective.h; f - y with kSquared.
template <typename Real>
double LossMargin(const Loss& loss, const Real* outputs, int64_t k,
                  double label);

// f_y less the largest of the others; k >= 2.
template <typename Real>
double ClassMargin(const Real* outputs, int64_t k, int64_t label);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_OUTPUT_LOSSES_H_
