#include "training/hard_margin.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

#include "tests/training/problems.h"

namespace steelyard::training {
namespace {

using testing::ElementsAre;

Tiles AllRows(const Rows& rows, bool bias) {
  std::vector<int64_t> all(static_cast<size_t>(rows.rows));
  std::iota(all.begin(), all.end(), 0);
  return Tiles(rows, all, bias);
}

// Signed rows as they are.
Tiles Points(std::vector<std::vector<double>> points) {
  const std::vector<double> ones(points.size(), 1);
  return AllRows(MakeRows(std::move(points), ones), false);
}

HardMargin Solve(const Tiles& rows) {
  absl::StatusOr<HardMargin> reference = SolveHardMargin(rows);
  EXPECT_THAT(reference, IsOk());
  return *std::move(reference);
}

double Product(const Tiles& rows, int64_t i,
               const std::vector<long double>& u) {
  long double sum = 0;
  for (size_t j = 0; j < u.size(); ++j) {
    sum += u[j] * rows.at(i, static_cast<int64_t>(j));
  }
  return static_cast<double>(sum);
}

// What makes a pair (theta*, p*) the solution: p* is a distribution whose
// combination is gamma* theta*, and no row lies before that plane.
void ExpectOptimal(const Tiles& rows, const HardMargin& reference) {
  const size_t d = reference.direction.size();
  std::vector<long double> combination(d, 0);
  long double sum = 0;
  long double largest = 0;
  for (size_t k = 0; k < reference.support.size(); ++k) {
    EXPECT_GT(reference.p[k], 0);
    sum += reference.p[k];
    for (size_t j = 0; j < d; ++j) {
      combination[j] += reference.p[k] *
                        rows.at(reference.support[k], static_cast<int64_t>(j));
    }
  }
  for (int64_t i = 0; i < rows.rows(); ++i) {
    long double squares = 0;
    for (int64_t j = 0; j < rows.columns(); ++j) {
      squares += rows.at(i, j) * rows.at(i, j);
    }
    largest = std::max(largest, squares);
  }
  EXPECT_NEAR(static_cast<double>(sum), 1, 1e-13);
  const double scale = std::sqrt(static_cast<double>(largest));
  long double squares = 0;
  for (size_t j = 0; j < d; ++j) {
    squares += reference.direction[j] * reference.direction[j];
    EXPECT_NEAR(static_cast<double>(combination[j]),
                static_cast<double>(reference.gamma * reference.direction[j]),
                1e-13 * scale);
  }
  EXPECT_NEAR(static_cast<double>(squares), 1, 1e-15);
  for (int64_t i = 0; i < rows.rows(); ++i) {
    EXPECT_GE(reference.gamma * Product(rows, i, reference.direction),
              reference.gamma * reference.gamma - 1e-12 * scale * scale);
  }
  EXPECT_LE(reference.residual, 1e-12);
}

TEST(HardMarginTest, D8IsSolvedToTheLastDigits) {
  const Tiles rows = AllRows(D8().train, true);
  const HardMargin reference = Solve(rows);
  EXPECT_NEAR(reference.gamma, std::sqrt(125. / 133), 2e-16);
  EXPECT_THAT(reference.support, ElementsAre(3, 5, 7));
  EXPECT_NEAR(reference.p[0], 39. / 133, 2e-16);
  EXPECT_NEAR(reference.p[1], 35. / 133, 2e-16);
  EXPECT_NEAR(reference.p[2], 59. / 133, 2e-16);
  const double length = std::sqrt(60. * 60 + 100 * 100 + 55 * 55);
  EXPECT_NEAR(static_cast<double>(reference.direction[0]), 60 / length, 2e-16);
  EXPECT_NEAR(static_cast<double>(reference.direction[1]), 100 / length, 2e-16);
  EXPECT_NEAR(static_cast<double>(reference.direction[2]), -55 / length, 2e-16);
  EXPECT_TRUE(reference.unique);
  EXPECT_TRUE(reference.all_tight_supported);
  ExpectOptimal(rows, reference);
}

TEST(HardMarginTest, ToyAIsSolvedToTheLastDigits) {
  const HardMargin reference = Solve(AllRows(ToyA().train, false));
  EXPECT_NEAR(reference.gamma, std::sqrt(0.8), 2e-16);
  EXPECT_NEAR(reference.p[0], .8, 2e-16);
  EXPECT_NEAR(reference.p[1], .2, 2e-16);
}

TEST(HardMarginTest, OneRowIsItsOwnSolution) {
  const HardMargin reference = Solve(Points({{3, 4}}));
  EXPECT_EQ(reference.gamma, 5);
  EXPECT_THAT(reference.p, ElementsAre(1));
  EXPECT_TRUE(reference.unique);
}

// Labels of one class only: the bias alone separates them.
TEST(HardMarginTest, OneClassIsSeparable) {
  Rows rows = RandomRows(50, 4, 0, 3);
  rows.labels.assign(50, -1);
  const Tiles tiles = AllRows(rows, true);
  ExpectOptimal(tiles, Solve(tiles));
}

TEST(HardMarginTest, RowsWithoutASeparatingPlaneAreNotSeparable) {
  EXPECT_THAT(SolveHardMargin(Points({{1, 0}, {0, 1}, {0, -1}})),
              StatusIs(absl::StatusCode::kFailedPrecondition, "not separable"));
  for (const std::vector<std::vector<double>>& points :
       {std::vector<std::vector<double>>{{1, 2}, {-1, -2}},
        {{0, 0}, {1, 1}},
        {{0, 0}},
        {{1e200, 1}, {-1e200, -1}}}) {
    EXPECT_EQ(SolveHardMargin(Points(points)).status().message(),
              "not separable");
  }
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Tiles rows = AllRows(RandomRows(200, 5, 0.1, seed), true);
    EXPECT_EQ(SolveHardMargin(rows).status().message(), "not separable")
        << "seed " << seed;
  }
}

// (1e200, 0) and (0, 1) are separable, but the second vanishes beside the
// first: then nothing is claimed.
TEST(HardMarginTest, WhatRoundingHidesIsUndecided) {
  for (const double huge : {1e20, 1e200, 1e308}) {
    EXPECT_THAT(SolveHardMargin(Points({{huge, 0}, {0, 1}, {0.5, 2}})),
                StatusIs(absl::StatusCode::kFailedPrecondition,
                         "undecided in double precision"))
        << huge;
  }
}

TEST(HardMarginTest, SmallMarginsAreFound) {
  for (const double height : {1e-3, 1e-6, 1e-9}) {
    const HardMargin reference =
        Solve(Points({{1, height}, {-1, height}, {0.5, 2 * height}}));
    EXPECT_NEAR(reference.gamma / height, 1, 1e-12);
    EXPECT_NEAR(static_cast<double>(reference.direction[1]), 1, 1e-15);
  }
}

// The square of 1e200 is no double, nor is that of 1e-200.
TEST(HardMarginTest, HugeAndTinyRowsAreSolved) {
  for (const double size : {1e200, 1e-200, 1e-310}) {
    const HardMargin reference = Solve(Points({{size, 0}, {0, 2 * size}}));
    EXPECT_NEAR(reference.gamma / size, std::sqrt(0.8), 1e-13);
    EXPECT_NEAR(reference.p[0], .8, 1e-13);
    EXPECT_NEAR(static_cast<double>(reference.direction[0]), 2 / std::sqrt(5.0),
                1e-13);
  }
}

TEST(HardMarginTest, DuplicatesLeaveTheDualSolutionOpen) {
  const HardMargin reference = Solve(Points({{1, 0}, {0, 2}, {1, 0}}));
  EXPECT_NEAR(reference.gamma, std::sqrt(0.8), 2e-16);
  EXPECT_FALSE(reference.unique);
  // A row that is twice there but off the margin leaves nothing open.
  EXPECT_TRUE(Solve(Points({{1, 0}, {0, 2}, {5, 5}, {5, 5}})).unique);
}

TEST(HardMarginTest, CollinearRowsOnTheMarginLeaveItOpenOnlyInside) {
  // The nearest point is inside the segment of four: weight can be moved.
  const HardMargin inside = Solve(Points({{1, -2}, {1, -1}, {1, 1}, {1, 3}}));
  EXPECT_NEAR(inside.gamma, 1, 1e-15);
  EXPECT_FALSE(inside.unique);
  // It is the end of the segment: no other row can have weight.
  const HardMargin end = Solve(Points({{1, 0}, {1, 1}, {1, 3}}));
  EXPECT_THAT(end.support, ElementsAre(0));
  EXPECT_TRUE(end.unique);
  EXPECT_FALSE(end.all_tight_supported);
}

// The row below 0 is the nearest point itself, and the middle of two others.
TEST(HardMarginTest, WeightThatRowsOffTheSupportCouldShareLeavesItOpen) {
  const HardMargin open = Solve(Points({{0, 0, 1}, {1, 0, 1}, {-1, 0, 1}}));
  EXPECT_THAT(open.support, ElementsAre(0));
  EXPECT_FALSE(open.unique);
  EXPECT_TRUE(Solve(Points({{0, 0, 1}, {1, 0, 1}, {1, 1, 1}})).unique);
}

// Points of a small grid: rows twice, on lines, on the margin without weight.
TEST(HardMarginTest, DegenerateRowsAreSolved) {
  int separable = 0;
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    std::mt19937_64 random(seed);
    const auto pick = [&](int low, int high) {
      const uint64_t count = static_cast<uint64_t>(high - low) + 1;
      return low + static_cast<int>(random() % count);
    };
    const int d = pick(1, 5);
    std::vector<std::vector<double>> points;
    for (int n = pick(1, 20); n > 0; --n) {
      std::vector<double> point(static_cast<size_t>(d));
      for (double& x : point) x = pick(&x == point.data() ? 0 : -2, 2);
      points.push_back(point);
    }
    const Tiles rows = Points(points);
    const absl::StatusOr<HardMargin> reference = SolveHardMargin(rows);
    if (!reference.ok()) continue;
    ++separable;
    ExpectOptimal(rows, *reference);
    for (const double p : reference->p) EXPECT_GT(p, 1e-13);
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
  }
  EXPECT_GT(separable, 500);
}

