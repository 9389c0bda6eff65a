#include "training/cone_projection.h"

#include <algorithm>
#include <cmath>

#include "training/eight.h"

namespace steelyard::training {
namespace {

using Vector = std::vector<double>;

// In eight sums, which a processor takes side by side.
double Dot(std::span<const double> a, std::span<const double> b) {
  double partial[8] = {};
  const size_t even = a.size() - a.size() % 8;
  for (size_t j = 0; j < even; j += 8) {
    for (size_t k = 0; k < 8; ++k) partial[k] += a[j + k] * b[j + k];
  }
  for (size_t j = even; j < a.size(); ++j) partial[j - even] += a[j] * b[j];
  return Combine(partial);
}

double Length(std::span<const double> a) { return std::sqrt(Dot(a, a)); }

void Subtract(double factor, std::span<const double> from, Vector& a) {
  for (size_t j = 0; j < a.size(); ++j) a[j] -= factor * from[j];
}

// Shorter than this beside the row itself, what a row adds to the basis is
// rounding.
constexpr double kDependent = 1e-12;
// A row whose cosine with what is left of the target is below this would not
// bring the point nearer.
constexpr double kFlat = 1e-15;

class ActiveSet {
 public:
  ActiveSet(std::span<const double> rows, std::span<const double> target)
      : rows_(rows),
        target_(target),
        n_(rows.size() / target.size()),
        lengths_(n_),
        multipliers_(n_, 0),
        shut_(n_, false),
        left_(target.begin(), target.end()) {
    for (size_t i = 0; i < n_; ++i) lengths_[i] = Length(Row(i));
  }

  ConeProjection Solve() {
    // Each round but for rounding comes nearer, so that none comes twice.
    const size_t most = 3 * n_ + 10;
    for (size_t round = 0; round < most; ++round) {
      const size_t row = FindSteepest();
      if (row == n_) break;
      if (!Extend(row)) {
        shut_[row] = true;
        continue;
      }
      in_use_.push_back(row);
      if (!Approach(row)) shut_[row] = true;
    }
    return {.multipliers = multipliers_, .distance = Length(left_)};
  }

 private:
  std::span<const double> Row(size_t i) const {
    return rows_.subspan(i * target_.size(), target_.size());
  }

  // The row out of use that points along left_ most; n_ where none does.
  size_t FindSteepest() const {
    const double least = kFlat * Length(target_);
    size_t found = n_;
    double most = least;
    for (size_t i = 0; i < n_; ++i) {
      if (shut_[i] || lengths_[i] == 0 || multipliers_[i] > 0) continue;
      const double along = Dot(Row(i), left_) / lengths_[i];
      if (along > most) {
        most = along;
        found = i;
      }
    }
    return found;
  }

  // Adds the row's own direction to the basis; false where it has none.
  bool Extend(size_t row) {
    Vector direction(Row(row).begin(), Row(row).end());
    Vector coordinates(basis_.size() + 1, 0);
    // Twice is enough (Kahan; Giraud, Langou & Rozloznik 2005).
    for (int pass = 0; pass < 2; ++pass) {
      for (size_t k = 0; k < basis_.size(); ++k) {
        const double along = Dot(basis_[k], direction);
        coordinates[k] += along;
        Subtract(along, basis_[k], direction);
      }
    }
    const double length = Length(direction);
    if (length <= kDependent * lengths_[row]) return false;
    for (double& value : direction) value /= length;
    coordinates.back() = length;
    along_.push_back(Dot(direction, target_));
    basis_.push_back(std::move(direction));
    triangle_.push_back(std::move(coordinates));
    return true;
  }

  // The multipliers of the rows in use that come nearest, whatever their sign.
  Vector Nearest() const {
    Vector solution = along_;
    for (size_t k = basis_.size(); k-- > 0;) {
      solution[k] /= triangle_[k][k];
      for (size_t l = 0; l < k; ++l) {
        solution[l] -= triangle_[k][l] * solution[k];
      }
    }
    return solution;
  }

  // Goes as near as the rows in use allow, `newest` being the last; false where
  // that one is of no use, which only rounding brings about.
  bool Approach(size_t newest) {
    bool useful = true;
    const size_t before = basis_.size() - 1;
    size_t kept = before;
    for (;;) {
      const Vector nearest = Nearest();
      double share = 1;
      for (size_t k = 0; k < in_use_.size(); ++k) {
        if (nearest[k] > 0) continue;
        const double now = multipliers_[in_use_[k]];
        share = std::min(share, now / (now - nearest[k]));
      }
      for (size_t k = 0; k < in_use_.size(); ++k) {
        double& mu = multipliers_[in_use_[k]];
        const bool leaves = nearest[k] <= 0 && mu / (mu - nearest[k]) <= share;
        mu = leaves ? 0 : mu + share * (nearest[k] - mu);
      }
      if (share == 1) break;
      if (multipliers_[newest] == 0) useful = false;
      kept = std::min(kept, DropUnused());
    }
    if (kept < before) {
      left_.assign(target_.begin(), target_.end());
      kept = 0;
    }
    for (size_t k = kept; k < basis_.size(); ++k) {
      Subtract(Dot(basis_[k], left_), basis_[k], left_);
    }
    if (useful) std::fill(shut_.begin(), shut_.end(), false);
    return useful;
  }

  // Takes rows without a multiplier out of use, and makes the basis anew from
  // the first of them on; returns how much of it stays.
  size_t DropUnused() {
    const auto unused = [this](size_t i) { return multipliers_[i] == 0; };
    const auto first = std::find_if(in_use_.begin(), in_use_.end(), unused);
    const auto keep = static_cast<size_t>(first - in_use_.begin());
    std::vector<size_t> others(first, in_use_.end());
    in_use_.resize(keep);
    basis_.resize(keep);
    triangle_.resize(keep);
    along_.resize(keep);
    for (const size_t row : others) {
      if (unused(row)) continue;
      // Fewer rows: what was independent stays so, but for rounding.
      if (Extend(row)) {
        in_use_.push_back(row);
      } else {
        multipliers_[row] = 0;
      }
    }
    return keep;
  }

  const std::span<const double> rows_;
  const std::span<const double> target_;
  const size_t n_;
  Vector lengths_;
  Vector multipliers_;
  std::vector<bool> shut_;        // rows that are of no use for now
  std::vector<size_t> in_use_;    // rows, as they came
  std::vector<Vector> basis_;     // of in_use_, orthonormal
  std::vector<Vector> triangle_;  // of each row in use: its coordinates
  Vector along_;                  // of each direction of the basis: the target
  Vector left_;                   // target less the point
};

}  // namespace

ConeProjection ProjectOnCone(std::span<const double> rows,
                             std::span<const double> target) {
  return ActiveSet(rows, target).Solve();
}

}  // namespace steelyard::training
