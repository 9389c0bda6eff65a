#include "training/zero_in_hull.h"

#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "Eigen/Dense"
#include "training/double_double.h"

namespace steelyard::training {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

// Whether a sum of products is exactly 0: what is added up are numbers that
// don't overlap, so none can cancel another (J. R. Shewchuk, Adaptive precision
// floating-point arithmetic and fast robust geometric predicates, Discrete &
// Computational Geometry 18 (1997), grow-expansion).
class ExactSum {
 public:
  void AddProduct(double a, double b) {
    const DoubleDouble product = TwoProduct(a, b);
    Add(product.lo);
    Add(product.hi);
  }
  bool zero() const { return parts_.empty(); }

 private:
  void Add(double x) {
    size_t kept = 0;
    for (const double part : parts_) {
      const DoubleDouble sum = TwoSum(x, part);
      if (sum.lo != 0) parts_[kept++] = sum.lo;
      x = sum.hi;
    }
    parts_.resize(kept);
    if (x != 0) parts_.push_back(x);
  }

  std::vector<double> parts_;  // from small to large
};

// numerators[i] / denominator; all whole numbers, below 2^53.
struct Fractions {
  std::vector<double> numerators;
  double denominator = 1;
};

// The denominator, at most `most`, of the first convergent of x's continued
// fraction that is within `tolerance` of it.
std::optional<int64_t> Denominator(const DoubleDouble& x, double most,
                                   double tolerance) {
  double before = 0;
  double denominator = 1;
  DoubleDouble rest = x;
  while (denominator <= most) {
    const DoubleDouble scaled = x * DoubleDouble(denominator);
    const double off = (scaled - DoubleDouble(std::round(scaled.hi))).hi;
    if (std::fabs(off) <= tolerance * denominator) {
      return static_cast<int64_t>(denominator);
    }
    rest = rest - DoubleDouble(std::floor(rest.hi));
    if (!(rest.hi > 0)) return std::nullopt;
    rest = DoubleDouble(1) / rest;
    const double next = std::floor(rest.hi) * denominator + before;
    before = denominator;
    denominator = next;
  }
  return std::nullopt;
}

std::optional<Fractions> AsFractions(const std::vector<DoubleDouble>& x,
                                     double most, double tolerance) {
  constexpr int64_t kMostCommon = int64_t{1} << 50;
  int64_t common = 1;
  for (const DoubleDouble& value : x) {
    const auto one = Denominator(value, most, tolerance);
    if (!one.has_value()) return std::nullopt;
    const int64_t factor = *one / std::gcd(common, *one);
    if (common > kMostCommon / factor) return std::nullopt;
    common *= factor;
  }
  Fractions fractions;
  fractions.denominator = static_cast<double>(common);
  for (const DoubleDouble& value : x) {
    const double n =
        std::round((value * DoubleDouble(fractions.denominator)).hi);
    if (std::fabs(n) > 0x1p52) return std::nullopt;
    fractions.numerators.push_back(n);
  }
  return fractions;
}

// The members' rows [k, d], each column and then each row times a power of two,
// so that no value is above 2 and each row has one that is at least 1.  Nothing
// where that loses digits.
std::optional<MatrixXd> Balanced(const Tiles& rows,
                                 std::span<const int64_t> members) {
  const auto k = static_cast<Index>(members.size());
  MatrixXd z(k, rows.columns());
  for (Index i = 0; i < k; ++i) {
    for (Index j = 0; j < z.cols(); ++j) {
      z(i, j) = rows.at(members[static_cast<size_t>(i)], j);
    }
  }
  bool exact = true;
  const auto balance = [&exact](auto line) {
    const double largest = line.cwiseAbs().maxCoeff();
    if (largest == 0) return;
    const int exponent = std::ilogb(largest);
    for (double& value : line) {
      const double scaled = std::scalbn(value, -exponent);
      exact = exact && std::scalbn(scaled, exponent) == value &&
              (scaled == 0 || std::fabs(scaled) > 0x1p-400);
      value = scaled;
    }
  };
  for (Index j = 0; j < z.cols(); ++j) balance(z.col(j));
  for (Index i = 0; i < k; ++i) balance(z.row(i));
  if (!exact) return std::nullopt;
  return z;
}

// Proves it of rows z, [k, d].
class Proof {
 public:
  explicit Proof(MatrixXd z) : z_(std::move(z)), k_(z_.rows()) {}

  bool Holds() {
    ChooseColumns();
    FindWeights();
    const auto fractions = AsFractions(p_, 0x1p26, 0x1p-80);
    if (fractions.has_value() && AreZero(*fractions)) return true;
    if (!AreAboveZero()) return false;
    for (Index j = k_ - 1; j < z_.cols(); ++j) {
      if (!IsCombination(z_.col(order_[j]))) return false;
    }
    return true;
  }

 private:
  // order_: the columns, those of B first; inverse_: X of M = [1, B]'.
  void ChooseColumns() {
    const Eigen::ColPivHouseholderQR<MatrixXd> pivots(z_);
    order_ = pivots.colsPermutation().indices();
    system_.resize(k_, k_);
    system_.row(0).setOnes();
    for (Index j = 1; j < k_; ++j) {
      system_.row(j) = z_.col(order_[j - 1]).transpose();
    }
    inverse_ = Eigen::ColPivHouseholderQR<MatrixXd>(system_).inverse();
  }

