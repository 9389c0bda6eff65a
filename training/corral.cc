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

std::vector<long double> Corral::Combination(
    const std::vector<long double>& p) const {
  std::vector<long double> point(static_cast<size_t>(rows_.columns()), 0);
  for (size_t k = 0; k < members_.size(); ++k) {
    const double* z = z_.col(static_cast<Index>(k)).data();
    for (size_t j = 0; j < point.size(); ++j) point[j] += p[k] * z[j];
  }
  return point;
}

std::vector<long double> Corral::RoughCombination(
    const std::vector<long double>& p) const {
  const auto k = static_cast<Index>(members_.size());
  VectorXd rough(k);
  for (Index i = 0; i < k; ++i) {
    rough[i] = static_cast<double>(p[static_cast<size_t>(i)]);
  }
  const VectorXd point = z_.leftCols(k) * rough;
  return {point.begin(), point.end()};
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

VectorXd Corral::AffineMinimizer() const {
  const VectorXd a = Solve(VectorXd::Ones(static_cast<Index>(members_.size())));
  return a / a.sum();
}

std::vector<long double> Corral::RefinedMinimizer() const {
  const size_t k = members_.size();
  const VectorXd start = AffineMinimizer();
  const VectorXd ones = Solve(VectorXd::Ones(static_cast<Index>(k)));
  std::vector<long double> p(start.begin(), start.end());
  double last_change = std::numeric_limits<double>::infinity();
  // Each round gains the digits that the factorisation is good for.
  for (int round = 0; round < 12; ++round) {
    const std::vector<long double> point = Combination(p);
    std::vector<long double> product(k, 0);
    long double mean = 0;
    long double sum = 0;
    for (size_t i = 0; i < k; ++i) {
      const double* z = z_.col(static_cast<Index>(i)).data();
      for (size_t j = 0; j < point.size(); ++j) product[i] += point[j] * z[j];
      mean += p[i] * product[i];
      sum += p[i];
    }
    VectorXd right(static_cast<Index>(k));
    for (size_t i = 0; i < k; ++i) {
      right[static_cast<Index>(i)] = static_cast<double>(mean - product[i]);
    }
    VectorXd change = Solve(right);
    change +=
        ones * ((static_cast<double>(1 - sum) - change.sum()) / ones.sum());
    const double size = change.lpNorm<Eigen::Infinity>();
    if (!(size < last_change)) break;
    last_change = size;
    for (size_t i = 0; i < k; ++i) p[i] += change[static_cast<Index>(i)];
    if (size < 1e-20) break;
  }
  return p;
}

}  // namespace steelyard::training