TEST(HardMarginTest, FewerRowsThanFeaturesAreSolved) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const Tiles rows = AllRows(RandomRows(12, 60, 0, seed), true);
    const HardMargin reference = Solve(rows);
    ExpectOptimal(rows, reference);
    EXPECT_TRUE(reference.unique);
  }
}

// Descent on 1/2 ||sum p_i z_i||^2 over the simplex by moving weight between
// the most violating pair of rows: slow, simple, and nothing like Wolfe's
// method.
double SlowSquaredNorm(const Tiles& rows, double tolerance) {
  const auto n = static_cast<size_t>(rows.rows());
  const auto d = static_cast<size_t>(rows.columns());
  std::vector<double> p(n, 1.0 / static_cast<double>(n));
  const auto z = [&](size_t i, size_t j) {
    return rows.at(static_cast<int64_t>(i), static_cast<int64_t>(j));
  };
  for (int64_t round = 0;; ++round) {
    std::vector<double> g(d, 0);
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < d; ++j) g[j] += p[i] * z(i, j);
    }
    size_t from = n;
    size_t to = 0;
    std::vector<double> v(n, 0);
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < d; ++j) v[i] += z(i, j) * g[j];
      if (v[i] < v[to]) to = i;
    }
    for (size_t i = 0; i < n; ++i) {
      if (p[i] > 0 && (from == n || v[i] > v[from])) from = i;
    }
    if (v[from] - v[to] < tolerance || round == 2'000'000) {
      return std::inner_product(g.begin(), g.end(), g.begin(), 0.0);
    }
    double squares = 0;
    for (size_t j = 0; j < d; ++j) {
      squares += (z(from, j) - z(to, j)) * (z(from, j) - z(to, j));
    }
    const double move = std::min(p[from], (v[from] - v[to]) / squares);
    p[from] -= move;
    p[to] += move;
  }
}

