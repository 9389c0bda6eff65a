#include "training/limit_direction.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "Eigen/Dense"
#include "absl/status/status.h"
#include "support/status_macros.h"
#include "training/losses.h"

namespace steelyard::training {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kMostFlops = 4e9;

// f(theta) = sum_i s_i m_i^-alpha + ||theta||^2 / 2 with m = Z theta > 0: for
// any length of theta the least f is where the sum over the unit sphere is
// least, since both are homogeneous.  It is strictly convex and bounds m away
// from 0.
class PolynomialTail {
 public:
  // Rows over `unit`, weights over their largest.
  PolynomialTail(const Tiles& rows, std::span<const double> weights,
                 double alpha, double unit)
      : rows_(rows),
        alpha_(alpha),
        unit_(unit),
        shares_(weights.begin(), weights.end()),
        margins_(rows.tiles() * Tiles::kRows),
        factors_(rows.tiles() * Tiles::kRows),
        partial_(rows.columns() * Tiles::kRows) {
    const double most = *std::max_element(shares_.begin(), shares_.end());
    for (double& share : shares_) share /= most;
  }

  // Infinite where a margin is not above 0.
  double At(const VectorXd& theta) {
    rows_.Margins(theta.data(), margins_.data());
    double sum = 0;
    for (int64_t i = 0; i < rows_.rows(); ++i) {
      const double m = margins_[i] / unit_;
      if (!(m > 0)) return std::numeric_limits<double>::infinity();
      sum += shares_[static_cast<size_t>(i)] * std::pow(m, -alpha_);
    }
    return sum + theta.squaredNorm() / 2;
  }

  // Of the theta that At was called with last.
  VectorXd Gradient(const VectorXd& theta) {
    for (int64_t i = 0; i < rows_.rows(); ++i) {
      factors_[i] = -alpha_ * Power(i, alpha_ + 1) / unit_;
    }
    VectorXd sum(theta.size());
    AlignedDoubles added(theta.size());
    rows_.AddUp(factors_.data(), partial_.data(), added.data());
    for (Index j = 0; j < sum.size(); ++j) sum[j] = added[j];
    return sum + theta;
  }

  // I + alpha (alpha + 1) sum_i s_i m_i^(-alpha - 2) z_i z_i'
  MatrixXd Curvature() const {
    const Index d = rows_.columns();
    MatrixXd sum = MatrixXd::Identity(d, d);
    VectorXd z(d);
    for (int64_t i = 0; i < rows_.rows(); ++i) {
      const double root =
          std::sqrt(alpha_ * (alpha_ + 1) * Power(i, alpha_ + 2)) / unit_;
      for (Index j = 0; j < d; ++j) z[j] = root * rows_.at(i, j);
      for (Index j = 0; j < d; ++j) sum.col(j) += z[j] * z;
    }
    return sum;
  }

 private:
  // s_i m_i^-exponent
  double Power(int64_t i, double exponent) const {
    return shares_[static_cast<size_t>(i)] *
           std::pow(margins_[i] / unit_, -exponent);
  }

  const Tiles& rows_;
  const double alpha_;
  const double unit_;
  std::vector<double> shares_;
  AlignedDoubles margins_;
  AlignedDoubles factors_;
  AlignedDoubles partial_;
};

// Newton's method, halving steps that don't make f smaller, until rounding
// hides what a step gains.
VectorXd Minimize(PolynomialTail& f, VectorXd theta) {
  constexpr int kMostSteps = 200;
  double value = f.At(theta);
  for (int step = 0; step < kMostSteps; ++step) {
    const VectorXd change =
        -Eigen::LDLT<MatrixXd>(f.Curvature()).solve(f.Gradient(theta));
    double length = 1;
    VectorXd next = theta + change;
    while (!(f.At(next) < value) && length > 1e-3) {
      length /= 2;
      next = theta + length * change;
    }
    const double reached = f.At(next);
    if (!(reached < value)) {
      // So near, the whole step is right though f can't tell.
      return change.norm() < 1e-6 * theta.norm() ? VectorXd(theta + change)
                                                 : theta;
    }
    theta = next;
    value = reached;
  }
  return theta;
}

LimitDirection OfVector(const Tiles& rows, const VectorXd& theta) {
  LimitDirection limit;
  long double squares = 0;
  for (const double x : theta) squares += static_cast<long double>(x) * x;
  const long double length = std::sqrt(squares);
  for (const double x : theta) limit.direction.push_back(x / length);
  AlignedDoubles margins(rows.tiles() * Tiles::kRows);
  rows.Margins(theta.data(), margins.data());
  const double least =
      *std::min_element(margins.data(), margins.data() + rows.rows());
  limit.margin = least / static_cast<double>(length);
  return limit;
}

VectorXd AsVector(const std::vector<long double>& x) {
  VectorXd vector(static_cast<Index>(x.size()));
  for (size_t j = 0; j < x.size(); ++j) {
    vector[static_cast<Index>(j)] = static_cast<double>(x[j]);
  }
  return vector;
}

absl::StatusOr<LimitDirection> OfPolynomial(const Tiles& rows, double alpha,
                                            std::span<const double> weights,
                                            const HardMargin& largest) {
  const auto n = static_cast<double>(rows.rows());
  const auto d = static_cast<double>(rows.columns());
  if (n * d * d + d * d * d > kMostFlops) {
    return absl::FailedPreconditionError(
        "n d^2 + d^3 is above 4 10^9, too much for the limit of this loss");
  }
  PolynomialTail f(rows, weights, alpha, largest.gamma);
  return OfVector(rows, Minimize(f, AsVector(largest.direction)));
}

bool AreEqual(const std::vector<double>& scales) {
  return std::adjacent_find(scales.begin(), scales.end(),
                            std::not_equal_to<>()) == scales.end();
}

}  // namespace

absl::StatusOr<LimitDirection> FindLimitDirection(
    const Tiles& rows, const Loss& loss, std::span<const double> weights,
    const HardMargin& largest) {
  if (loss.kind == Loss::kPolynomial) {
    return OfPolynomial(rows, loss.alpha, weights, largest);
  }
  if (AreEqual(loss.margins.scales)) {
    return LimitDirection{largest.direction, largest.gamma};
  }
  std::vector<double> scales;
  for (const double label : rows.labels()) {
    scales.push_back(ShapeOf(loss, label).scale);
  }
  STEELYARD_ASSIGN_OR_RETURN(const HardMargin scaled,
                             SolveHardMargin(rows.Times(scales)));
  LimitDirection limit = OfVector(rows, AsVector(scaled.direction));
  limit.direction = scaled.direction;
  return limit;
}

}  // namespace steelyard::training
