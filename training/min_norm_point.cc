#include "training/min_norm_point.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <utility>

#include "training/nearest_face.h"
#include "training/zero_in_hull.h"

namespace steelyard::training {
namespace {

using Eigen::VectorXd;

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
// Of ||point||^2: what a row may lie before the plane.
constexpr double kMostResidual = 1e-12;
// Of ||point||^2: a row this near is on the margin.
constexpr double kTight = 1e-10;
// A weight that corrections still move by more is not known to 1e-12.
constexpr double kKnownWeight = 1e-14;
// Of the largest norm, and of unit vectors: lengths that may be rounding's.
constexpr double kLeastLength = 1e-10;
constexpr double kLeastUnitHull = 1e-6;
// Of the largest norm's square: below it a product's low half may underflow.
constexpr double kTellsNothing = 0x1p-200;
// Of the largest norm: a point this far from 0 is not one that cancels to 0.
constexpr double kVanishing = 1e-9;

// Rows outside the face that are on the margin.  What a row's own last digits
// can do to its margin counts as nothing.
std::vector<int64_t> Tight(const NearestFace& face) {
  const double squares = face.squares().hi;
  const double of_digits = 4 * kEpsilon * face.scale() * std::sqrt(squares);
  const double slack = std::max(kTight * squares, of_digits);
  std::vector<int64_t> tight;
  for (const int64_t i : face.Below(squares + slack)) {
    if (face.corral().Contains(i)) continue;
    if ((face.Product(i) - face.squares()).hi <= slack) tight.push_back(i);
  }
  return tight;
}

// p is unique unless weight can be moved to rows on the margin outside the
// support: that is, unless 0 is in the hull of what of them is orthogonal to
// the support's affine hull.
bool IsUnique(const NearestFace& face, const std::vector<int64_t>& tight) {
  if (!(face.change() <= kKnownWeight)) return false;
  if (tight.empty()) return true;
  Rows rest;
  for (const int64_t i : tight) {
    VectorXd orthogonal = face.corral().Orthogonal(i);
    const double length = orthogonal.norm();
    if (length <= kLeastLength * face.scale()) return false;
    orthogonal /= length;
    rest.features.insert(rest.features.end(), orthogonal.begin(),
                         orthogonal.end());
    rest.columns = orthogonal.size();
    rest.labels.push_back(1);
    ++rest.rows;
  }
  std::vector<int64_t> all(tight.size());
  std::iota(all.begin(), all.end(), 0);
  const Tiles others(rest, all, false);
  NearestFace nearest(others);
  nearest.Find();
  return nearest.squares().hi > kLeastUnitHull * kLeastUnitHull;
}

void CopySolution(const NearestFace& face, MinNormPoint& result) {
  for (const DoubleDouble& x : face.point()) {
    result.point.push_back(static_cast<long double>(x));
  }
  std::vector<std::pair<int64_t, double>> support;
  for (size_t k = 0; k < face.p().size(); ++k) {
    support.emplace_back(face.corral().members()[k], face.p()[k].hi);
  }
  std::sort(support.begin(), support.end());
  for (const auto& [row, p] : support) {
    result.support.push_back(row);
    result.p.push_back(p);
  }
}

MinNormPoint OfZeroRow(int64_t row) {
  MinNormPoint zero;
  zero.separable = Separability::kRefuted;
  zero.support = {row};
  zero.p = {1};
  return zero;
}

// The number of a row that is 0; rows() where none is.
int64_t ZeroRow(const Tiles& rows) {
  for (int64_t i = 0; i < rows.rows(); ++i) {
    int64_t j = 0;
    while (j < rows.columns() && rows.at(i, j) == 0) ++j;
    if (j == rows.columns()) return i;
  }
  return rows.rows();
}

// rows: those of `exact`, times a power of two.
MinNormPoint OfNearestFace(const Tiles& rows, const Tiles& exact) {
  NearestFace face(rows);
  MinNormPoint result;
  // A row so far below the others that its square is no double.
  for (int64_t i = 0; i < rows.rows(); ++i) {
    if (face.norm(i) == 0) return result;
  }
  face.Find();
  CopySolution(face, result);
  const double squares = face.squares().hi;
  const double least_squares = kTellsNothing * face.scale() * face.scale();
  if (squares > least_squares && face.least().hi > face.least_error()) {
    result.separable = Separability::kProved;
    result.residual =
        std::max((face.squares() - face.least()).hi, 0.0) / squares;
    result.optimal =
        result.residual + face.least_error() / squares <= kMostResidual;
    result.tight = Tight(face);
    result.unique = result.optimal && IsUnique(face, result.tight);
  } else if (std::sqrt(squares) <= kVanishing * face.scale() &&
             ProvesZeroInHull(exact, result.support)) {
    result.separable = Separability::kRefuted;
  }
  return result;
}

}  // namespace

MinNormPoint FindMinNormPoint(const Tiles& rows) {
  const int64_t zero = ZeroRow(rows);
  if (zero < rows.rows()) return OfZeroRow(zero);
  // Squares of such values would overflow or vanish.
  constexpr int kMostExponent = 300;
  const int exponent = std::ilogb(rows.LargestValue());
  if (std::abs(exponent) <= kMostExponent) return OfNearestFace(rows, rows);
  MinNormPoint result = OfNearestFace(rows.Scaled(-exponent), rows);
  for (long double& x : result.point) x = std::scalbn(x, exponent);
  return result;
}

}  // namespace steelyard::training
