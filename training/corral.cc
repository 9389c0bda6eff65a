#include "training/corral.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "Eigen/Dense"

namespace steelyard::training {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

}  // namespace

Corral::Corral(const Tiles& rows, double scale) : rows_(rows), scale_(scale) {}

bool Corral::Contains(int64_t row) const {
  return std::find(members_.begin(), members_.end(), row) != members_.end();
}

std::vector<DoubleDouble> Corral::Combination(
    const std::vector<DoubleDouble>& p) const {
  std::vector<ProductSum> sums(static_cast<size_t>(rows_.columns()));
  for (size_t k = 0; k < members_.size(); ++k) {
    const double* z = z_.col(static_cast<Index>(k)).data();
    for (size_t j = 0; j < sums.size(); ++j) sums[j].Add(z[j], p[k]);
  }
  std::vector<DoubleDouble> point;
  for (const ProductSum& sum : sums) point.push_back(sum.value());
  return point;
}

VectorXd Corral::RoughCombination(const std::vector<DoubleDouble>& p) const {
  const auto k = static_cast<Index>(members_.size());
  VectorXd rough(k);
  for (Index i = 0; i < k; ++i) rough[i] = p[static_cast<size_t>(i)].hi;
  return z_.leftCols(k) * rough;
}

VectorXd Corral::Lifted(int64_t row) const {
  VectorXd u(rows_.columns() + 1);
  u[0] = scale_;
  for (Index j = 0; j < rows_.columns(); ++j) u[j + 1] = rows_.at(row, j);
  return u;
}

VectorXd Corral::Orthogonal(int64_t row) const {
  const auto k = static_cast<Index>(members_.size());
  VectorXd u = Lifted(row);
  // Twice is enough: the first pass leaves rounding of the size of u.
  for (int pass = 0; pass < 2; ++pass) {
    u -= q_.leftCols(k) * (q_.leftCols(k).transpose() * u);
  }
  return u;
}

VectorXd Corral::Coefficients(int64_t row) const {
  const auto k = static_cast<Index>(members_.size());
  return r_.topLeftCorner(k, k).triangularView<Eigen::Upper>().solve(
      q_.leftCols(k).transpose() * Lifted(row));
}

bool Corral::Add(int64_t row) {
  const auto k = static_cast<Index>(members_.size());
  if (k == q_.cols()) {
    const Index capacity =
        std::min<Index>(std::max<Index>(2 * k, 16),
                        std::max<Index>(rows_.columns() + 1, k + 1));
    z_.conservativeResize(rows_.columns(), capacity);
    q_.conservativeResize(rows_.columns() + 1, capacity);
    r_.conservativeResize(capacity, capacity);
  }
  const VectorXd u = Lifted(row);
  VectorXd rest = Orthogonal(row);
  const double distance = rest.norm();
  constexpr double kRounding = 64 * std::numeric_limits<double>::epsilon();
  if (k > rows_.columns() || distance <= kRounding * u.norm()) return false;
  rest /= distance;
  r_.col(k).head(k) = q_.leftCols(k).transpose() * u;
  r_.row(k).head(k).setZero();
  r_(k, k) = rest.dot(u);
  q_.col(k) = rest;
  z_.col(k) = u.tail(rows_.columns());
  members_.push_back(row);
  return true;
}

void Corral::Remove(int64_t place) {
  const auto k = static_cast<Index>(members_.size());
  for (Index c = place; c + 1 < k; ++c) {
    r_.col(c).head(c + 2) = r_.col(c + 1).head(c + 2);
    z_.col(c) = z_.col(c + 1);
  }
  // R has now one entry too many below its diagonal in each shifted column.
  for (Index c = place; c + 1 < k; ++c) {
    const double a = r_(c, c);
    const double b = r_(c + 1, c);
    const double length = std::hypot(a, b);
    const Eigen::JacobiRotation<double> turn(a / length, b / length);
    r_.middleCols(c, k - 1 - c).applyOnTheLeft(c, c + 1, turn);
    q_.applyOnTheRight(c, c + 1, turn.transpose());
    r_(c + 1, c) = 0;
  }
  members_.erase(members_.begin() + place);
}

VectorXd Corral::Solve(const VectorXd& right) const {
  const auto k = static_cast<Index>(members_.size());
  const auto r = r_.topLeftCorner(k, k).triangularView<Eigen::Upper>();
  return r.solve(r.transpose().solve(right));
}

// With e = (1, 0, ..., 0) it is in proportion to (U'U)^-1 U'e = R^-1 Q'e: no
// square of U's condition enters.
VectorXd Corral::AffineMinimizer() const {
  const auto k = static_cast<Index>(members_.size());
  const VectorXd a =
      r_.topLeftCorner(k, k).triangularView<Eigen::Upper>().solve(
          q_.row(0).head(k).transpose());
  return a / a.sum();
}

VectorXd Corral::Pull(const std::vector<DoubleDouble>& p) const {
  const std::vector<DoubleDouble> point = Combination(p);
  std::vector<DoubleDouble> products;
  DoubleDouble mean;
  for (size_t i = 0; i < p.size(); ++i) {
    const double* z = z_.col(static_cast<Index>(i)).data();
    ProductSum product;
    for (size_t j = 0; j < point.size(); ++j) product.Add(z[j], point[j]);
    products.push_back(product.value());
    mean = mean + p[i] * products.back();
  }
  VectorXd pull(static_cast<Index>(p.size()));
  for (size_t i = 0; i < p.size(); ++i) {
    pull[static_cast<Index>(i)] = (mean - products[i]).hi;
  }
  return pull;
}

Corral::Refined Corral::RefinedMinimizer() const {
  const VectorXd ones =
      Solve(VectorXd::Ones(static_cast<Index>(members_.size())));
  const VectorXd start = AffineMinimizer();
  Refined refined;
  for (const double p : start) refined.p.emplace_back(p);
  refined.change = std::numeric_limits<double>::infinity();
  // Each round gains the digits that the factorisation is good for.
  for (int round = 0; round < 20; ++round) {
    DoubleDouble missing(1);
    for (const DoubleDouble& p : refined.p) missing = missing - p;
    VectorXd change = Solve(Pull(refined.p));
    change += ones * ((missing.hi - change.sum()) / ones.sum());
    const double size = change.lpNorm<Eigen::Infinity>();
    if (!(size < refined.change)) break;
    refined.change = size;
    for (size_t i = 0; i < refined.p.size(); ++i) {
      refined.p[i] = refined.p[i] + DoubleDouble(change[static_cast<Index>(i)]);
    }
    if (size < 1e-30) break;
  }
  return refined;
}

}  // namespace steelyard::training
