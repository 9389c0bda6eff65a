#include "training/shift/gaussian_ratio.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "tests/status_matchers.h"
#include "tests/training/shift/golden_file.h"
#include "training/random.h"

namespace steelyard::training {
namespace {

using Vector = std::vector<double>;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

const Gaussian kStandard = {.mean = {0}, .covariance = {1}};

Vector LogRatiosAt(const Gaussian& source, const Gaussian& target,
                   const Vector& rows) {
  return GaussianLogRatios(
             source, target,
             RowsOf(rows, static_cast<int64_t>(source.mean.size())))
      .value();
}

// mu x - mu^2 / 2, far out too, where each density is no double.
TEST(GaussianRatioTest, AShiftOfUnitVarianceIsLinear) {
  for (const double mu : {-2.0, 0.0, 0.5, 3.0}) {
    const Vector x = {-1e8, -1000, -2.5, 0, 0.1, 1, 77, 1e8};
    const Vector got = LogRatiosAt(kStandard, {{mu}, {1}}, x);
    for (size_t i = 0; i < x.size(); ++i) {
      const double want = mu * x[i] - mu * mu / 2;
      EXPECT_NEAR(got[i], want, 4e-16 * (std::fabs(mu * x[i]) + mu * mu));
    }
  }
}

// By the determinants and inverses of 2 x 2 matrices, written out.
TEST(GaussianRatioTest, TwoDimensionsAreAsTheInversesHaveThem) {
  const Gaussian source = {.mean = {1, -2}, .covariance = {2, 0.5, 0.5, 1}};
  const Gaussian target = {.mean = {0, 3}, .covariance = {1, -0.3, -0.3, 4}};
  const auto log_density = [](const Gaussian& g, double x, double y) {
    const Vector& a = g.covariance;
    const double det = a[0] * a[3] - a[1] * a[1];
    const double u = x - g.mean[0];
    const double v = y - g.mean[1];
    return -0.5 * (a[3] * u * u - 2 * a[1] * u * v + a[0] * v * v) / det -
           0.5 * std::log(det);
  };
  RandomStream random(1, "gaussian_ratio_test");
  for (int i = 0; i < 100; ++i) {
    const Vector x = {5 * random.Normal(), 5 * random.Normal()};
    EXPECT_NEAR(
        LogRatiosAt(source, target, x)[0],
        log_density(target, x[0], x[1]) - log_density(source, x[0], x[1]),
        1e-12);
  }
}

TEST(GaussianRatioTest, TheSameDistributionTwiceGivesOneToTheBit) {
  const Gaussian both = {.mean = {1, -2}, .covariance = {2, 0.5, 0.5, 1}};
  for (const double ratio : LogRatiosAt(both, both, {3, 4, -1e50, 2})) {
    EXPECT_EQ(ratio, 0);
  }
}

// E w = 1, E w^2 = e^{mu^2}, n_eff / n -> e^{-mu^2}: by the trapezoidal rule,
// whose error on such integrands is far below 1e-12.
TEST(GaussianRatioTest, MomentsOverTheSourceAreAsTheoryHasThem) {
  for (const double mu : {0.3, 1.0, 2.0}) {
    Vector x;
    for (int i = -2000; i <= 2400; ++i) x.push_back(i * 0.01);
    const Vector log_ratios = LogRatiosAt(kStandard, {{mu}, {1}}, x);
    double first = 0;
    double second = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const double mass =
          0.01 * std::exp(-x[i] * x[i] / 2) / std::sqrt(2 * std::numbers::pi);
      first += mass * std::exp(log_ratios[i]);
      second += mass * std::exp(2 * log_ratios[i]);
    }
    EXPECT_NEAR(first, 1, 1e-12);
    EXPECT_NEAR(second, std::exp(mu * mu), 1e-12 * std::exp(mu * mu));
    EXPECT_NEAR(first * first / second, std::exp(-mu * mu), 1e-12);
  }
}

TEST(GaussianRatioTest, WhatIsWrongIsNamed) {
  const Vector x = {0, 0};
  const Features rows = RowsOf(x, 2);
  const Gaussian good = {.mean = {0, 0}, .covariance = {1, 0, 0, 1}};
  const auto source_error = [&](const Gaussian& bad) {
    return GaussianLogRatios(bad, good, rows).status();
  };
  EXPECT_THAT(source_error({{0}, {1, 0, 0, 1}}),
              StatusIs(kInvalid, "source.mean: want 1 x 2 values, got 1"));
  EXPECT_THAT(source_error({{0, 0}, {1}}),
              StatusIs(kInvalid, "source.covariance: want 2 x 2 values"));
  EXPECT_THAT(source_error({{0, 0}, {1, 0.5, 0, 1}}),
              StatusIs(kInvalid, "source.covariance[1][0]: want 0.5"));
  EXPECT_THAT(source_error({{0, 0}, {1, 2, 2, 1}}),
              StatusIs(kInvalid, "source.covariance[1][1]: want a positive"));
  EXPECT_THAT(source_error({{0, 0}, {1, 1, 1, 1}}),
              StatusIs(kInvalid,
                       "source.covariance: want a positive definite matrix, "
                       "got one in which coordinate 1 follows"));
  EXPECT_THAT(
      GaussianLogRatios(
          good, {{0, std::numeric_limits<double>::infinity()}, {1, 0, 0, 1}},
          rows),
      StatusIs(kInvalid, "target.mean[0][1]: want a finite value"));
  EXPECT_THAT(GaussianLogRatios(good, good, RowsOf({}, 2)),
              StatusIs(kInvalid, "rows: want at least one row, got 0"));
  const Vector wide(257);
  EXPECT_THAT(GaussianLogRatios(good, good, RowsOf(wide, 257)),
              StatusIs(kInvalid, "rows: want at most 256 columns, got 257"));
}

}  // namespace
}  // namespace steelyard::training
