#include "training/descent.h"

#include <algorithm>
#include <cmath>

#include "training/sum_tree.h"
#include "training/tile_products.h"

namespace steelyard::training {
namespace {

constexpr int64_t kTilesPerBlock = kBlockRows / Tiles::kRows;
// Of data too wide for the first cache so many tiles are at hand twice, and
// each partial sum is read and written once for all of them.
constexpr int64_t kTilesAtOnce = 4;

// Writes c_i (-l'(m_i)): [count], a multiple of 8.
template <Loss loss>
inline void Pull(const double* coefficients, const double* margins,
                 int64_t count, double* pull) {
  if constexpr (loss == Loss::kExponential) {
    for (int64_t i = 0; i < count; ++i) {
      pull[i] = coefficients[i] * std::exp(-margins[i]);
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
  std::copy(coefficients.begin(), coefficients.end(), coefficients_.data());
}

template <Loss loss>
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
      Pull<loss>(coefficients_.data() + t * Tiles::kRows, margins,
                 count * Tiles::kRows, pull);
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
  if (options_.loss == Loss::kExponential) {
    AddUpWith<Loss::kExponential>(theta, sum);
  } else {
    AddUpWith<Loss::kLogistic>(theta, sum);
  }
}

void Descent::Run(int64_t steps, double* theta) {
  const double shrink = 2 * options_.l2_strength;
  for (int64_t s = 0; s < steps; ++s) {
    AddUp(theta, sum_.data());
    for (int64_t j = 0; j < tiles_.columns(); ++j) {
      theta[j] += options_.learning_rate * (sum_[j] - shrink * theta[j]);
    }
  }
}

}  // namespace steelyard::training
