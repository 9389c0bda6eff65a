#ifndef STEELYARD_TRAINING_CLASS_MARGINS_H_
#define STEELYARD_TRAINING_CLASS_MARGINS_H_

#include <cstdint>
#include <span>

#include "training/export.h"
#include "training/objective.h"

// Margins of classes by how many rows each has.  counts: n_k >= 1, [K]; of
// signs K = 2, -1 first.
namespace steelyard::training {

// Kini et al. 2021 (VS loss): scales D_k = (n_k / max n)^gamma, offsets
// O_yk = tau ln(n_k / n_y).  gamma = 0 is the logit-adjusted loss of Menon et
// al. 2021, tau = 0 the CDT loss of Ye et al. 2020.
STEELYARD_TRAINING_EXPORT ClassMargins
VectorScaling(double gamma, double tau, std::span<const int64_t> counts);

// Cao et al. 2019 (LDAM): u = s (m - Delta_y) of one output, likewise of
// several, Delta_k = max_margin (min n / n_k)^(1/4).
STEELYARD_TRAINING_EXPORT ClassMargins LabelDistributionAware(
    double max_margin, double scale, std::span<const int64_t> counts);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_CLASS_MARGINS_H_
