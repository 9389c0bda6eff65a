#include "training/separable_part.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "training/cone_projection.h"
#include "training/penalty.h"

namespace steelyard::training {
namespace {

constexpr char kName[] = "theory/separable_rows";
// Beside the row itself: below the one a distance is rounding, above the other
// it is one.
constexpr double kRounding = 1e-12;
constexpr double kClear = 1e-8;

using Vector = std::vector<double>;

// What is known of a row.
enum class Part : char { kUnknown, kSeparable, kRest };

class Search {
 public:
  explicit Search(const Tiles& rows)
      : n_(static_cast<size_t>(rows.rows())),
        d_(static_cast<size_t>(rows.columns())),
        parts_(n_, Part::kUnknown) {
    // A positive factor changes no row's part; without one it has none.
    for (size_t i = 0; i < n_; ++i) {
      Vector row;
      for (size_t j = 0; j < d_; ++j) {
        row.push_back(
            rows.at(static_cast<int64_t>(i), static_cast<int64_t>(j)));
      }
      const double norm = NormOf(static_cast<int64_t>(d_), row.data());
      for (double& value : row) value = norm > 0 ? value / norm : 0;
      if (!(norm > 0)) parts_[i] = Part::kRest;
      unit_.insert(unit_.end(), row.begin(), row.end());
    }
  }

  absl::StatusOr<Vector> Find() {
    for (size_t i = 0; i < n_; ++i) {
      if (parts_[i] != Part::kUnknown) continue;
      if (!Decide(i)) {
        return absl::FailedPreconditionError("undecided in double precision");
      }
    }
    Vector part;
    for (const Part known : parts_) {
      part.push_back(known == Part::kSeparable ? 1 : 0);
    }
    return part;
  }

 private:
  double Length(const Vector& a) const {
    return NormOf(static_cast<int64_t>(d_), a.data());
  }

  // What row k has outside the span of the rest.
  Vector OffRest(size_t k) const {
    Vector off(d_);
    for (size_t j = 0; j < d_; ++j) off[j] = unit_[k * d_ + j];
    for (int pass = 0; pass < 2; ++pass) {
      for (const Vector& direction : span_) {
        double along = 0;
        for (size_t j = 0; j < d_; ++j) along += direction[j] * off[j];
        for (size_t j = 0; j < d_; ++j) off[j] -= along * direction[j];
      }
    }
    return off;
  }

  void AddToRest(size_t k) {
    parts_[k] = Part::kRest;
    Vector direction = OffRest(k);
    const double length = Length(direction);
    if (length <= kClear) return;
    for (double& value : direction) value /= length;
    span_.push_back(std::move(direction));
  }

  // Finds the part of row i, and of others with it.
  bool Decide(size_t i) {
    Vector target(d_);
    for (size_t j = 0; j < d_; ++j) target[j] = -unit_[i * d_ + j];
    const ConeProjection nearest = ProjectOnCone(unit_, target);
    if (nearest.distance <= kRounding) {
      // -z_i = sum_j mu_j z_j: all of these are of the rest.
      AddToRest(i);
      for (size_t k = 0; k < n_; ++k) {
        if (nearest.multipliers[k] > kClear) AddToRest(k);
      }
      for (size_t k = 0; k < n_; ++k) {
        if (parts_[k] == Part::kUnknown && Length(OffRest(k)) <= kRounding) {
          parts_[k] = Part::kRest;
        }
      }
      return true;
    }
    if (nearest.distance < kClear) return false;
    // What is left, turned round, hurts no row and separates row i.
    Vector theta(d_);
    for (size_t j = 0; j < d_; ++j) theta[j] = -target[j];
    for (size_t k = 0; k < n_; ++k) {
      if (nearest.multipliers[k] == 0) continue;
      for (size_t j = 0; j < d_; ++j) {
        theta[j] += nearest.multipliers[k] * unit_[k * d_ + j];
      }
    }
    for (size_t k = 0; k < n_; ++k) {
      double margin = 0;
      for (size_t j = 0; j < d_; ++j) margin += unit_[k * d_ + j] * theta[j];
      if (margin > kClear * nearest.distance) parts_[k] = Part::kSeparable;
    }
    parts_[i] = Part::kSeparable;
    return true;
  }

  const size_t n_;
  const size_t d_;
  Vector unit_;  // rows of length 1, [n, d]
  std::vector<Part> parts_;
  std::vector<Vector> span_;  // of the rest, orthonormal
};

}  // namespace

absl::StatusOr<std::vector<double>> FindSeparablePart(const Tiles& rows) {
  return Search(rows).Find();
}

SeparableRows::SeparableRows(std::string reason, MetricTable& table) {
  table.AddAbsent(kName, std::move(reason));
}

SeparableRows::SeparableRows(const Tiles& rows, bool separable,
                             MetricTable& table) {
  if (separable) {
    part_.assign(static_cast<size_t>(rows.rows()), 1);
  } else if (rows.columns() > kMostValues / rows.rows()) {
    table.AddAbsent(
        kName, absl::StrCat("rows times features are above ", kMostValues));
    return;
  } else {
    absl::StatusOr<Vector> part = FindSeparablePart(rows);
    if (!part.ok()) {
      table.AddAbsent(kName, std::string(part.status().message()));
      return;
    }
    part_ = *std::move(part);
  }
  id_ = table.Add(kName);
}

void SeparableRows::Measure(std::vector<MetricValue>& values) const {
  if (!id_) return;
  double count = 0;
  for (const double row : part_) count += row;
  values.push_back(Value(*id_, count));
}

}  // namespace steelyard::training
