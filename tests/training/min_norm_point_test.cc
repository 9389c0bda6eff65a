#include "training/min_norm_point.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include "tests/training/problems.h"

namespace steelyard::training {
namespace {

using testing::ElementsAre;
using Points = std::vector<std::vector<double>>;

Tiles AllRows(const Rows& rows, bool bias) {
  std::vector<int64_t> all(static_cast<size_t>(rows.rows));
  std::iota(all.begin(), all.end(), 0);
  return Tiles(rows, all, bias);
}

MinNormPoint Find(const Points& points) {
  const std::vector<double> ones(points.size(), 1);
  return FindMinNormPoint(AllRows(MakeRows(points, ones), false));
}

using WholePoints = std::vector<std::pair<int64_t, int64_t>>;

// Of vectors of the plane in whole numbers, exactly: all lie on one side of a
// line where one of them has all others to its left, within less than pi.
bool LieOnOneSide(const WholePoints& z) {
  for (const auto& [x, y] : z) {
    bool all = true;
    for (const auto& [u, v] : z) {
      const int64_t cross = x * v - y * u;
      const int64_t dot = x * u + y * v;
      all = all && (cross > 0 || (cross == 0 && dot > 0));
    }
    if (all) return true;
  }
  return false;
}

void ExpectExactVerdict(const WholePoints& z, uint64_t seed) {
  Points points;
  for (const auto& [x, y] : z) {
    points.push_back({static_cast<double>(x), static_cast<double>(y)});
  }
  EXPECT_EQ(Find(points).separable,
            LieOnOneSide(z) ? Separability::kProved : Separability::kRefuted)
      << "seed " << seed;
}

TEST(MinNormPointTest, VerdictsOnWholeNumbersAreExact) {
  constexpr uint64_t kCases = 20'000;
  for (uint64_t seed = 0; seed < kCases; ++seed) {
    std::mt19937_64 random(seed);
    const int64_t size = seed % 2 == 0 ? 3 : 10'000;
    WholePoints z;
    for (uint64_t n = 1 + random() % 5; n > 0; --n) {
      const auto pick = [&] {
        return static_cast<int64_t>(random() %
                                    static_cast<uint64_t>(2 * size + 1)) -
               size;
      };
      z.emplace_back(pick(), pick());
    }
    ExpectExactVerdict(z, seed);
  }
}

// Two vectors whose directions differ from opposite ones by 1 / (x u), x and u
// up to 10^7, and one across: 0 is inside or outside by an angle of 1e-14.
TEST(MinNormPointTest, VerdictsOnNearlyOppositeRowsAreExact) {
  constexpr uint64_t kCases = 2000;
  int64_t sides = 0;
  for (uint64_t seed = 0; seed < kCases; ++seed) {
    std::mt19937_64 random(seed);
    const auto x = static_cast<int64_t>(random() % 10'000'000) + 1;
    const auto y = static_cast<int64_t>(random() % 10'000'000) + 1;
    // Euclid's: y u - x v is the greatest common divisor of x and y, or its
    // negative.
    int64_t u = 0;
    int64_t v = 1;
    for (int64_t a = x, b = y, last_u = 1, last_v = 0; a % b != 0;) {
      const int64_t next_u = last_u + a / b * u;
      const int64_t next_v = last_v + a / b * v;
      last_u = std::exchange(u, next_u);
      last_v = std::exchange(v, next_v);
      a = std::exchange(b, a % b);
    }
    std::swap(u, v);
    const int64_t side = random() % 2 == 0 ? 1 : -1;
    const WholePoints z = {{x, y}, {-u, -v}, {-side * y, side * x}};
    ExpectExactVerdict(z, seed);
    sides += LieOnOneSide(z) ? 1 : 0;
  }
  EXPECT_GT(sides, kCases / 3);
  EXPECT_LT(sides, 2 * kCases / 3);
}

TEST(MinNormPointTest, RowsOfBothLabelsAtOnePlaceRefute) {
  for (const auto& [n, d] : {std::pair<int64_t, int64_t>{40, 6}, {5, 20}}) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      Rows rows = RandomRows(n, d, 5, seed);
      const int64_t twice = static_cast<int64_t>(seed) % n;
      const auto begin = rows.features.begin() + twice * d;
      const std::vector<double> row(begin, begin + d);
      rows.features.insert(rows.features.end(), row.begin(), row.end());
      rows.labels.push_back(-rows.labels[static_cast<size_t>(twice)]);
      ++rows.rows;
      for (const bool bias : {false, true}) {
        const MinNormPoint point = FindMinNormPoint(AllRows(rows, bias));
        EXPECT_EQ(point.separable, Separability::kRefuted) << "seed " << seed;
        // Of independent rows no others can have weight.
        if (n < d) {
          EXPECT_THAT(point.support, ElementsAre(twice, n));
        }
      }
    }
  }
}

