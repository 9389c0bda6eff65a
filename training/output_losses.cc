#include "training/output_losses.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace steelyard::training {
namespace {

// A loss and its derivative.
struct LossAt {
  double loss = 0;
  double slope = 0;
};

LossAt ScalarLoss(Loss loss, double f, double y) {
  if (loss == Loss::kSquared) return {(f - y) * (f - y), 2 * (f - y)};
  const double m = y * f;
  if (loss == Loss::kExponential) return {std::exp(-m), -y * std::exp(-m)};
  // exp is taken of values <= 0 alone, so that nothing overflows.
  const double e = std::exp(-std::fabs(m));
  const double sigmoid = (m > 0 ? e : 1) / (1 + e);
  return {std::log1p(e) + std::max(-m, 0.0), -y * sigmoid};
}

// Writes c dl/df of one row; returns l.
template <typename Real>
double SoftmaxRow(const Real* f, int64_t k, int64_t label, double c,
                  Real* slopes) {
  const double largest = *std::max_element(f, f + k);
  double sum = 0;
  for (int64_t j = 0; j < k; ++j) sum += std::exp(f[j] - largest);
  for (int64_t j = 0; j < k; ++j) {
    const double p = std::exp(f[j] - largest) / sum;
    slopes[j] = static_cast<Real>(c * (j == label ? p - 1 : p));
  }
  return largest + std::log(sum) - f[label];
}

}  // namespace

template <typename Real>
double SlopesOfLosses(Loss loss, const Real* outputs, int64_t k,
                      std::span<const double> labels,
                      std::span<const double> coefficients, Real* slopes) {
  double sum = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    const Real* f = outputs + static_cast<int64_t>(i) * k;
    Real* slope = slopes + static_cast<int64_t>(i) * k;
    const double c = coefficients[i];
    if (loss == Loss::kSoftmaxCrossEntropy) {
      const auto label = static_cast<int64_t>(labels[i]);
      sum += c * SoftmaxRow(f, k, label, c, slope);
      continue;
    }
    const LossAt at = ScalarLoss(loss, *f, labels[i]);
    sum += c * at.loss;
    *slope = static_cast<Real>(c * at.slope);
  }
  return sum;
}

template <typename Real>
double SoftmaxMargin(const Real* outputs, int64_t k, int64_t label) {
  double largest = -std::numeric_limits<double>::infinity();
  for (int64_t j = 0; j < k; ++j) {
    if (j != label) largest = std::max(largest, double{outputs[j]});
  }
  double sum = 0;
  for (int64_t j = 0; j < k; ++j) {
    if (j != label) sum += std::exp(outputs[j] - largest);
  }
  return outputs[label] - (largest + std::log(sum));
}

template <typename Real>
double ClassMargin(const Real* outputs, int64_t k, int64_t label) {
  double largest = -std::numeric_limits<double>::infinity();
  for (int64_t j = 0; j < k; ++j) {
    if (j != label) largest = std::max(largest, double{outputs[j]});
  }
  return outputs[label] - largest;
}

template double SlopesOfLosses(Loss, const float*, int64_t,
                               std::span<const double>, std::span<const double>,
                               float*);
template double SlopesOfLosses(Loss, const double*, int64_t,
                               std::span<const double>, std::span<const double>,
                               double*);
template double SoftmaxMargin(const float*, int64_t, int64_t);
template double SoftmaxMargin(const double*, int64_t, int64_t);
template double ClassMargin(const float*, int64_t, int64_t);
template double ClassMargin(const double*, int64_t, int64_t);

}  // namespace steelyard::training
