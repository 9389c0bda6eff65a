#include "training/shift/logistic_ratio.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/status_matchers.h"
#include "tests/training/shift/golden_file.h"
#include "training/random.h"

namespace steelyard::training {
namespace {

using Vector = std::vector<double>;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

Vector Normals(uint64_t seed, int64_t count, double mean) {
  RandomStream random(seed, "logistic_ratio_test");
  Vector values;
  for (int64_t i = 0; i < count; ++i) values.push_back(random.Normal() + mean);
  return values;
}

// Both solve one problem to the end.
TEST(LogisticRatioTest, IsWhatScikitLearnFinds) {
  const std::vector<GoldenCase> cases = ReadGolden("logistic_ratio.txt");
  ASSERT_EQ(cases.size(), 6U);
  for (const GoldenCase& golden : cases) {
    SCOPED_TRACE(golden.name);
    const int64_t d = golden.Count("shape", 2);
    const Features source = RowsOf(golden["source"], d);
    const Features target = RowsOf(golden["target"], d);
    const LogisticRatio ratio =
        FitLogisticRatio(source, target, golden["shape"][3]).value();
    ExpectClose(ratio.coefficients, golden["coefficients"], 1e-6);
    ExpectClose({ratio.intercept}, golden["intercept"], 1e-6);
    Vector log_ratios = golden["log_odds"];
    for (double& value : log_ratios) {
      value += std::log(static_cast<double>(source.rows) /
                        static_cast<double>(target.rows));
    }
    ExpectClose(LogRatios(ratio, source), log_ratios, 1e-6);
  }
}

TEST(LogisticRatioTest, TheSameRowsOnBothSidesGiveOneToTheBit) {
  const Vector rows = Normals(2, 3000, 1);
  const Features both = RowsOf(rows, 3);
  const LogisticRatio ratio = FitLogisticRatio(both, both, 1).value();
  for (const double value : LogRatios(ratio, both)) EXPECT_EQ(value, 0);
}

// The curvature at the truth is below 1/4, so that coefficients of n rows each
// deviate by some 3 / sqrt(n) = .007; .03 is four times that.
TEST(LogisticRatioTest, CoefficientsOfAShiftTendToItsMean) {
  constexpr int64_t kRows = 200'000;
  for (const double mu : {0.5, 1.0}) {
    const Vector s = Normals(3, kRows, 0);
    const Vector t = Normals(4, kRows, mu);
    const LogisticRatio ratio =
        FitLogisticRatio(RowsOf(s, 1), RowsOf(t, 1), 1).value();
    EXPECT_NEAR(ratio.coefficients[0], mu, .03);
    EXPECT_NEAR(ratio.intercept, -mu * mu / 2, .03);
  }
}

// n_eff / n -> e^{-mu^2}, and the mean of w is 1: with the coefficients' error
// of .007 both within 3 %.
TEST(LogisticRatioTest, EffectiveSampleSizeOfAShiftTendsToItsLimit) {
  constexpr int64_t kRows = 200'000;
  const Vector s = Normals(5, kRows, 0);
  const Vector t = Normals(6, kRows, 0.7);
  const LogisticRatio ratio =
      FitLogisticRatio(RowsOf(s, 1), RowsOf(t, 1), 1).value();
  Vector first = LogRatios(ratio, RowsOf(s, 1));
  Vector second;
  for (double& value : first) {
    value = std::exp(value);
    second.push_back(value * value);
  }
  EXPECT_NEAR(Mean(first), 1, .03);
  EXPECT_NEAR(Mean(first) * Mean(first) / Mean(second), std::exp(-.49), .02);
}

// The slope of the objective vanishes at what is found, also where the classes
// are separable and C is at its limit.
TEST(LogisticRatioTest, SeparableSamplesAreSolvedToTheEnd) {
  const Vector s = {-3, -2, -1.5};
  const Vector t = {0.5, 1, 4, 7};
  for (const double c : {kMinInversePenalty, 1e-3, 1e3, kMaxInversePenalty}) {
    const LogisticRatio ratio =
        FitLogisticRatio(RowsOf(s, 1), RowsOf(t, 1), c).value();
    const double b = ratio.coefficients[0];
    double pull_b = 0;
    double pull_c = 0;
    double size = 0;
    const auto add = [&](double x, double sign) {
      const double p = sign / (1 + std::exp(sign * (ratio.intercept + b * x)));
      pull_b += p * x;
      pull_c += p;
      size += std::fabs(p);
    };
    for (const double x : s) add(x, -1);
    for (const double x : t) add(x, 1);
    EXPECT_NEAR(b / c, pull_b, 1e-11 * size) << c;
    EXPECT_NEAR(pull_c, 0, 1e-11 * size) << c;
  }
}

TEST(LogisticRatioTest, WhatIsWrongIsNamed) {
  const Vector two = {1, 2};
  const Features good = RowsOf(two, 1);
  EXPECT_THAT(FitLogisticRatio(good, RowsOf({}, 1), 1),
              StatusIs(kInvalid, "target: want at least one row, got 0"));
  EXPECT_THAT(FitLogisticRatio(RowsOf({}, 1), good, 1),
              StatusIs(kInvalid, "source: want at least one row, got 0"));
  EXPECT_THAT(
      FitLogisticRatio(good, RowsOf(two, 2), 1),
      StatusIs(kInvalid, "target: want 1 columns as in the source, got 2"));
  const Vector wrong = {1, std::numeric_limits<double>::quiet_NaN()};
  EXPECT_THAT(FitLogisticRatio(good, RowsOf(wrong, 1), 1),
              StatusIs(kInvalid,
                       "target[1][0]: want a finite value of at most "
                       "1e+100 in magnitude, got nan"));
  EXPECT_THAT(FitLogisticRatio(good, good, 0),
              StatusIs(kInvalid, "inverse_penalty: want a value of 1e-10 to"));
  const Vector wide(1001);
  EXPECT_THAT(FitLogisticRatio(RowsOf(wide, 1001), RowsOf(wide, 1001), 1),
              StatusIs(kInvalid, "source: want at most 1000 columns"));
  EXPECT_THAT(FitLogisticRatio(RowsOf(wide, 1000), RowsOf(wide, 1000), 1),
              StatusIs(kInvalid, "source: want 1 x 1000 values, got 1001"));
}

// Between equal columns the penalty decides, until rounding of their squares
// hides it.
TEST(LogisticRatioTest, EqualColumnsShareUntilRoundingHidesThePenalty) {
  const Vector s = {1, 1, -2, -2, 0.5, 0.5};
  const Vector t = {2, 2, -1, -1};
  const LogisticRatio ratio =
      FitLogisticRatio(RowsOf(s, 2), RowsOf(t, 2), 1e3).value();
  EXPECT_NEAR(ratio.coefficients[0], ratio.coefficients[1], 1e-11);

  Vector large_s = s;
  Vector large_t = t;
  for (double& x : large_s) x *= 1e6;
  for (double& x : large_t) x *= 1e6;
  EXPECT_THAT(FitLogisticRatio(RowsOf(large_s, 2), RowsOf(large_t, 2), 1e10),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "inverse_penalty: want less, or columns of smaller"));
}

}  // namespace
}  // namespace steelyard::training
