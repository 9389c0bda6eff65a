#include "training/min_norm_point.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "training/corral.h"

namespace steelyard::training {
namespace {

using Eigen::VectorXd;

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
// Smaller weights can't be told from 0 in double precision.
constexpr double kLeastWeight = 1e-13;
// Relative to the rows' and the point's norm: a row this near is on the margin.
constexpr double kTight = 1e-10;
// Relative to its terms' norms: a sum this small has cancelled.
constexpr double kVanishing = 1e-9;

std::vector<double> Norms(const Tiles& rows) {
  std::vector<double> norms;
  for (int64_t i = 0; i < rows.rows(); ++i) {
    double sum = 0;
    for (int64_t j = 0; j < rows.columns(); ++j) {
      sum += rows.at(i, j) * rows.at(i, j);
    }
    norms.push_back(std::sqrt(sum));
  }
  return norms;
}

long double Norm(const std::vector<long double>& x) {
  long double sum = 0;
  for (const long double value : x) sum += value * value;
  return std::sqrt(sum);
}

// Walks from one face of the hull to a better one until no row lies before the
// plane through the point.
class Search {
 public:
  explicit Search(const Tiles& rows)
      : rows_(rows),
        norms_(Norms(rows)),
        scale_(*std::max_element(norms_.begin(), norms_.end())),
        products_(rows.tiles() * Tiles::kRows),
        corral_(rows, scale_) {}

  // All of the result but `tight` and `unique`.
  MinNormPoint Solve();
  // The rest of it, where `result` is positive.
  void FindTight(MinNormPoint& result);

 private:
  // Below this a product with a vector of that norm is rounding.
  double Floor(double norm) const {
    return 8 * kEpsilon * std::sqrt(static_cast<double>(rows_.columns())) *
           scale_ * norm;
  }
  // A point of no more than this norm can't be told from 0.
  double LeastNorm() const {
    return 4 * kEpsilon * static_cast<double>(rows_.columns()) * scale_;
  }
  // Writes z_i . point to products_.
  void Multiply(const std::vector<long double>& point);
  int64_t LeastProduct() const;
  void Walk();
  std::vector<long double> AffineMinimizer() const;
  void DescendToFace();
  void Drop(size_t place);  // a member of the corral and its weight
  // Takes the affine minimiser in extended precision for the weights, without
  // the members that weigh no more than `least_weight`.
  void RefineWeights(double least_weight);
  void Refine(MinNormPoint& result);
  // Whether the point is small because its terms cancel, not because they are.
  bool Vanishes(double norm) const;

