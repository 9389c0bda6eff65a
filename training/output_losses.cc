#include "training/output_losses.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "training/losses.h"

namespace steelyard::training {
namespace {

// A loss and its derivative.
struct LossAndSlope {
  double loss = 0;
  double slope = 0;
};

LossAndSlope ScalarLoss(const Loss& loss, double f, double y) {
  if (loss.kind == Loss::kSquared) return {(f - y) * (f - y), 2 * (f - y)};
  const RowShape shape = ShapeOf(loss, y);
  const double u = shape.scale * (y * f) - shape.offset;
  return {shape.factor * LossAt(loss, u),
          -y * (shape.factor * shape.scale * PullAt(loss, u))};
}

// The sum in u of several outputs, over all classes k but y itself, its terms
// divided by exp(-D_y f_y): u = D_y f_y - ln sum exp(O_yk + D_k f_k).
template <typename Real>
class OtherClasses {
 public:
  OtherClasses(const ClassMargins& margins, const Real* f, int64_t k,
               int64_t label)
      : margins_(margins), f_(f), k_(k), label_(label) {
    for (int64_t j = 0; j < k; ++j) {
      if (j != label) largest_ = std::max(largest_, Term(j));
    }
    for (int64_t j = 0; j < k; ++j) {
      if (j != label) sum_ += std::exp(Term(j) - largest_);
    }
  }

  double scale(int64_t j) const {
    return margins_.scales.empty() ? 1
                                   : margins_.scales[static_cast<size_t>(j)];
  }
  // u
  double margin() const {
    return scale(label_) * f_[label_] - (largest_ + std::log(sum_));
  }
  // The share of the sum that comes from class j != y: du/df_j over -D_j.
  double Share(int64_t j) const { return std::exp(Term(j) - largest_) / sum_; }

 private:
  double Term(int64_t j) const {
    const double offset =
        margins_.offsets.empty()
            ? 0
            : margins_.offsets[static_cast<size_t>(label_ * k_ + j)];
    return offset + scale(j) * f_[j];
  }

  const ClassMargins& margins_;
  const Real* const f_;
  const int64_t k_;
  const int64_t label_;
  double largest_ = -std::numeric_limits<double>::infinity();
  double sum_ = 0;
};

// Writes c dl/df of one row; returns l.
template <typename Real>
double ClassRow(const Loss& loss, const Real* f, int64_t k, int64_t label,
                double c, Real* slopes) {
  const OtherClasses<Real> others(loss.margins, f, k, label);
  const double u = others.margin();
  const double factor = FactorOf(loss, true, static_cast<double>(label));
  const double pull = c * factor * PullAt(loss, u);
  for (int64_t j = 0; j < k; ++j) {
    const double share = j == label ? -1 : others.Share(j);
    slopes[j] = static_cast<Real>(pull * others.scale(j) * share);
  }
  return factor * LossAt(loss, u);
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
double SlopesOfLosses(const Loss& loss, const Real* outputs, int64_t k,
                      std::span<const double> labels,
                      std::span<const double> coefficients, Real* slopes) {
  const bool plain =
      loss.kind == Loss::kSoftmaxCrossEntropy && loss.margins.none();
  double sum = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    const Real* f = outputs + static_cast<int64_t>(i) * k;
    Real* slope = slopes + static_cast<int64_t>(i) * k;
    const double c = coefficients[i];
    if (k > 1) {
      const auto label = static_cast<int64_t>(labels[i]);
      sum += c * (plain ? SoftmaxRow(f, k, label, c, slope)
                        : ClassRow(loss, f, k, label, c, slope));
      continue;
    }
    const LossAndSlope at = ScalarLoss(loss, *f, labels[i]);
    sum += c * at.loss;
    *slope = static_cast<Real>(c * at.slope);
  }
  return sum;
}

template <typename Real>
double LossMargin(const Loss& loss, const Real* outputs, int64_t k,
                  double label) {
  if (k > 1) {
    return OtherClasses<Real>(loss.margins, outputs, k,
                              static_cast<int64_t>(label))
        .margin();
  }
  if (loss.kind == Loss::kSquared) return *outputs - label;
  const RowShape shape = ShapeOf(loss, label);
  return shape.scale * (label * *outputs) - shape.offset;
}

void WriteFarSlopes(const Loss& loss, const double* outputs, int64_t k,
                    const FarRows& rows, const FarSlopes& to) {
  for (size_t i = 0; i < rows.labels.size(); ++i) {
    const double* f = outputs + static_cast<int64_t>(i) * k;
    double* slopes = to.slopes + static_cast<int64_t>(i) * k;
    const double y = rows.labels[i];
    const double log_c = rows.log_factor + rows.log_coefficients[i];
    const double u = LossMargin(loss, f, k, y);
    to.margins[i] = u;
    if (loss.kind == Loss::kSquared) {
      // Not infinity times 0.
      slopes[0] = u == 0 ? 0 : std::exp(log_c) * 2 * u;
      to.pulls[i] = std::fabs(slopes[0]);
      continue;
    }
    const double factor = FactorOf(loss, k > 1, y);
    const double pull = std::exp(log_c + std::log(factor) + LogPull(loss, u));
    to.pulls[i] = pull;
    WriteMarginSlopes(loss, f, k, rows.labels.subspan(i, 1), slopes);
    for (int64_t j = 0; j < k; ++j) slopes[j] *= -pull;
  }
}

void WriteMarginSlopes(const Loss& loss, const double* outputs, int64_t k,
                       std::span<const double> labels, double* slopes) {
  for (size_t i = 0; i < labels.size(); ++i) {
    const double y = labels[i];
    double* slope = slopes + static_cast<int64_t>(i) * k;
    if (k == 1) {
      *slope = loss.kind == Loss::kSquared ? 1 : ShapeOf(loss, y).scale * y;
      continue;
    }
    const auto own = static_cast<int64_t>(y);
    const OtherClasses<double> others(
        loss.margins, outputs + static_cast<int64_t>(i) * k, k, own);
    for (int64_t j = 0; j < k; ++j) {
      slope[j] = others.scale(j) * (j == own ? 1 : -others.Share(j));
    }
  }
}

template <typename Real>
double ClassMargin(const Real* outputs, int64_t k, int64_t label) {
  double largest = -std::numeric_limits<double>::infinity();
  for (int64_t j = 0; j < k; ++j) {
    if (j != label) largest = std::max(largest, double{outputs[j]});
  }
  return outputs[label] - largest;
}

template double SlopesOfLosses(const Loss&, const float*, int64_t,
                               std::span<const double>, std::span<const double>,
                               float*);
template double SlopesOfLosses(const Loss&, const double*, int64_t,
                               std::span<const double>, std::span<const double>,
                               double*);
template double LossMargin(const Loss&, const float*, int64_t, double);
template double LossMargin(const Loss&, const double*, int64_t, double);
template double ClassMargin(const float*, int64_t, int64_t);
template double ClassMargin(const double*, int64_t, int64_t);

}  // namespace steelyard::training
