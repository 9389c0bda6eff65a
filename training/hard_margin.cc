#include "training/hard_margin.h"

#include <cmath>
#include <limits>
#include <utility>

#include "Eigen/Dense"
#include "absl/status/status.h"
#include "training/min_norm_point.h"

namespace steelyard::training {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

}  // namespace

absl::StatusOr<HardMargin> SolveHardMargin(const Tiles& rows) {
  MinNormPoint nearest = FindMinNormPoint(rows);
  if (nearest.separable == Separability::kRefuted) {
    return absl::FailedPreconditionError("not separable");
  }
  if (!nearest.optimal) {
    return absl::FailedPreconditionError(
        nearest.separable == Separability::kProved
            ? "undecided in double precision: the rows are separable, but by "
              "too little to tell the largest margin"
            : "undecided in double precision: the rows lie too far apart in "
              "scale, or too near to each other");
  }
  HardMargin reference;
  long double squares = 0;
  for (const long double g : nearest.point) squares += g * g;
  const long double gamma = std::sqrt(squares);
  for (const long double g : nearest.point) {
    reference.direction.push_back(g / gamma);
  }
  reference.gamma = static_cast<double>(gamma);
  reference.support = std::move(nearest.support);
  reference.p = std::move(nearest.p);
  reference.unique = nearest.unique;
  reference.all_tight_supported = nearest.tight.empty();
  reference.residual = nearest.residual;
  return reference;
}

absl::StatusOr<GapPrediction> GapPrediction::Make(
    const Tiles& rows, const HardMargin& reference,
    std::span<const double> weights, double learning_rate) {
  if (!reference.unique) {
    return absl::FailedPreconditionError("the dual solution p* is not unique");
  }
  if (!reference.all_tight_supported) {
    return absl::FailedPreconditionError(
        "a row on the margin has no weight in the dual solution p*");
  }
  const auto d = static_cast<Index>(rows.columns());
  if (static_cast<Index>(reference.support.size()) != d) {
    return absl::FailedPreconditionError(
        "the support vectors do not span the space of the parameters");
  }
  const auto n = static_cast<double>(rows.rows());
  const double gamma = reference.gamma;
  Eigen::MatrixXd z(d, d);
  VectorXd right(d);
  VectorXd u(d);
  for (Index k = 0; k < d; ++k) {
    const auto place = static_cast<size_t>(k);
    const int64_t row = reference.support[place];
    for (Index j = 0; j < d; ++j) z(k, j) = rows.at(row, j);
    // Logarithms apart: the quotient may overflow.
    right[k] = std::log(learning_rate) +
               std::log(weights[static_cast<size_t>(row)]) - std::log(n) -
               std::log(reference.p[place]) + 2 * std::log(gamma);
    u[k] = static_cast<double>(reference.direction[place]);
  }
  // Unblocked, so that no bit depends on the processor's cache sizes.
  const VectorXd rho = z.colPivHouseholderQr().solve(right);
  GapPrediction prediction;
  prediction.gamma_ = gamma;
  prediction.along_ = u.dot(rho);
  prediction.across_ = (rho - u * prediction.along_).norm();
  return prediction;
}

double GapPrediction::At(double log_step) const {
  const double reach = log_step / gamma_ + along_;
  if (!(reach > 0)) return std::numeric_limits<double>::quiet_NaN();
  return 2 * std::sin(std::atan(across_ / reach) / 2);
}

double DivergenceFromShares(const HardMargin& reference,
                            std::span<const double> shares) {
  double sum = 0;
  for (size_t k = 0; k < reference.support.size(); ++k) {
    const auto row = static_cast<size_t>(reference.support[k]);
    sum += reference.p[k] * std::log(reference.p[k] / shares[row]);
  }
  return sum;
}

std::vector<double> DualByRow(const HardMargin* reference, int64_t rows) {
  std::vector<double> p;
  if (reference == nullptr) return p;
  p.resize(static_cast<size_t>(rows), 0);
  for (size_t k = 0; k < reference->support.size(); ++k) {
    p[static_cast<size_t>(reference->support[k])] = reference->p[k];
  }
  return p;
}

}  // namespace steelyard::training