TEST(HardMarginTest, RandomRowsAgreeWithPairwiseDescent) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const auto d = static_cast<int64_t>(1 + seed % 7);
    const auto n = static_cast<int64_t>(4 + seed % 23);
    const Tiles rows = AllRows(RandomRows(n, d, 4, seed), true);
    const absl::StatusOr<HardMargin> reference = SolveHardMargin(rows);
    if (!reference.ok()) continue;
    ExpectOptimal(rows, *reference);
    EXPECT_NEAR(reference->gamma, std::sqrt(SlowSquaredNorm(rows, 1e-14)),
                1e-10)
        << "seed " << seed;
  }
}

TEST(HardMarginTest, LargerRowsAreSolvedToTheResidual) {
  for (const auto& [n, d] : {std::pair{200, 784}, {2000, 50}, {300, 300}}) {
    const Tiles rows = AllRows(RandomRows(n, d, 3, 17), true);
    const absl::StatusOr<HardMargin> reference = SolveHardMargin(rows);
    ASSERT_THAT(reference, IsOk()) << n << " rows";
    ExpectOptimal(rows, *reference);
  }
}

TEST(HardMarginTest, OrderOfRowsChangesOnlyTheLastDigits) {
  const Rows rows = RandomRows(60, 8, 3, 5);
  std::vector<int64_t> forth(60);
  std::iota(forth.begin(), forth.end(), 0);
  const std::vector<int64_t> back(forth.rbegin(), forth.rend());
  const HardMargin a = Solve(Tiles(rows, forth, true));
  const HardMargin b = Solve(Tiles(rows, back, true));
  EXPECT_NEAR(a.gamma, b.gamma, 1e-15);
  ASSERT_EQ(a.p.size(), b.p.size());
  for (size_t k = 0; k < a.p.size(); ++k) {
    EXPECT_EQ(a.support[k], 59 - b.support[b.p.size() - 1 - k]);
    EXPECT_NEAR(a.p[k], b.p[b.p.size() - 1 - k], 1e-15);
  }
}

