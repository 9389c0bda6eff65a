#include "training/shift/gaussian_classes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>
#include <utility>
#include <vector>

#include "tests/status_matchers.h"

namespace steelyard::training {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
using Parts = std::vector<GaussianPart>;
using Values = std::vector<double>;

GaussianPart Round(double label, double share, Values mean, double deviation) {
  return {.label = label,
          .share = share,
          .mean = std::move(mean),
          .covariance = {},
          .standard_deviation = deviation};
}

// The density of a part of one dimension, as it is written.
double DensityAt(const GaussianPart& part, double x) {
  const double s = part.standard_deviation;
  const double u = (x - part.mean[0]) / s;
  return std::exp(-u * u / 2) / (s * std::sqrt(2 * std::numbers::pi));
}

double JointAt(const Parts& parts, double label, double x) {
  double shares = 0;
  double sum = 0;
  for (const GaussianPart& part : parts) {
    shares += part.share;
    if (part.label == label) sum += part.share * DensityAt(part, x);
  }
  return sum / shares;
}

// Two classes; one is a mixture on the source's side.
Parts Source() {
  return {Round(1, 2, {0.5}, 1), Round(1, 1, {-1}, 2), Round(-1, 5, {0}, 1.5)};
}
Parts Target() {
  return {Round(-1, 1, {0.25}, 1), Round(1, 1, {1}, 0.75),
          Round(1, 2, {0}, 1.25)};
}

TEST(GaussianClassesTest, TheRatioIsThatOfTheJointDensities) {
  Values x;
  Values y;
  for (int i = -8; i <= 8; ++i) {
    for (const double label : {-1.0, 1.0}) {
      x.push_back(0.5 * i);
      y.push_back(label);
    }
  }
  const auto logs = GaussianClassLogRatios(Source(), Target(), RowsOf(x, 1), y);
  ASSERT_THAT(logs, IsOk());
  for (size_t i = 0; i < x.size(); ++i) {
    const double ratio =
        JointAt(Target(), y[i], x[i]) / JointAt(Source(), y[i], x[i]);
    EXPECT_NEAR((*logs)[i], std::log(ratio), 1e-13) << x[i] << " " << y[i];
  }
}

// Far out, where both densities are 0 as doubles.
TEST(GaussianClassesTest, FarOutTheRatioIsStillRight) {
  const Values x = {100};
  const auto logs = GaussianClassLogRatios(Parts{Round(0, 1, {0}, 1)},
                                           Parts{Round(0, 1, {0.5}, 1)},
                                           RowsOf(x, 1), Values{0});
  ASSERT_THAT(logs, IsOk());
  EXPECT_EQ((*logs)[0], 0.5 * 100 - 0.125);
}

TEST(GaussianClassesTest, OnlySharesDifferUnderLabelShift) {
  const Parts source = {Round(0, 9, {2, 0}, 1), Round(1, 1, {0, 1}, 3)};
  Parts target = source;
  target[0].share = 1;
  const Values x = {5, -1, 0.5, 4};
  const auto logs =
      GaussianClassLogRatios(source, target, RowsOf(x, 2), Values{0, 1});
  ASSERT_THAT(logs, IsOk());
  EXPECT_NEAR((*logs)[0], std::log(0.5 / 0.9), 1e-15);
  EXPECT_NEAR((*logs)[1], std::log(0.5 / 0.1), 1e-15);
}

TEST(GaussianClassesTest, AClassThatTheTargetLacksHasNoWeight) {
  const Parts source = {Round(0, 1, {0}, 1), Round(1, 1, {0}, 1)};
  const Parts target = {Round(1, 1, {0}, 1)};
  const Values x = {0, 0};
  const auto logs =
      GaussianClassLogRatios(source, target, RowsOf(x, 1), Values{0, 1});
  ASSERT_THAT(logs, IsOk());
  EXPECT_EQ(std::exp((*logs)[0]), 0);
  EXPECT_NEAR((*logs)[1], std::log(2), 1e-15);
  EXPECT_THAT(
      GaussianClassLogRatios(target, source, RowsOf(x, 1), Values{1, 1}),
      StatusIs(kInvalid, "target: want labels that the source has"));
}

// E_s w^2 and E_t ln w by the trapezoidal rule.
TEST(GaussianClassesTest, TheDivergenceIsItsIntegral) {
  const Parts source = {Round(-1, 3, {0.5}, 1.25), Round(1, 1, {-1}, 2)};
  const Parts target = {Round(-1, 1, {0.25}, 1), Round(1, 1, {0.5}, 2.5)};
  double second = 0;
  double kl = 0;
  constexpr double kStep = 1.0 / 64;
  for (double x = -60; x <= 60; x += kStep) {
    for (const double label : {-1.0, 1.0}) {
      const double p_t = JointAt(target, label, x);
      const double w = p_t / JointAt(source, label, x);
      if (p_t > 0) second += kStep * p_t * w;
      if (p_t > 0) kl += kStep * p_t * std::log(w);
    }
  }
  const auto got = GaussianClassDivergence(source, target, 1);
  ASSERT_THAT(got, IsOk());
  ASSERT_TRUE(got->has_value());
  EXPECT_NEAR((*got)->chi_square, second - 1, 1e-12 * second);
  EXPECT_NEAR((*got)->renyi_2, std::log(second), 1e-12);
  EXPECT_NEAR((*got)->kl, kl, 1e-12);
}

// A turn leaves divergences as they are: a covariance against one of axes.
TEST(GaussianClassesTest, CovariancesAreTakenWhole) {
  const double c = 0.8;
  const double s = 0.6;
  const auto turn = [&](double a, double b) {
    return Values{c * c * a + s * s * b, c * s * (a - b), c * s * (a - b),
                  s * s * a + c * c * b};
  };
  const auto part = [](Values mean, Values covariance) {
    return Parts{{.label = 1,
                  .mean = std::move(mean),
                  .covariance = std::move(covariance)}};
  };
  const auto plain = GaussianClassDivergence(
      part({0, 0}, {2, 0, 0, 1}), part({0.5, -0.25}, {1, 0, 0, 0.5}), 2);
  const auto turned = GaussianClassDivergence(
      part({0, 0}, turn(2, 1)),
      part({c * 0.5 + s * 0.25, s * 0.5 - c * 0.25}, turn(1, 0.5)), 2);
  ASSERT_THAT(plain, IsOk());
  ASSERT_THAT(turned, IsOk());
  // Of axes: sums over them of the formulas of one dimension.
  EXPECT_NEAR((*plain)->renyi_2,
              0.25 / 3 + 0.0625 / 1.5 - 0.5 * std::log(3.0 * 1 / 4) -
                  0.5 * std::log(1.5 * 0.5 / 1),
              1e-14);
  EXPECT_NEAR((*turned)->renyi_2, (*plain)->renyi_2, 1e-14);
  EXPECT_NEAR((*turned)->kl, (*plain)->kl, 1e-14);
}

// docs/science.md: mu^2 and mu^2 / 2.
TEST(GaussianClassesTest, AShiftedNormalHasMuSquared) {
  for (const double mu : {0.0, 0.5, 3.0}) {
    const auto got = GaussianClassDivergence(Parts{Round(0, 1, {0}, 1)},
                                             Parts{Round(0, 1, {mu}, 1)}, 1);
    ASSERT_THAT(got, IsOk());
    EXPECT_NEAR((*got)->renyi_2, mu * mu, 1e-14);
    EXPECT_NEAR((*got)->kl, mu * mu / 2, 1e-15);
    EXPECT_NEAR((*got)->chi_square, std::expm1(mu * mu),
                1e-14 * std::exp(mu * mu));
  }
}

TEST(GaussianClassesTest, AWideTargetIsInfinitelyFar) {
  const auto got = GaussianClassDivergence(Parts{Round(0, 1, {0}, 1)},
                                           Parts{Round(0, 1, {0}, 1.5)}, 1);
  ASSERT_THAT(got, IsOk());
  EXPECT_TRUE(std::isinf((*got)->chi_square));
  EXPECT_TRUE(std::isinf((*got)->renyi_2));
  EXPECT_NEAR((*got)->kl, (1.25 - std::log(2.25)) / 2, 1e-15);
}

TEST(GaussianClassesTest, OfAMixtureThereIsNoClosedForm) {
  const auto got = GaussianClassDivergence(Source(), Target(), 1);
  ASSERT_THAT(got, IsOk());
  EXPECT_FALSE(got->has_value());
}

TEST(GaussianClassesTest, RefusesDensitiesThatAreNone) {
  const Parts flat = {Round(0, 1, {0}, 0)};
  const Parts round = {Round(0, 1, {0}, 1)};
  const Values x = {1};
  EXPECT_THAT(GaussianClassLogRatios(flat, round, RowsOf(x, 1), Values{0}),
              StatusIs(kInvalid, "want a positive definite matrix"));
  EXPECT_THAT(GaussianClassDivergence(round, flat, 1),
              StatusIs(kInvalid, "target: want positive definite covariances"));
  EXPECT_THAT(GaussianClassDivergence(round, round, 257),
              StatusIs(kInvalid, "want 1 to 256 columns, got 257"));
}

}  // namespace
}  // namespace steelyard::training
