#include "training/shift/mean_matching.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/status_matchers.h"
#include "tests/training/shift/golden_file.h"
#include "training/random.h"
#include "training/shift/box_program.h"

namespace steelyard::training {
namespace {

using Vector = std::vector<double>;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

Vector Normals(uint64_t seed, int64_t count, double mean) {
  RandomStream random(seed, "mean_matching_test");
  Vector values;
  for (int64_t i = 0; i < count; ++i) values.push_back(random.Normal() + mean);
  return values;
}

// Weights at 0, at B, and the sum at its bound, all occur.
TEST(MeanMatchingTest, IsWhatQuadprogFinds) {
  const std::vector<GoldenCase> cases = ReadGolden("mean_matching.txt");
  ASSERT_EQ(cases.size(), 7U);
  for (const GoldenCase& golden : cases) {
    SCOPED_TRACE(golden.name);
    const int64_t d = golden.Count("shape", 2);
    MeanMatchingOptions options = {.width = golden["width"][0],
                                   .bound = golden["bound"][0],
                                   .slack = std::nullopt,
                                   .ridge = golden["ridge"][0]};
    if (!golden["slack"].empty()) options.slack = golden["slack"][0];
    const MeanMatching matching =
        MatchMeans(RowsOf(golden["source"], d), RowsOf(golden["target"], d),
                   options)
            .value();
    ExpectClose(matching.weights, golden["weights"], 1e-6);
    EXPECT_EQ(std::count(matching.weights.begin(), matching.weights.end(), 0),
              golden.Count("at_bounds", 0));
    EXPECT_LE(matching.residual, 1e-10);
  }
}

// K w = kappa = K 1 at w = 1.
TEST(MeanMatchingTest, TheSameSampleOnBothSidesGivesOne) {
  const Vector rows = Normals(1, 120, 0);
  const Features both = RowsOf(rows, 3);
  for (const std::optional<double> slack :
       {std::optional<double>(), std::optional<double>(0)}) {
    const MeanMatching matching =
        MatchMeans(both, both, {.width = 0.7, .slack = slack}).value();
    for (const double w : matching.weights) EXPECT_NEAR(w, 1, 1e-9);
  }
}

// Of rows that are the same K is singular: they share what one would have.
TEST(MeanMatchingTest, EqualRowsShareEqually) {
  const Vector s = {0, 5, 1, 5, 1, 5, 2, 5};
  const Vector t = {1, 5, 1.5, 5};
  const MeanMatching matching =
      MatchMeans(RowsOf(s, 2), RowsOf(t, 2), {.width = 1}).value();
  EXPECT_NEAR(matching.weights[1], matching.weights[2], 1e-9);
  EXPECT_LE(matching.residual, 1e-9);
}

// The weighted mean of the source comes to the target's.
TEST(MeanMatchingTest, MeansOfAShiftAreMatched) {
  constexpr double kMu = 0.5;
  const Vector s = Normals(2, 600, 0);
  const Vector t = Normals(3, 600, kMu);
  const MeanMatching matching =
      MatchMeans(RowsOf(s, 1), RowsOf(t, 1), {.width = 0.5, .ridge = 1e-3})
          .value();
  double mean = 0;
  for (size_t i = 0; i < s.size(); ++i) {
    mean += matching.weights[i] * s[i] / 600;
  }
  EXPECT_NEAR(mean, Mean(t), .01);
  EXPECT_NEAR(Mean(matching.weights), 1, .01);
}

// B = 1 - eps leaves one point: all weights at B.
TEST(MeanMatchingTest, TheTightestBoundLeavesOnePoint) {
  const Vector s = {0, 1, 2};
  const Vector t = {50, 51};
  const MeanMatching matching =
      MatchMeans(RowsOf(s, 1), RowsOf(t, 1),
                 {.width = 1, .bound = 0.75, .slack = 0.25})
          .value();
  for (const double w : matching.weights) EXPECT_NEAR(w, 0.75, 1e-9);
}

TEST(MeanMatchingTest, OneRowWeighsOne) {
  const Vector s = {3};
  const Vector t = {1, 7, 4};
  EXPECT_NEAR(
      MatchMeans(RowsOf(s, 1), RowsOf(t, 1), {.width = 1}).value().weights[0],
      1, 1e-12);
}

// By the conditions of optimality, on 100 random programs.
TEST(BoxProgramTest, ConditionsHoldOnRandomPrograms) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed, "box_program");
    const auto n = static_cast<size_t>(1 + random.Below(40));
    const auto rank = 1 + random.Below(2 * n);
    BoxProgram program = {.size = static_cast<int64_t>(n),
                          .quadratic = Vector(n * n, 0.0),
                          .linear = Vector(n),
                          .bound = 0.1 + 3 * random.Uniform(),
                          .sum = std::nullopt};
    for (size_t r = 0; r < rank; ++r) {
      Vector a(n);
      for (double& value : a) value = random.Normal();
      for (size_t k = 0; k < n * n; ++k) {
        program.quadratic[k] += a[k / n] * a[k % n];
      }
    }
    for (double& value : program.linear) value = 5 * random.Normal();
    if (seed % 2 == 1) {
      program.sum = program.bound * static_cast<double>(n) * random.Uniform();
    }
    const BoxSolution solution = SolveBoxProgram(program).value();
    EXPECT_LE(solution.residual, 1e-7);
    double sum = 0;
    for (const double x : solution.x) {
      EXPECT_GE(x, 0);
      EXPECT_LE(x, program.bound);
      sum += x;
    }
    EXPECT_NEAR(sum, program.sum.value_or(sum), 1e-8 * (1 + sum));
  }
}

TEST(MeanMatchingTest, WhatIsWrongIsNamed) {
  const Vector rows = {0, 1, 2};
  const Features good = RowsOf(rows, 1);
  const auto error = [&](const MeanMatchingOptions& options) {
    return MatchMeans(good, good, options).status();
  };
  EXPECT_THAT(error({.width = 0}),
              StatusIs(kInvalid, "width: want a value of 1e-100 to 1e+100"));
  EXPECT_THAT(error({.width = 1, .slack = 1.5}),
              StatusIs(kInvalid, "slack: want a value of 0 to 1, got 1.5"));
  EXPECT_THAT(error({.width = 1, .ridge = -1}),
              StatusIs(kInvalid, "ridge: want a value of 0 to 1, got -1"));
  EXPECT_THAT(error({.width = 1, .bound = 0}),
              StatusIs(kInvalid, "bound: want a value of 1e-06 to"));
  EXPECT_THAT(error({.width = 1, .bound = .5, .slack = .25}),
              StatusIs(kInvalid, "bound: want at least 1 - slack, 0.75"));
  EXPECT_THAT(MatchMeans(RowsOf({}, 1), good, {.width = 1}),
              StatusIs(kInvalid, "source: want at least one row, got 0"));
  EXPECT_THAT(MatchMeans(good, RowsOf({}, 1), {.width = 1}),
              StatusIs(kInvalid, "target: want at least one row, got 0"));
  const Vector many(4001);
  EXPECT_THAT(MatchMeans(RowsOf(many, 1), good, {.width = 1}),
              StatusIs(kInvalid,
                       "source: want at most 4000 rows for kernel "
                       "mean matching, got 4001"));
}

}  // namespace
}  // namespace steelyard::training
