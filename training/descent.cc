#include "training/descent.h"

#include <algorithm>
#include <cmath>

#include "training/losses.h"
#include "training/penalty.h"
#include "training/sum_tree.h"
#include "training/tile_products.h"

namespace steelyard::training {
namespace {

constexpr int64_t kTilesPerBlock = kBlockRows / Tiles::kRows;
// Of data too wide for the first cache so many tiles are at hand twice, and
// each partial sum is read and written once for all of them.
constexpr int64_t kTilesAtOnce = 4;

// Writes c_i (-l'(u_i)): [count], a multiple of 8.  Of kinds that have no
// kernel of their own `kind` is kSquared.
template <Loss::Kind kind>
inline void Pull([[maybe_unused]] const Loss& loss, const double* coefficients,
                 const double* margins, int64_t count, double* pull) {
  if constexpr (kind == Loss::kExponential) {
    for (int64_t i = 0; i < count; ++i) {
      pull[i] = coefficients[i] * std::exp(-margins[i]);
    }
  } else if constexpr (kind != Loss::kLogistic) {
    for (int64_t i = 0; i < count; ++i) {
      pull[i] = coefficients[i] * PullAt(loss, margins[i]);
    }
  } else {
    // 1 / (1 + e^m), from e^-|m| so that nothing overflows and no digit is
    // lost.
    double e[kTilesAtOnce * Tiles::kRows];
    for (int64_t i = 0; i < count; ++i) e[i] = std::exp(-std::fabs(margins[i]));
    for (int64_t i = 0; i < count; ++i) {
      const double share = margins[i] >= 0 ? e[i] : 1.0;
      pull[i] = coefficients[i] * (share / (1 + e[i]));
    }
  }
}

}  // namespace

Descent::Descent(const Tiles& tiles, std::span<const double> coefficients,
                 const Options& options)
    : tiles_(tiles),
      options_(options),
      coefficients_(tiles.tiles() * Tiles::kRows),
      partial_(tiles.columns() * Tiles::kRows),
      sum_(tiles.columns()) {
  if (!options_.loss.margins.none()) {
    scales_ = AlignedDoubles(coefficients_.size());
    offsets_ = AlignedDoubles(coefficients_.size());
    factors_ = AlignedDoubles(coefficients_.size());
    for (int64_t i = 0; i < tiles.rows(); ++i) {
      const RowShape shape = ShapeOf(options_.loss, tiles.label(i));
      scales_.data()[i] = shape.scale;
      offsets_.data()[i] = shape.offset;
      factors_.data()[i] = shape.factor * shape.scale;
    }
  }
  SetCoefficients(coefficients);
}

void Descent::SetCoefficients(std::span<const double> coefficients) {
  std::copy(coefficients.begin(), coefficients.end(), coefficients_.data());
  for (int64_t i = 0; factors_.size() > 0 && i < tiles_.rows(); ++i) {
    coefficients_.data()[i] *= factors_.data()[i];
  }
}

void Descent::Shape(int64_t first, int64_t count, double* margins) const {
  for (int64_t i = 0; i < count; ++i) {
    margins[i] =
        scales_.data()[first + i] * margins[i] - offsets_.data()[first + i];
  }
}

template <Loss::Kind kind>
void Descent::AddUpWith(const double* theta, double* sum) {
  const int64_t d = tiles_.columns();
  alignas(64) double margins[kTilesAtOnce * Tiles::kRows];
  alignas(64) double pull[kTilesAtOnce * Tiles::kRows];
  std::fill_n(sum, d, 0.0);
  for (int64_t first = 0; first < tiles_.tiles(); first += kTilesPerBlock) {
    const int64_t end = std::min(first + kTilesPerBlock, tiles_.tiles());
    std::fill_n(partial_.data(), d * Tiles::kRows, 0.0);
    for (int64_t t = first; t < end; t += kTilesAtOnce) {
      const int64_t count = std::min(kTilesAtOnce, end - t);
      const double* z = tiles_.tile(t);
      MultiplyRows(z, d, count, theta, margins);
      if (scales_.size() > 0) {
        Shape(t * Tiles::kRows, count * Tiles::kRows, margins);
      }
      Pull<kind>(options_.loss, coefficients_.data() + t * Tiles::kRows,
                 margins, count * Tiles::kRows, pull);
      switch (count) {
        case 4:
          AddRows<4>(z, d, pull, partial_.data());
          break;
        case 3:
          AddRows<3>(z, d, pull, partial_.data());
          break;
        case 2:
          AddRows<2>(z, d, pull, partial_.data());
          break;
        default:
          AddRows<1>(z, d, pull, partial_.data());
      }
    }
    for (int64_t j = 0; j < d; ++j) {
      sum[j] += Combine(partial_.data() + j * Tiles::kRows);
    }
  }
}

void Descent::AddUp(const double* theta, double* sum) {
  switch (options_.loss.kind) {
    case Loss::kExponential:
      return AddUpWith<Loss::kExponential>(theta, sum);
    case Loss::kLogistic:
      return AddUpWith<Loss::kLogistic>(theta, sum);
    default:
      return AddUpWith<Loss::kSquared>(theta, sum);
  }
}

void Descent::Run(int64_t steps, double* theta) {
  for (int64_t s = 0; s < steps; ++s) Step(options_.learning_rate, theta);
}

void Descent::Step(double rate, double* theta) {
  const int64_t d = tiles_.columns();
  AddUp(theta, sum_.data());
  if (options_.penalty.kind == Penalty::kAbsolute) {
    const double strength = options_.penalty.strength;
    for (int64_t j = 0; j < d; ++j) {
      const double slope =
          theta[j] == 0 ? 0 : std::copysign(strength, theta[j]);
      theta[j] += rate * (sum_[j] - slope);
    }
    return;
  }
  const double shrink = ShrinkOf(options_.penalty, d, theta);
  for (int64_t j = 0; j < d; ++j) {
    theta[j] += rate * (sum_[j] - shrink * theta[j]);
  }
}

}  // namespace steelyard::training
