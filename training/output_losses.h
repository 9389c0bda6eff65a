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

// Rows far in time: ln c_i may be any size.
struct FarRows {
  std::span<const double> labels;            // [rows]
  std::span<const double> log_coefficients;  // ln c_i, [rows]
  double log_factor = 0;                     // to be added to each
};

// What they make of their outputs.
struct FarSlopes {
  double* slopes = nullptr;   // e^log_factor c_i dl_i/df, [rows, k]
  double* margins = nullptr;  // LossMargin, [rows]
  double* pulls = nullptr;    // e^log_factor c_i |dl_i/du|, [rows]
};

// SlopesOfLosses of such rows.  A pull is one exponential: it overflows only
// where it is too large itself.  With kSquared e^log_factor must not overflow
// unless f = y.
void WriteFarSlopes(const Loss& loss, const double* outputs, int64_t k,
                    const FarRows& rows, const FarSlopes& to);

// Writes the gradient of LossMargin by the outputs to `slopes`, [rows, k].
void WriteMarginSlopes(const Loss& loss, const double* outputs, int64_t k,
                       std::span<const double> labels, double* slopes);

// What a row's loss is taken of: u of objective.h; f - y with kSquared.
template <typename Real>
double LossMargin(const Loss& loss, const Real* outputs, int64_t k,
                  double label);

// f_y less the largest of the others; k >= 2.
template <typename Real>
double ClassMargin(const Real* outputs, int64_t k, int64_t label);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_OUTPUT_LOSSES_H_
