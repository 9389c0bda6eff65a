#include "training/shift/least_squares_ratio.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/status_matchers.h"
#include "tests/training/shift/golden_file.h"
#include "training/random.h"

namespace steelyard::training {
namespace {

using Vector = std::vector<double>;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

Vector Normals(uint64_t seed, int64_t count, double mean) {
  RandomStream random(seed, "least_squares_ratio_test");
  Vector values;
  for (int64_t i = 0; i < count; ++i) values.push_back(random.Normal() + mean);
  return values;
}

LeastSquaresOptions OptionsOf(const GoldenCase& golden) {
  return {.centres = golden["centres"],
          .widths = golden["widths"],
          .penalties = golden["penalties"],
          .alpha = golden["alpha"][0]};
}

// uLSIF and RuLSIF by densratio, and the choice of width and penalty by fitting
// anew without each pair.
TEST(LeastSquaresRatioTest, IsWhatOthersFind) {
  const std::vector<GoldenCase> cases = ReadGolden("least_squares_ratio.txt");
  ASSERT_EQ(cases.size(), 8U);
  for (const GoldenCase& golden : cases) {
    SCOPED_TRACE(golden.name);
    const int64_t d = golden.Count("shape", 2);
    const Features source = RowsOf(golden["source"], d);
    const Features target = RowsOf(golden["target"], d);
    const LeastSquaresRatio ratio =
        FitLeastSquaresRatio(source, target, OptionsOf(golden)).value();
    ExpectClose(ratio.coefficients, golden["coefficients"], 1e-6);
    ExpectClose(Ratios(ratio, source), golden["ratios"], 1e-6);
    if (golden.arrays.count("chosen") == 0) {
      EXPECT_TRUE(std::isnan(ratio.score));
      continue;
    }
    EXPECT_EQ(ratio.width, golden["chosen"][0]);
    EXPECT_EQ(ratio.penalty, golden["chosen"][1]);
    EXPECT_NEAR(ratio.score, golden["chosen"][2], 1e-9);
  }
}

// Not the best ones alone.
TEST(LeastSquaresRatioTest, EveryScoreIsThatOfFittingAnew) {
  for (const GoldenCase& golden : ReadGolden("least_squares_ratio.txt")) {
    if (golden.arrays.count("scores") == 0) continue;
    SCOPED_TRACE(golden.name);
    const int64_t d = golden.Count("shape", 2);
    size_t place = 0;
    for (const double width : golden["widths"]) {
      for (const double penalty : golden["penalties"]) {
        // The same candidate twice, so that there is a choice.
        LeastSquaresOptions options = OptionsOf(golden);
        options.widths = {width, width};
        options.penalties = {penalty};
        const LeastSquaresRatio ratio =
            FitLeastSquaresRatio(RowsOf(golden["source"], d),
                                 RowsOf(golden["target"], d), options)
                .value();
        EXPECT_NEAR(ratio.score, golden["scores"][place], 1e-9);
        ++place;
      }
    }
  }
}

// With the same sample on both sides J = mean (w - 1)^2 / 2 - 1/2 + lambda
// |theta|^2 / 2, whatever alpha.  So before clipping mean (w - 1)^2 is at most
// that of any other theta, its penalty added: of theta = e_1 with kernels so
// wide that they are 1 to 1e-4 on the sample, at most 1e-8 + lambda.
TEST(LeastSquaresRatioTest, TheSameSampleOnBothSidesGivesOne) {
  constexpr double kPenalty = 1e-6;
  Vector rows = Normals(1, 400, 0);
  for (double& x : rows) x = std::fmin(std::fmax(x, -2), 2);
  const Features both = RowsOf(rows, 2);
  for (const double alpha : {0.0, 0.5}) {
    const LeastSquaresRatio ratio =
        FitLeastSquaresRatio(both, both,
                             {.centres = {0, 0},
                              .widths = {200},
                              .penalties = {kPenalty},
                              .alpha = alpha})
            .value();
    Vector squares;
    for (const double w : Ratios(ratio, both)) {
      squares.push_back((w - 1) * (w - 1));
    }
    EXPECT_LE(Mean(squares), 1e-8 + kPenalty);
  }
}

// Kernels one width apart express e^{mu x} to some percent; 40,000 rows bring
// as much of noise.  With numpy the largest error of such samples was .06.
TEST(LeastSquaresRatioTest, TendsToTheRatioOfAShift) {
  constexpr double kMu = 0.5;
  const Vector s = Normals(2, 40'000, 0);
  const Vector t = Normals(3, 40'000, kMu);
  for (const double alpha : {0.0, 0.2}) {
    const LeastSquaresRatio ratio =
        FitLeastSquaresRatio(RowsOf(s, 1), RowsOf(t, 1),
                             {.centres = {-3, -2, -1, 0, 1, 2, 3, 4},
                              .widths = {1},
                              .penalties = {1e-3},
                              .alpha = alpha})
            .value();
    Vector x;
    for (int i = -40; i <= 40; ++i) x.push_back(.05 * i);
    const Vector got = Ratios(ratio, RowsOf(x, 1));
    for (size_t i = 0; i < x.size(); ++i) {
      const double w = std::exp(kMu * x[i] - kMu * kMu / 2);
      EXPECT_NEAR(got[i], w / (alpha * w + 1 - alpha), .1) << x[i];
    }
    if (alpha == 0) {
      EXPECT_NEAR(Mean(Ratios(ratio, RowsOf(s, 1))), 1, .02);
    }
  }
}

TEST(LeastSquaresRatioTest, ConstantEqualAndFewRowsAreNoHarm) {
  const Vector one = {3, 3, 5};
  const LeastSquaresOptions options = {
      .centres = {3, 3, 5, 3, 3, 5}, .widths = {1}, .penalties = {1}};
  // phi = (1, 1), H = 1 1', h = 1: theta = (1/3, 1/3), w = 2/3.
  const LeastSquaresRatio ratio =
      FitLeastSquaresRatio(RowsOf(one, 3), RowsOf(one, 3), options).value();
  EXPECT_NEAR(Ratios(ratio, RowsOf(one, 3))[0], 2. / 3, 1e-15);
}

// By a width of 1 no centre sees the source, and the score falls without bound
// with the penalty; by one of 100 it does.
TEST(LeastSquaresRatioTest, AWidthThatDoesNotReachTheSourceIsNotTaken) {
  const Vector s = {0, 1, 2, 3};
  const Vector t = {100, 101, 102};
  const auto fit = [&](const Vector& widths) {
    return FitLeastSquaresRatio(
        RowsOf(s, 1), RowsOf(t, 1),
        {.centres = t, .widths = widths, .penalties = {0.01, 0.1}, .alpha = 0});
  };
  const auto ratio = fit({1, 100, 2});
  ASSERT_THAT(ratio, IsOk());
  EXPECT_EQ(ratio->width, 100);
  EXPECT_GT(Ratios(*ratio, RowsOf(s, 1))[0], 0);
  EXPECT_THAT(fit({1, 2}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "widths: want one that reaches from a centre to a row "
                       "of the source, got 1, 2, by which every weight is 0"));
}

TEST(LeastSquaresRatioTest, WhatIsWrongIsNamed) {
  const Vector rows = {0, 1, 2};
  const Features good = RowsOf(rows, 1);
  const LeastSquaresOptions options = {
      .centres = {1}, .widths = {1}, .penalties = {1}};
  const auto error = [&](auto change) {
    LeastSquaresOptions changed = options;
    change(changed);
    return FitLeastSquaresRatio(good, good, changed).status();
  };
  using Options = LeastSquaresOptions;
  EXPECT_THAT(error([](Options&) {}), IsOk());
  EXPECT_THAT(error([](Options& o) { o.centres = {}; }),
              StatusIs(kInvalid, "centres: want at least one row, got 0"));
  EXPECT_THAT(error([](Options& o) { o.centres.assign(1001, 1); }),
              StatusIs(kInvalid, "centres: want at most 1000, got 1001"));
  EXPECT_THAT(error([](Options& o) { o.widths = {}; }),
              StatusIs(kInvalid, "widths: want 1 to 100, got 0"));
  EXPECT_THAT(error([](Options& o) {
                o.widths = {1, 0};
              }),
              StatusIs(kInvalid, "widths[1]: want a value of 1e-100 to"));
  EXPECT_THAT(error([](Options& o) { o.penalties = {0}; }),
              StatusIs(kInvalid, "penalties[0]: want a value of 1e-10 to"));
  EXPECT_THAT(error([](Options& o) { o.penalties.assign(101, 1); }),
              StatusIs(kInvalid, "penalties: want 1 to 100, got 101"));
  EXPECT_THAT(error([](Options& o) { o.alpha = 1; }),
              StatusIs(kInvalid, "alpha: want a value of 0 to 0.99, got 1"));
  EXPECT_THAT(error([](Options& o) { o.centres = {1e9}; }),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "by which every weight is 0"));
  EXPECT_THAT(FitLeastSquaresRatio(good, RowsOf({}, 1), options),
              StatusIs(kInvalid, "target: want at least one row, got 0"));
  const Vector one = {1};
  LeastSquaresOptions several = options;
  several.widths = {1, 2};
  EXPECT_THAT(FitLeastSquaresRatio(good, RowsOf(one, 1), several),
              StatusIs(kInvalid, "target: want at least two rows to choose"));
}

TEST(GaussianKernelTest, MedianDistanceIsThatOfThePairs) {
  // Those of 0, 7, 1 and 3 are 7, 1, 3, 6, 4 and 2.
  const Vector s = {0, 7};
  const Vector t = {1, 3};
  EXPECT_EQ(MedianDistance(RowsOf(s, 1), RowsOf(t, 1)).value(), 3);
  const Vector alike = {2, 2, 2};
  EXPECT_EQ(MedianDistance(RowsOf(alike, 1), RowsOf(t, 1)).value(), 1);
  EXPECT_THAT(
      MedianDistance(RowsOf(alike, 1), RowsOf(alike, 1)),
      StatusIs(absl::StatusCode::kFailedPrecondition, "want rows that differ"));
}

TEST(GaussianKernelTest, CentresAreRowsOfTheTargetInOrder) {
  Vector rows;
  for (int i = 0; i < 50; ++i) rows.insert(rows.end(), {i * 1.0, -i * 1.0});
  const Features target = RowsOf(rows, 2);
  const Vector some = ChooseCentres(target, 20, 5);
  ASSERT_EQ(some.size(), 40U);
  for (size_t c = 0; c < 20; ++c) {
    EXPECT_EQ(some[2 * c], -some[2 * c + 1]);
    EXPECT_TRUE(c == 0 || some[2 * c - 2] < some[2 * c]);
  }
  EXPECT_EQ(ChooseCentres(target, 20, 5), some);
  EXPECT_NE(ChooseCentres(target, 20, 6), some);
  EXPECT_EQ(ChooseCentres(target, 80, 5), rows);
}

}  // namespace
}  // namespace steelyard::training
