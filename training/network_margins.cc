#include "training/network_margins.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "training/aligned.h"
#include "training/penalty.h"

namespace steelyard::training {

std::string WhyNoP10(const Architecture& architecture, bool signs) {
  if (!signs) return "the model has several outputs";
  if (architecture.hidden.empty()) return "";
  if (architecture.biases == Biases::kPerLayer) {
    return "the layers have biases of their own";
  }
  const bool contracts = architecture.activation == Activation::kIdentity ||
                         architecture.activation == Activation::kRelu ||
                         (architecture.activation == Activation::kLeakyRelu &&
                          std::fabs(architecture.leak) <= 1);
  return contracts ? "" : "the activation is not 1-Lipschitz and homogeneous";
}

template <typename Real>
double LongestRow(const NetworkRows<Real>& set) {
  double longest = 0;
  for (int64_t i = 0; i < set.rows; ++i) {
    longest = std::max(longest, NormOf(set.features, set.row(i)));
  }
  return longest;
}

template <typename Real>
double ProductOfNorms(const std::vector<Layer>& layers, const Real* theta) {
  double product = 1;
  for (const Layer& layer : layers) {
    product *= NormOf(layer.inputs * layer.units, theta + layer.weights);
  }
  return product;
}

template <typename Real>
void WriteMarginGradients(const NetworkRows<Real>& set, const Real* theta,
                          Network<Real>& network, std::span<double> to) {
  const int64_t k = network.outputs();
  AlignedArray<Real> gradient(network.parameters());
  AlignedArray<Real> slopes(k);
  double* next = to.data();
  for (int64_t i = 0; i < set.rows; ++i) {
    const Real* f = network.Forward(theta, set.row(i), 1);
    const double y = set.labels[static_cast<size_t>(i)];
    std::fill_n(slopes.data(), k, Real{0});
    if (k == 1) {
      slopes[0] = static_cast<Real>(y);
    } else {
      const auto own = static_cast<int64_t>(y);
      int64_t other = own == 0 ? 1 : 0;
      for (int64_t c = 0; c < k; ++c) {
        if (c != own && f[c] > f[other]) other = c;
      }
      slopes[own] = 1;
      slopes[other] = -1;
    }
    std::fill_n(gradient.data(), gradient.size(), Real{0});
    network.AddGradient(theta, set.row(i), 1, slopes.data(), gradient.data());
    next = std::copy_n(gradient.data(), gradient.size(), next);
  }
}

template double LongestRow(const NetworkRows<float>& set);
template double ProductOfNorms(const std::vector<Layer>& layers,
                               const float* theta);
template void WriteMarginGradients(const NetworkRows<float>& set,
                                   const float* theta, Network<float>& network,
                                   std::span<double> to);
template double LongestRow(const NetworkRows<double>& set);
template double ProductOfNorms(const std::vector<Layer>& layers,
                               const double* theta);
template void WriteMarginGradients(const NetworkRows<double>& set,
                                   const double* theta,
                                   Network<double>& network,
                                   std::span<double> to);

}  // namespace steelyard::training
