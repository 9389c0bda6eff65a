#include "training/matrix_product.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "training/trainer.h"

namespace steelyard::training {
namespace {

template <typename Real>
std::vector<Real> Random(int64_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<Real> values;
  for (int64_t i = 0; i < count; ++i) {
    values.push_back(static_cast<Real>(normal(random)));
  }
  return values;
}

// The chain of the header, literally.
template <typename Real>
Real Chain(const MatrixView<Real>& a, const MatrixView<Real>& b, int64_t i,
           int64_t j, int64_t k, Real c) {
  const std::string level = InstructionLevel();
  const bool fused = level == "x86-64-v3" || level == "x86-64-v4";
  for (int64_t step = 0; step < k; ++step) {
    const Real x = a.data[i * a.row_stride + step * a.column_stride];
    const Real y = b.data[step * b.row_stride + j * b.column_stride];
    const Real product = x * y;
    c = fused ? std::fma(x, y, c) : product + c;
  }
  return c;
}

template <typename Real>
class MatrixProductTest : public testing::Test {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(MatrixProductTest, Reals);

// Sizes around the edges of tiles, panels and blocks; every layout.
TYPED_TEST(MatrixProductTest, EveryElementIsOneChainInOrder) {
  using Real = TypeParam;
  MatrixProduct<Real> product(600);
  for (const int64_t m : {1, 5, 6, 8, 9, 17}) {
    for (const int64_t n : {1, 7, 8, 16, 32, 33, 65}) {
      for (const int64_t k : {1, 2, 255, 256, 257, 600}) {
        const std::vector<Real> a = Random<Real>(m * k, 1);
        const std::vector<Real> b = Random<Real>(k * n, 2);
        const std::vector<Real> start = Random<Real>(m * n, 3);
        const MatrixView<Real> rows_a = {a.data(), k, 1};
        const MatrixView<Real> columns_a = {a.data(), 1, m};
        const MatrixView<Real> rows_b = {b.data(), n, 1};
        const MatrixView<Real> columns_b = {b.data(), 1, k};
        for (const auto& [left, right] : {std::pair(rows_a, rows_b),
                                          {columns_a, rows_b},
                                          {rows_a, columns_b},
                                          {columns_a, columns_b}}) {
          std::vector<Real> c = start;
          product.AddTo(left, right, m, n, k, c.data());
          for (int64_t i = 0; i < m; ++i) {
            for (int64_t j = 0; j < n; ++j) {
              const auto at = static_cast<size_t>(i * n + j);
              ASSERT_EQ(c[at], (Chain<Real>(left, right, i, j, k, start[at])))
                  << m << " x " << n << " x " << k << " at " << i << ", " << j;
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace steelyard::training