  // (1, 0, ..., 0) - M p
  std::vector<DoubleDouble> Missing() const {
    std::vector<DoubleDouble> missing;
    for (Index j = 0; j < k_; ++j) {
      ProductSum sum;
      for (Index i = 0; i < k_; ++i) {
        sum.Add(system_(j, i), p_[static_cast<size_t>(i)]);
      }
      missing.push_back(DoubleDouble(j == 0 ? 1 : 0) - sum.value());
    }
    return missing;
  }

  // M p = (1, 0, ..., 0)
  void FindWeights() {
    p_.assign(static_cast<size_t>(k_), DoubleDouble());
    constexpr int kRounds = 6;  // each gains the digits that X is good for
    for (int round = 0; round < kRounds; ++round) {
      const VectorXd change = inverse_.lazyProduct(High(Missing()));
      for (size_t i = 0; i < p_.size(); ++i) {
        p_[i] = p_[i] + DoubleDouble(change[static_cast<Index>(i)]);
      }
    }
  }

  static VectorXd High(const std::vector<DoubleDouble>& x) {
    VectorXd high(static_cast<Index>(x.size()));
    for (size_t i = 0; i < x.size(); ++i) high[static_cast<Index>(i)] = x[i].hi;
    return high;
  }

  bool AreZero(const Fractions& p) const {
    for (const double n : p.numerators) {
      if (n < 0) return false;
    }
    for (Index j = 0; j < z_.cols(); ++j) {
      ExactSum sum;
      for (Index i = 0; i < k_; ++i) {
        sum.AddProduct(p.numerators[static_cast<size_t>(i)], z_(i, j));
      }
      if (!sum.zero()) return false;
    }
    return true;
  }

  // Whether the exact solution of M p = (1, 0, ..., 0) is above 0.
  bool AreAboveZero() const {
    const auto k = static_cast<double>(k_);
    const MatrixXd sizes = inverse_.cwiseAbs();
    // I - X M, and twice what a product in doubles may be off.
    const MatrixXd rest =
        MatrixXd::Identity(k_, k_) - inverse_.lazyProduct(system_);
    const VectorXd rounding =
        2 * k * kEpsilon *
        sizes.lazyProduct(system_.cwiseAbs().rowwise().sum());
    const double norm =
        (rest.cwiseAbs().rowwise().sum() + rounding).maxCoeff() *
        (1 + k * kEpsilon);
    if (!(norm < 0.5)) return false;
    double terms = 1;  // |M| |p|, no value of M is above 2
    for (const DoubleDouble& p : p_) terms += 2 * std::fabs(p.hi);
    const VectorXd missing =
        High(Missing()).cwiseAbs() * (1 + kEpsilon) +
        VectorXd::Constant(k_, 2 * ProductSum::ErrorFactor(k_) * terms);
    const double off = sizes.lazyProduct(missing).maxCoeff() *
                       (1 + 2 * k * kEpsilon) / (1 - norm);
    for (const DoubleDouble& p : p_) {
      if (!(p.hi > 2 * off)) return false;
    }
    return true;
  }

  bool IsCombination(const VectorXd& column) const {
    if (column.isZero(0)) return true;
    // M' q = column, q_0 being 0 where there is a combination.
    VectorXd q = inverse_.transpose().lazyProduct(column);
    VectorXd missing(k_);
    for (Index i = 0; i < k_; ++i) {
      ProductSum sum;
      for (Index j = 0; j < k_; ++j) sum.Add(system_(j, i), q[j]);
      missing[i] = (DoubleDouble(column[i]) - sum.value()).hi;
    }
    q += inverse_.transpose().lazyProduct(missing);
    std::vector<DoubleDouble> factors;
    constexpr double kLeast = 1e-12;
    for (Index j = 1; j < k_; ++j) {
      factors.emplace_back(std::fabs(q[j]) < kLeast ? 0 : q[j]);
    }
    Fractions doubles;
    for (const DoubleDouble& x : factors) doubles.numerators.push_back(x.hi);
    if (Combine(doubles, column)) return true;
    const auto fractions = AsFractions(factors, 0x1p10, kLeast);
    return fractions.has_value() && Combine(*fractions, column);
  }

  // Whether `column` is B q exactly.
  bool Combine(const Fractions& q, const VectorXd& column) const {
    for (Index i = 0; i < k_; ++i) {
      ExactSum sum;
      sum.AddProduct(-q.denominator, column[i]);
      for (Index j = 1; j < k_; ++j) {
        sum.AddProduct(q.numerators[static_cast<size_t>(j - 1)], system_(j, i));
      }
      if (!sum.zero()) return false;
    }
    return true;
  }

  const MatrixXd z_;
  const Index k_;
  Eigen::VectorXi order_;
  MatrixXd system_;   // M, [k, k]
  MatrixXd inverse_;  // X
  std::vector<DoubleDouble> p_;
};

}  // namespace

bool ProvesZeroInHull(const Tiles& rows, std::span<const int64_t> members) {
  if (members.size() < 2) return false;
  std::optional<MatrixXd> z = Balanced(rows, members);
  if (!z.has_value()) return false;
  return Proof(*std::move(z)).Holds();
}

}  // namespace steelyard::training