TEST(MinNormPointTest, RandomRowsAroundZeroRefute) {
  for (const auto& [n, d] : {std::pair{200, 1}, {200, 5}, {600, 60}}) {
    for (uint64_t seed = 0; seed < 5; ++seed) {
      EXPECT_EQ(FindMinNormPoint(AllRows(RandomRows(n, d, 0.1, seed), true))
                    .separable,
                Separability::kRefuted)
          << n << " rows, seed " << seed;
    }
  }
}

// Pixels that are 0 in every image, and a column of texts as one-hot columns,
// which add up to the bias.
TEST(MinNormPointTest, ColumnsThatDependOnOthersDoNotHideARefutation) {
  Rows rows = RandomRows(100, 6, 0.1, 1);
  for (int64_t i = 0; i < rows.rows; ++i) {
    double* x = rows.features.data() + i * 6;
    x[2] = 0;
    x[3] = i % 3 == 0 ? 1 : 0;
    x[4] = i % 3 == 1 ? 1 : 0;
    x[5] = i % 3 == 2 ? 1 : 0;
  }
  EXPECT_EQ(FindMinNormPoint(AllRows(rows, true)).separable,
            Separability::kRefuted);
}

// 3000 rows beside the plane x_1 = 0, none nearer than `margin`.
Rows RowsBeside(double margin, int64_t columns) {
  Rows rows = RandomRows(3000, columns, 0, 7);
  for (int64_t i = 0; i < rows.rows; ++i) {
    double& first = rows.features[static_cast<size_t>(i * columns)];
    first =
        rows.labels[static_cast<size_t>(i)] * margin * (1 + std::fabs(first));
  }
  return rows;
}

TEST(MinNormPointTest, NoRowLiesBeforeItHoweverSmallTheMargin) {
  constexpr int64_t kColumns = 8;
  for (const double margin : {1e-2, 1e-5, 1e-8}) {
    const Tiles tiles = AllRows(RowsBeside(margin, kColumns), false);
    const MinNormPoint point = FindMinNormPoint(tiles);
    EXPECT_EQ(point.separable, Separability::kProved) << margin;
    EXPECT_TRUE(point.optimal) << margin;
    EXPECT_LE(point.residual, 1e-12);
    long double squares = 0;
    for (const long double x : point.point) squares += x * x;
    EXPECT_GE(static_cast<double>(std::sqrt(squares)), margin);
    EXPECT_LE(static_cast<double>(std::sqrt(squares)), 1.1 * margin);
    for (int64_t i = 0; i < tiles.rows(); ++i) {
      long double product = 0;
      for (int64_t j = 0; j < kColumns; ++j) {
        product += point.point[static_cast<size_t>(j)] * tiles.at(i, j);
      }
      // The point's own last digit, 5e-20 of each value, times a row's.
      EXPECT_GE(static_cast<double>(product / squares),
                1 - 1e-12 - 1e-18 / margin)
          << "row " << i;
    }
  }
}

// Twice double's digits show that they are separable, but not the largest
// margin to 1e-12 of itself.
TEST(MinNormPointTest, OfTheSmallestMarginsOnlyTheVerdictIsKnown) {
  for (const double margin : {1e-11, 1e-13}) {
    const MinNormPoint point =
        FindMinNormPoint(AllRows(RowsBeside(margin, 8), false));
    EXPECT_EQ(point.separable, Separability::kProved) << margin;
    EXPECT_FALSE(point.optimal) << margin;
    EXPECT_GT(point.residual, 1e-12) << margin;
    EXPECT_FALSE(point.unique) << margin;
  }
}

// The third row lies 1e-16 below the line of the others: no factorisation in
// doubles has all three, yet it is a hundred times what a residual may be.
TEST(MinNormPointTest, ARowInTheMembersHullTakesTheirPlace) {
  const MinNormPoint point = Find({{1, 1e-6}, {-1, 1e-6}, {3, 1e-6 - 1e-16}});
  EXPECT_TRUE(point.optimal);
  EXPECT_THAT(point.support, ElementsAre(1, 2));
  EXPECT_NEAR(point.p[1], 0.25, 1e-12);
}

// (1, 0) and (1, t) both on the margin but for t^2: the second's weight has as
// many digits as the rows' difference.
TEST(MinNormPointTest, WeightsWithoutDigitsAreNotCalledUnique) {
  EXPECT_TRUE(Find({{1, 1}, {1, -2}}).unique);
  const MinNormPoint near = Find({{1, 1e-11}, {1, -2e-11}, {1, 3e-11}});
  EXPECT_EQ(near.separable, Separability::kProved);
  EXPECT_FALSE(near.unique);
}

TEST(MinNormPointTest, ARowThatIsZeroRefutesByItself) {
  const MinNormPoint point = Find({{1, 2}, {0, 0}});
  EXPECT_EQ(point.separable, Separability::kRefuted);
  EXPECT_THAT(point.support, ElementsAre(1));
  EXPECT_THAT(point.p, ElementsAre(1));
}

}  // namespace
}  // namespace steelyard::training
