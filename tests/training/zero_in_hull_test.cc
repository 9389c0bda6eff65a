#include "training/zero_in_hull.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "tests/training/problems.h"

namespace steelyard::training {
namespace {

using Points = std::vector<std::vector<double>>;

bool Proves(const Points& points) {
  const std::vector<double> ones(points.size(), 1);
  std::vector<int64_t> all(points.size());
  std::iota(all.begin(), all.end(), 0);
  return ProvesZeroInHull(Tiles(MakeRows(points, ones), all, false), all);
}

TEST(ZeroInHullTest, OfASimplexAroundItIsProved) {
  EXPECT_TRUE(Proves({{1}, {-2}}));
  EXPECT_TRUE(Proves({{1, 0}, {-0.3, 0.7}, {-0.2, -0.9}}));
  EXPECT_FALSE(Proves({{1, 0}, {-0.3, 0.7}, {0.2, -0.1}}));
  EXPECT_FALSE(Proves({{1, 0}}));
}

// By one unit of the last digit the two are not opposite; by a few more a third
// row shows on which side 0 is.
TEST(ZeroInHullTest, OnAnEdgeTheLastDigitDecides) {
  const double third = 1.0 / 3;
  const double beyond = std::nextafter(third, 1);
  const double before = std::nextafter(third, 0);
  EXPECT_TRUE(Proves({{1, third}, {-1, -third}}));
  EXPECT_TRUE(Proves({{1, 0.375}, {-3, -1.125}}));
  EXPECT_FALSE(Proves({{1, third}, {-1, -beyond}}));
  EXPECT_FALSE(Proves({{1, third}, {-1, -before}}));
  for (const double turn : {1e-3, 1e-6, 1e-9, 1e-12}) {
    EXPECT_TRUE(Proves({{1, third}, {-1, turn - third}, {0.5, -2}})) << turn;
    EXPECT_FALSE(Proves({{1, third}, {-1, -turn - third}, {0.5, -2}})) << turn;
  }
}

// 5 of the first row and 7 of the second make the third's opposite.
TEST(ZeroInHullTest, OfFewerRowsThanDimensionsItIsProvedByFractions) {
  const Points rows = {{1, 2, 3, 4}, {2, -1, 0.5, 3}, {-19, -3, -18.5, -41}};
  EXPECT_TRUE(Proves(rows));
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t j = 0; j < rows[i].size(); ++j) {
      Points moved = rows;
      moved[i][j] = std::nextafter(moved[i][j], 100);
      EXPECT_FALSE(Proves(moved)) << i << ", " << j;
    }
  }
}

// Rows of real numbers around 0 in a subspace that columns of zeros, multiples
// of columns or one-hot columns leave.
TEST(ZeroInHullTest, InASubspaceThatColumnsLeaveItIsProved) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  int around = 0;
  for (int k = 0; k < 40; ++k) {
    Points plane;
    Points rows;
    for (int i = 0; i < 3; ++i) {
      const double a = normal(random);
      const double b = normal(random);
      plane.push_back({a, b});
      rows.push_back({a, 0, b, -a, 8 * b});
    }
    EXPECT_EQ(Proves(rows), Proves(plane)) << "case " << k;
    around += Proves(rows) ? 1 : 0;
    rows[1][3] = std::nextafter(rows[1][3], 0);
    EXPECT_FALSE(Proves(rows)) << "case " << k;
  }
  EXPECT_GT(around, 5);
  // (u, v, bias) with u + v = bias, as of a column of two texts.
  const double x = 0.7390851332151607;
  EXPECT_TRUE(Proves(
      {{1, 0, 1, x}, {-1, 0, -1, 0.2}, {0, 1, 1, -x}, {0, -1, -1, 0.1}}));
  EXPECT_FALSE(
      Proves({{1, 0, 1, x}, {-1, 0, -1, 0.2}, {0, 1, 1, x}, {0, -1, -1, 0.1}}));
}

TEST(ZeroInHullTest, RowsAndColumnsOfVeryDifferentScalesAreDecided) {
  EXPECT_TRUE(Proves({{1e200, 1}, {-1e200, -1}}));
  EXPECT_TRUE(Proves({{1e-9, 1e9}, {-3e-9, 1e9}, {1e-9, -1e9}}));
  EXPECT_TRUE(Proves({{1e9, 0}, {-1, 1e-9}, {-1, -1e-9}}));
  EXPECT_FALSE(Proves({{1e-9, 1e9}, {-3e-9, 1e9}, {1e-9, 1e5}}));
}

}  // namespace
}  // namespace steelyard::training