TEST(GapPredictionTest, IsRefusedWithTheReason) {
  const auto reason = [](const Tiles& rows) {
    const std::vector<double> ones(static_cast<size_t>(rows.rows()), 1);
    return GapPrediction::Make(rows, Solve(rows), ones, 0.1).status();
  };
  constexpr auto kCode = absl::StatusCode::kFailedPrecondition;
  EXPECT_THAT(reason(Points({{1, 0}, {0, 2}})), IsOk());
  EXPECT_THAT(reason(Points({{1, 0}, {0, 2}, {1, 0}})),
              StatusIs(kCode, "not unique"));
  EXPECT_THAT(reason(Points({{1, 0}, {1, 1}})),
              StatusIs(kCode, "no weight in the dual solution"));
  EXPECT_THAT(reason(Points({{1, 0, 0}, {0, 2, 0}})),
              StatusIs(kCode, "do not span"));
}

// D8 with uniform weights: the formula's own numbers, printed to nine digits.
TEST(GapPredictionTest, HasThePublishedValuesOfD8) {
  const Tiles rows = AllRows(D8().train, true);
  const std::vector<double> ones(8, 1);
  const absl::StatusOr<GapPrediction> prediction =
      GapPrediction::Make(rows, Solve(rows), ones, 0.1);
  ASSERT_THAT(prediction, IsOk());
  EXPECT_PRINTED(prediction->At(std::log(1e7)), .017223743, 9);
  EXPECT_PRINTED(prediction->At(std::log(1e10)), .011170684, 9);
}

}  // namespace
}  // namespace steelyard::training
