#include "training/shift/logistic_ratio.h"

#include <cmath>
#include <utility>

#include "Eigen/Cholesky"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "support/status_macros.h"
#include "training/rows_check.h"
#include "training/shift/blocking.h"

namespace steelyard::training {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using RowMatrix =
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr int kMaxSteps = 200;

// ln(1 + e^u), by powers of what is at most 0.
double Softplus(double u) {
  return std::fmax(u, 0) + std::log1p(std::exp(-std::fabs(u)));
}

// e^u / (1 + e^u).
double Sigmoid(double u) {
  const double e = std::exp(-std::fabs(u));
  return (u >= 0 ? 1 : e) / (1 + e);
}

// The objective, divided by C, at theta = (c, b): parts are added for one
// sample after the other.
class Objective {
 public:
  Objective(const Features& source, const Features& target,
            double inverse_penalty, StopCheck* stop)
      : source_(source),
        target_(target),
        penalty_(1 / inverse_penalty),
        stop_(stop) {}

  absl::Status status() const { return StatusOf(stop_); }

  double Value(const VectorXd& theta) const {
    return penalty_ / 2 * theta.tail(theta.size() - 1).squaredNorm() +
           Losses(source_, -1, theta) + Losses(target_, 1, theta);
  }

  // The gradient, and in `curvature` the lower half of the second derivatives.
  VectorXd Derivatives(const VectorXd& theta, MatrixXd& curvature) const {
    VectorXd slope = penalty_ * theta;
    slope[0] = 0;
    curvature.setZero();
    curvature.diagonal().tail(theta.size() - 1).setConstant(penalty_);
    // Apart, so that the slopes of equal samples cancel to the bit at 0.
    slope += Slope(target_, 1, theta, curvature) +
             Slope(source_, -1, theta, curvature);
    return slope;
  }

 private:
  // (1, x) of the rows of a block, and f of them.
  static RowMatrix Extended(const Features& block) {
    RowMatrix rows(block.rows, block.columns + 1);
    rows.col(0).setOnes();
    rows.rightCols(block.columns) = Eigen::Map<const RowMatrix>(
        block.values.data(), block.rows, block.columns);
    return rows;
  }

  double Losses(const Features& sample, double sign,
                const VectorXd& theta) const {
    double sum = 0;
    for (int64_t first = 0; first < sample.rows; first += kBlockRows) {
      if (Stopped(stop_, kBlockRows * theta.size())) break;
      const VectorXd f = Extended(Block(sample, first, kBlockRows)) * theta;
      for (const double value : f) sum += Softplus(-sign * value);
    }
    return sum;
  }

  VectorXd Slope(const Features& sample, double sign, const VectorXd& theta,
                 MatrixXd& curvature) const {
    VectorXd slope = VectorXd::Zero(theta.size());
    for (int64_t first = 0; first < sample.rows; first += kBlockRows) {
      if (Stopped(stop_, kBlockRows * theta.size() * theta.size())) break;
      RowMatrix rows = Extended(Block(sample, first, kBlockRows));
      const VectorXd f = rows * theta;
      VectorXd pull(f.size());
      VectorXd root(f.size());
      for (Index i = 0; i < f.size(); ++i) {
        pull[i] = -sign * Sigmoid(-sign * f[i]);
        root[i] = std::sqrt(Sigmoid(f[i]) * Sigmoid(-f[i]));
      }
      slope.noalias() += rows.transpose() * pull;
      rows = root.asDiagonal() * rows;
      curvature.selfadjointView<Eigen::Lower>().rankUpdate(rows.transpose());
    }
    return slope;
  }

  Features source_;
  Features target_;
  double penalty_;
  StopCheck* stop_;
};

// Goes from theta along `step` by the first of 1, 1/2, 1/4, ... that descends
// as far as rounding lets one see.  Whether there was one.
bool Descend(const Objective& objective, const VectorXd& step, double decrement,
             VectorXd& theta) {
  const double before = objective.Value(theta);
  const double rounding = 1e-13 * before;
  for (double length = 1; length > 1e-12; length /= 2) {
    const VectorXd there = theta + length * step;
    if (objective.Value(there) <=
        before - 1e-4 * length * decrement + rounding) {
      theta = there;
      return true;
    }
  }
  return false;
}

absl::StatusOr<VectorXd> Minimise(const Objective& objective, Index size) {
  VectorXd theta = VectorXd::Zero(size);
  MatrixXd curvature(size, size);
  for (int step = 0; step < kMaxSteps; ++step) {
    const VectorXd slope = objective.Derivatives(theta, curvature);
    STEELYARD_RETURN_IF_ERROR(objective.status());
    const Eigen::LLT<MatrixXd> factor(curvature);
    if (factor.info() != Eigen::Success) break;
    const VectorXd move = -factor.solve(slope);
    // Twice what the step gains.  A step squares it: after 1e-16 of it is left
    // one more reaches the last digit, and its gain is below rounding.
    const double decrement = -slope.dot(move);
    if (!(decrement >= 0)) break;
    if (decrement <= 1e-16) return VectorXd(theta + move);
    if (!Descend(objective, move, decrement, theta)) break;
  }
  STEELYARD_RETURN_IF_ERROR(objective.status());
  return absl::FailedPreconditionError(
      "inverse_penalty: want less, or columns of smaller values: rounding "
      "hides "
      "the penalty");
}

}  // namespace

absl::StatusOr<LogisticRatio> FitLogisticRatio(const Features& source,
                                               const Features& target,
                                               double inverse_penalty,
                                               StopCheck* stop) {
  STEELYARD_RETURN_IF_ERROR(CheckSamples(source, target));
  STEELYARD_RETURN_IF_ERROR(CheckWithin("inverse_penalty", inverse_penalty,
                                        kMinInversePenalty,
                                        kMaxInversePenalty));
  if (source.columns > kMaxDiscriminatorColumns) {
    return Want("source",
                absl::StrCat("at most ", kMaxDiscriminatorColumns, " columns"),
                source.columns);
  }
  FixBlocking();
  STEELYARD_ASSIGN_OR_RETURN(
      const VectorXd theta,
      Minimise(Objective(source, target, inverse_penalty, stop),
               source.columns + 1));
  return LogisticRatio{
      .coefficients = {theta.begin() + 1, theta.end()},
      .intercept = theta[0],
      .log_count_ratio = std::log(static_cast<double>(source.rows)) -
                         std::log(static_cast<double>(target.rows))};
}

std::vector<double> LogRatios(const LogisticRatio& ratio,
                              const Features& rows) {
  const size_t d = ratio.coefficients.size();
  std::vector<double> result;
  result.reserve(static_cast<size_t>(rows.rows));
  for (size_t i = 0; i < static_cast<size_t>(rows.rows); ++i) {
    double f = ratio.intercept + ratio.log_count_ratio;
    for (size_t j = 0; j < d; ++j) {
      f += rows.values[i * d + j] * ratio.coefficients[j];
    }
    result.push_back(f);
  }
  return result;
}

}  // namespace steelyard::training
