#include "training/nearest_face.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace steelyard::training {
namespace {

using Eigen::VectorXd;

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
// Smaller weights can't be told from 0: of an ill-conditioned face a weight is
// known to about that.
constexpr double kLeastWeight = 1e-18;
// Of ||point||^2: what a row may lie before the plane.
constexpr double kViolation = 1e-13;
// Rounds that may bring no progress: rounding can hide it once or twice.
constexpr int kMostIdle = 3;

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

int64_t Least(const AlignedDoubles& values, int64_t count) {
  return std::min_element(values.data(), values.data() + count) - values.data();
}

}  // namespace

NearestFace::NearestFace(const Tiles& rows)
    : rows_(rows),
      norms_(Norms(rows)),
      scale_(*std::max_element(norms_.begin(), norms_.end())),
      products_(rows.tiles() * Tiles::kRows),
      corral_(rows, scale_) {
  corral_.Add(std::min_element(norms_.begin(), norms_.end()) - norms_.begin());
  p_.emplace_back(1);
}

DoubleDouble NearestFace::Product(int64_t i) const {
  ProductSum sum;
  for (int64_t j = 0; j < rows_.columns(); ++j) {
    sum.Add(rows_.at(i, j), point_[static_cast<size_t>(j)]);
  }
  return sum.value();
}

// What products_[i] may be off: a chain of d products with a rounded point.
double NearestFace::DoublesError(int64_t i) const {
  return static_cast<double>(rows_.columns() + 2) * kEpsilon * norm(i) *
         std::sqrt(squares_.hi);
}

std::vector<int64_t> NearestFace::Below(double limit) const {
  std::vector<int64_t> below;
  for (int64_t i = 0; i < rows_.rows(); ++i) {
    if (products_[i] <= limit + DoublesError(i)) below.push_back(i);
  }
  return below;
}

std::vector<DoubleDouble> NearestFace::AffineMinimizer() {
  if (careful_) {
    Corral::Refined refined = corral_.RefinedMinimizer();
    change_ = refined.change;
    return std::move(refined.p);
  }
  std::vector<DoubleDouble> p;
  for (const double a : corral_.AffineMinimizer()) p.emplace_back(a);
  return p;
}

// Minimises over the affine hull of the corral; where that leaves the simplex,
// goes as far as it allows and drops the members that block.
void NearestFace::DescendToFace() {
  while (true) {
    const std::vector<DoubleDouble> a = AffineMinimizer();
    DoubleDouble reach(1);
    size_t blocking = a.size();
    for (size_t i = 0; i < a.size(); ++i) {
      if (a[i].hi > 0) continue;
      const DoubleDouble r =
          a[i] < p_[i] ? p_[i] / (p_[i] - a[i]) : DoubleDouble();
      if (blocking == a.size() || r < reach) {
        reach = r;
        blocking = i;
      }
    }
    if (blocking == a.size()) {
      p_ = a;
      return;
    }
    for (size_t i = 0; i < a.size(); ++i) {
      p_[i] = p_[i] + reach * (a[i] - p_[i]);
    }
    for (size_t i = a.size(); i-- > 0;) {
      if (i == blocking || p_[i].hi <= 0) Drop(i);
    }
  }
}

void NearestFace::DropWeightless() {
  while (p_.size() > 1) {
    const auto least = std::min_element(p_.begin(), p_.end());
    if (least->hi > kLeastWeight) return;
    Drop(static_cast<size_t>(least - p_.begin()));
    DescendToFace();
  }
}

void NearestFace::Drop(size_t place) {
  corral_.Remove(static_cast<int64_t>(place));
  p_.erase(p_.begin() + static_cast<int64_t>(place));
}

bool NearestFace::Enter(int64_t row) {
  if (corral_.Contains(row)) return false;
  if (corral_.Add(row)) {
    p_.emplace_back(0);
    return true;
  }
  // The row is sum_i c_i z_i: weight t for it takes t c_i from member i, until
  // the first has none left.
  const VectorXd c = corral_.Coefficients(row);
  size_t leaving = p_.size();
  double most = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < p_.size(); ++i) {
    const double taken = c[static_cast<Eigen::Index>(i)];
    if (taken > 0 && p_[i].hi / taken < most) {
      most = p_[i].hi / taken;
      leaving = i;
    }
  }
  if (leaving == p_.size()) return false;
  for (size_t i = 0; i < p_.size(); ++i) {
    const double left = p_[i].hi - most * c[static_cast<Eigen::Index>(i)];
    p_[i] = DoubleDouble(std::max(left, 0.0));
  }
  Drop(leaving);
  if (!corral_.Add(row)) return false;
  p_.emplace_back(most);
  return true;
}

