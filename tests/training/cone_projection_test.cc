#include "training/cone_projection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <random>
#include <vector>

namespace steelyard::training {
namespace {

using Vector = std::vector<double>;

double Dot(const double* a, const double* b, size_t d) {
  long double sum = 0;
  for (size_t j = 0; j < d; ++j) sum += static_cast<long double>(a[j]) * b[j];
  return static_cast<double>(sum);
}

// The conditions that hold at the nearest point and nowhere else, with mu >= 0:
// what is left of the target points along no row, and across those in use.
void ExpectNearest(const Vector& rows, const Vector& target,
                   const ConeProjection& found, double tolerance) {
  const size_t d = target.size();
  Vector left = target;
  for (size_t i = 0; i < found.multipliers.size(); ++i) {
    EXPECT_GE(found.multipliers[i], 0);
    for (size_t j = 0; j < d; ++j) {
      left[j] -= found.multipliers[i] * rows[i * d + j];
    }
  }
  const double size = std::sqrt(Dot(target.data(), target.data(), d));
  EXPECT_NEAR(found.distance, std::sqrt(Dot(left.data(), left.data(), d)),
              tolerance * size);
  for (size_t i = 0; i < found.multipliers.size(); ++i) {
    const double* row = &rows[i * d];
    const double along = Dot(row, left.data(), d) /
                         std::max(std::sqrt(Dot(row, row, d)), 1e-300);
    EXPECT_LE(along, tolerance * size) << i;
    if (found.multipliers[i] > 0) {
      EXPECT_GE(along, -tolerance * size) << i;
    }
  }
}

TEST(ConeProjectionTest, OfTwoRowsByHand) {
  // Beyond the second row's side the nearest point is on it.
  const Vector rows = {1, 0, 1, 1};
  const ConeProjection beyond = ProjectOnCone(rows, Vector{0, 1});
  EXPECT_DOUBLE_EQ(beyond.distance, std::sqrt(0.5));
  EXPECT_EQ(beyond.multipliers[0], 0);
  EXPECT_DOUBLE_EQ(beyond.multipliers[1], 0.5);
  const ConeProjection within = ProjectOnCone(rows, Vector{3, 1});
  EXPECT_NEAR(within.distance, 0, 1e-15);
  EXPECT_DOUBLE_EQ(within.multipliers[0], 2);
  EXPECT_DOUBLE_EQ(within.multipliers[1], 1);
  const ConeProjection behind = ProjectOnCone(rows, Vector{-2, 0});
  EXPECT_DOUBLE_EQ(behind.distance, 2);
}

TEST(ConeProjectionTest, HoldsItsConditionsOnRandomRows) {
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    const size_t d = 1 + random() % 12;
    const size_t n = 1 + random() % 40;
    Vector rows(n * d);
    Vector target(d);
    for (double& value : target) value = normal(random);
    for (size_t i = 0; i < n; ++i) {
      const double length = std::exp(3 * normal(random));
      for (size_t j = 0; j < d; ++j) {
        rows[i * d + j] = length * normal(random);
      }
    }
    // Rows that repeat, that are 0, that are sums of others.
    if (n > 3 && seed % 3 == 0) {
      std::copy_n(rows.begin(), d, rows.begin() + static_cast<int64_t>(d));
      std::fill_n(rows.begin() + static_cast<int64_t>(2 * d), d, 0.0);
      for (size_t j = 0; j < d; ++j) {
        rows[(n - 1) * d + j] = rows[j] + 2 * rows[(n - 2) * d + j];
      }
    }
    SCOPED_TRACE(seed);
    ExpectNearest(rows, target, ProjectOnCone(rows, target), 1e-11);
  }
}

// A target within the cone of many rows: a vertex of the solutions is found.
TEST(ConeProjectionTest, ReachesATargetThatManyRowsReach) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  const size_t d = 40;
  const size_t n = 300;
  Vector rows(n * d);
  for (double& value : rows) value = normal(random);
  Vector target(d, 0);
  for (size_t i = 0; i < n; ++i) {
    const double mu = std::fabs(normal(random));
    for (size_t j = 0; j < d; ++j) target[j] += mu * rows[i * d + j];
  }
  const ConeProjection found = ProjectOnCone(rows, target);
  EXPECT_LE(found.distance, 1e-13 * std::sqrt(Dot(&target[0], &target[0], d)));
  EXPECT_LE(std::count_if(found.multipliers.begin(), found.multipliers.end(),
                          [](double mu) { return mu > 0; }),
            static_cast<int64_t>(d));
}

}  // namespace
}  // namespace steelyard::training