  const Tiles& rows_;
  std::vector<double> norms_;
  const double scale_;  // the largest norm
  AlignedDoubles products_;
  Corral corral_;
  std::vector<long double> p_;  // by the corral's members
  bool careful_ = false;        // weights in extended precision while walking
};

void Search::Multiply(const std::vector<long double>& point) {
  const std::vector<double> rounded(point.begin(), point.end());
  rows_.Margins(rounded.data(), products_.data());
}

int64_t Search::LeastProduct() const {
  return std::min_element(products_.data(), products_.data() + rows_.rows()) -
         products_.data();
}

std::vector<long double> Search::AffineMinimizer() const {
  if (careful_) return corral_.RefinedMinimizer();
  const VectorXd a = corral_.AffineMinimizer();
  return {a.begin(), a.end()};
}

// Minimises over the affine hull of the corral; where that leaves the simplex,
// goes as far as it allows and drops the members that block.
void Search::DescendToFace() {
  while (true) {
    const std::vector<long double> a = AffineMinimizer();
    long double reach = 1;
    size_t blocking = a.size();
    for (size_t i = 0; i < a.size(); ++i) {
      if (a[i] > 0) continue;
      const long double r = p_[i] > a[i] ? p_[i] / (p_[i] - a[i]) : 0;
      if (blocking == a.size() || r < reach) {
        reach = r;
        blocking = i;
      }
    }
    for (size_t i = 0; i < a.size(); ++i) {
      p_[i] = std::max(p_[i] + reach * (a[i] - p_[i]), 0.0L);
    }
    if (blocking == a.size()) return;
    for (size_t i = a.size(); i-- > 0;) {
      if (i == blocking || p_[i] <= 0) Drop(i);
    }
  }
}

void Search::Drop(size_t place) {
  corral_.Remove(static_cast<int64_t>(place));
  p_.erase(p_.begin() + static_cast<int64_t>(place));
}

void Search::Walk() {
  // Wolfe's method ends by itself; the limit is for rounding.
  const int64_t most = 100 + 20 * (rows_.rows() + rows_.columns());
  double best = std::numeric_limits<double>::infinity();
  int idle = 0;
  for (int64_t round = 0; round < most; ++round) {
    const std::vector<long double> point =
        careful_ ? corral_.Combination(p_) : corral_.RoughCombination(p_);
    const auto norm = static_cast<double>(Norm(point));
    Multiply(point);
    const int64_t least = LeastProduct();
    if (norm <= LeastNorm() || norm * norm - products_[least] <= Floor(norm)) {
      return;
    }
    idle = norm < best ? 0 : idle + 1;
    best = std::min(best, norm);
    if (idle < 3 && !corral_.Contains(least) && corral_.Add(least)) {
      p_.push_back(0);
      DescendToFace();
    } else if (!careful_) {
      // Margins far below the rows' norms drown in the weights' rounding.
      careful_ = true;
      idle = 0;
      DescendToFace();
    } else {
      return;
    }
  }
}

void Search::RefineWeights(double least_weight) {
  while (p_.size() > 1) {
    p_ = corral_.RefinedMinimizer();
    const auto least = std::min_element(p_.begin(), p_.end());
    if (*least > least_weight) return;
    Drop(static_cast<size_t>(least - p_.begin()));
  }
  p_.assign(p_.size(), 1);
}

void Search::Refine(MinNormPoint& result) {
  RefineWeights(kLeastWeight);
  result.point = corral_.Combination(p_);
  std::vector<std::pair<int64_t, double>> support;
  for (size_t k = 0; k < p_.size(); ++k) {
    support.emplace_back(corral_.members()[k], static_cast<double>(p_[k]));
  }
  std::sort(support.begin(), support.end());
  for (const auto& [row, p] : support) {
    result.support.push_back(row);
    result.p.push_back(p);
  }
}

// p is unique unless weight can be moved to rows on the margin outside the
// support: that is, unless 0 is in the hull of what of them is orthogonal to
// the support's affine hull.
void Search::FindTight(MinNormPoint& result) {
  const auto norm = static_cast<double>(Norm(result.point));
  Rows rest;
  rest.columns = rows_.columns() + 1;
  result.unique = true;
  for (int64_t i = 0; i < rows_.rows(); ++i) {
    if (corral_.Contains(i) ||
        products_[i] - norm * norm > kTight * scale_ * norm) {
      continue;
    }
    result.tight.push_back(i);
    VectorXd orthogonal = corral_.Orthogonal(i);
    const double length = orthogonal.norm();
    if (length <= kTight * scale_) result.unique = false;
    orthogonal /= length;
    rest.features.insert(rest.features.end(), orthogonal.begin(),
                         orthogonal.end());
    rest.labels.push_back(1);
    ++rest.rows;
  }
  if (!result.unique || rest.rows == 0) return;
  std::vector<int64_t> all(static_cast<size_t>(rest.rows));
  for (int64_t i = 0; i < rest.rows; ++i) all[static_cast<size_t>(i)] = i;
  const Tiles others(rest, all, false);
  result.unique = Search(others).Solve().positive;
}

bool Search::Vanishes(double norm) const {
  long double terms = 0;
  for (size_t k = 0; k < p_.size(); ++k) {
    terms += p_[k] * norms_[static_cast<size_t>(corral_.members()[k])];
  }
  return norm <= kVanishing * static_cast<double>(terms);
}

MinNormPoint Search::Solve() {
  MinNormPoint result;
  // A row so far below the others that its square is no double.
  if (*std::min_element(norms_.begin(), norms_.end()) == 0) return result;
  corral_.Add(std::min_element(norms_.begin(), norms_.end()) - norms_.begin());
  p_ = {1};
  Walk();
  Refine(result);

  Multiply(result.point);
  const auto norm = static_cast<double>(Norm(result.point));
  const double least = products_[LeastProduct()];
  result.residual = std::max(norm * norm - least, 0.0) / (scale_ * scale_);
  // What rounding may add to a product stays below half of what is asked.
  result.positive = norm > LeastNorm() && least >= norm * norm / 2;
  result.vanishing = !result.positive && Vanishes(norm);
  return result;
}

bool HasZeroRow(const Tiles& rows) {
  for (int64_t i = 0; i < rows.rows(); ++i) {
    int64_t j = 0;
    while (j < rows.columns() && rows.at(i, j) == 0) ++j;
    if (j == rows.columns()) return true;
  }
  return false;
}

}  // namespace

MinNormPoint FindMinNormPoint(const Tiles& rows) {
  if (HasZeroRow(rows)) {
    MinNormPoint zero;
    zero.vanishing = true;
    return zero;
  }
  // Squares of such values would overflow or vanish.
  constexpr int kMostExponent = 300;
  const double largest = rows.LargestValue();
  const int exponent = largest > 0 ? std::ilogb(largest) : 0;
  if (std::abs(exponent) > kMostExponent) {
    MinNormPoint result = FindMinNormPoint(rows.Scaled(-exponent));
    for (long double& x : result.point) x = std::scalbn(x, exponent);
    return result;
  }
  Search search(rows);
  MinNormPoint result = search.Solve();
  if (result.positive) search.FindTight(result);
  return result;
}

}  // namespace steelyard::training