std::vector<int64_t> NearestFace::WorkingSet() const {
  std::vector<int64_t> rows(static_cast<size_t>(rows_.rows()));
  std::iota(rows.begin(), rows.end(), 0);
  const auto size =
      static_cast<size_t>(std::max<int64_t>(2 * rows_.columns(), 64));
  if (rows.size() > size) {
    const auto lower = [this](int64_t a, int64_t b) {
      return products_[a] < products_[b] ||
             (products_[a] == products_[b] && a < b);
    };
    std::nth_element(rows.begin(),
                     rows.begin() + static_cast<int64_t>(size) - 1, rows.end(),
                     lower);
    rows.resize(size);
    std::sort(rows.begin(), rows.end());
  }
  return rows;
}

bool NearestFace::WalkOn(const Tiles& set, std::span<const int64_t> rows) {
  AlignedDoubles products(set.tiles() * Tiles::kRows);
  double best = std::numeric_limits<double>::infinity();
  int idle = 0;
  for (bool entered = false;; entered = true) {
    const VectorXd point = corral_.RoughCombination(p_);
    const double squares = point.squaredNorm();
    idle = squares < best ? 0 : idle + 1;
    best = std::min(best, squares);
    set.Margins(point.data(), products.data());
    const double floor = 8 * kEpsilon *
                         std::sqrt(static_cast<double>(rows_.columns())) *
                         scale_ * std::sqrt(squares);
    int64_t least = Least(products, set.rows());
    // What tells members from the plane is rounding.
    while (squares - products[least] > floor &&
           corral_.Contains(rows[static_cast<size_t>(least)])) {
      products[least] = squares;
      least = Least(products, set.rows());
    }
    if (squares - products[least] <= floor || idle == kMostIdle ||
        !Enter(rows[static_cast<size_t>(least)])) {
      return entered;
    }
    DescendToFace();
  }
}

void NearestFace::WalkOnSets() {
  double best = std::numeric_limits<double>::infinity();
  int idle = 0;
  while (true) {
    const VectorXd point = corral_.RoughCombination(p_);
    idle = point.squaredNorm() < best ? 0 : idle + 1;
    if (idle == kMostIdle) return;
    best = std::min(best, point.squaredNorm());
    rows_.Margins(point.data(), products_.data());
    const std::vector<int64_t> set = WorkingSet();
    if (!WalkOn(rows_.Picked(set), set)) return;
  }
}

void NearestFace::UpdatePoint() {
  point_ = corral_.Combination(p_);
  squares_ = DoubleDouble();
  std::vector<double> rounded;
  for (const DoubleDouble& x : point_) {
    squares_ = squares_ + x * x;
    rounded.push_back(x.hi);
  }
  rows_.Margins(rounded.data(), products_.data());
  least_row_ = Least(products_, rows_.rows());
  least_ = Product(least_row_);
  for (const int64_t i : Below(least_.hi)) {
    const DoubleDouble product = Product(i);
    if (!(product < least_)) continue;
    least_ = product;
    least_row_ = i;
  }
  least_error_ = ProductSum::ErrorFactor(rows_.columns()) * scale_ *
                 std::sqrt(squares_.hi);
}

void NearestFace::Polish() {
  careful_ = true;
  double best = std::numeric_limits<double>::infinity();
  int idle = 0;
  for (bool entered = true;;) {
    DescendToFace();
    DropWeightless();
    UpdatePoint();
    if (!entered || (squares_ - least_).hi <= kViolation * squares_.hi) return;
    idle = squares_.hi < best ? 0 : idle + 1;
    best = std::min(best, squares_.hi);
    if (idle == kMostIdle) return;
    entered = Enter(least_row_);
  }
}

void NearestFace::Find() {
  WalkOnSets();
  Polish();
}

}  // namespace steelyard::training
