#ifndef STEELYARD_TRAINING_NETWORK_MARGINS_H_
#define STEELYARD_TRAINING_NETWORK_MARGINS_H_

#include <span>
#include <string>
#include <vector>

#include "training/network.h"
#include "training/network_metrics.h"
#include "training/network_problem.h"

// What bounds and KKT conditions ask of a network beside its margins.
namespace steelyard::training {

// Why P10 says nothing of such a network; empty where it does.  signs: whether
// its only output's sign decides the class.
std::string WhyNoP10(const Architecture& architecture, bool signs);

// The length of the longest row.
template <typename Real>
double LongestRow(const NetworkRows<Real>& set);

// prod_l ||W_l||_F over the layers' weights; theta: [parameters].
template <typename Real>
double ProductOfNorms(const std::vector<Layer>& layers, const Real* theta);

// Writes the gradient of each row's margin, [rows, parameters] row-major: of y
// f, of several classes of the own output less the largest of the others.
template <typename Real>
void WriteMarginGradients(const NetworkRows<Real>& set, const Real* theta,
                          Network<Real>& network, std::span<double> to);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_NETWORK_MARGINS_H_
