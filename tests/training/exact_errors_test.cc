#include "training/exact_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace steelyard::training {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Of a margin's mean over its deviation; from Python's statistics.NormalDist.
constexpr double kPhiOfMinusTwo = 0.022750131948179;
constexpr double kPhiOfOneHalf = 0.691462461274013;

GaussianPart Round(double label, std::vector<double> mean, double deviation) {
  return {.label = label,
          .mean = std::move(mean),
          .covariance = {},
          .standard_deviation = deviation};
}

double ErrorOf(const GaussianPart& part, const std::vector<double>& theta) {
  return GaussianError(part, 2, theta);
}

TEST(GaussianErrorTest, IsTheChanceOfAMarginThatIsNotPositive) {
  EXPECT_NEAR(ErrorOf(Round(1, {2, 7}, 1), {1, 0}), kPhiOfMinusTwo, 1e-15);
  EXPECT_NEAR(ErrorOf(Round(-1, {-2, 7}, 1), {1, 0}), kPhiOfMinusTwo, 1e-15);
  EXPECT_NEAR(ErrorOf(Round(1, {-3, -4}, 2), {0.6, 0.8}), 1 - 0.00620966532577,
              1e-14);
  // The bias moves the plane by a half: -1/2 of a deviation is left.
  EXPECT_NEAR(ErrorOf(Round(1, {0.5, 0}, 2), {1, 0, -1.5}), kPhiOfOneHalf,
              1e-15);
}

// A class that is N(m, C C') is N(0, I) to the parameters (C' theta, b +
// m.theta).
TEST(GaussianErrorTest, ACovarianceIsAChangeOfVariables) {
  const double c[] = {2, 0, 0.6, 0.8};
  const GaussianPart part = {
      .label = -1, .mean = {0.3, -0.1}, .covariance = {4, 1.2, 1.2, 1}};
  const std::vector<double> theta = {0.7, -1.1, 0.2};
  const std::vector<double> changed = {
      c[0] * theta[0] + c[2] * theta[1], c[3] * theta[1],
      theta[2] + 0.3 * theta[0] - 0.1 * theta[1]};
  EXPECT_NEAR(ErrorOf(part, theta), ErrorOf(Round(-1, {0, 0}, 1), changed),
              1e-15);
}

TEST(GaussianErrorTest, OnlyTheDirectionCounts) {
  const GaussianPart part = Round(1, {1, 2}, 3);
  const double error = ErrorOf(part, {1, 0.5, -0.25});
  EXPECT_EQ(ErrorOf(part, {0x1p900, 0x1p899, -0x1p898}), error);
  EXPECT_EQ(ErrorOf(part, {0x1p-900, 0x1p-901, -0x1p-902}), error);
}

TEST(GaussianErrorTest, WithoutSpreadARowIsRightOrWrong) {
  EXPECT_EQ(ErrorOf(Round(1, {1, 0}, 0), {1, 0}), 0);
  EXPECT_EQ(ErrorOf(Round(1, {-1, 0}, 0), {1, 0}), 1);
  EXPECT_EQ(ErrorOf(Round(1, {0, 1}, 0), {1, 0}), 1);  // on the plane
  EXPECT_EQ(ErrorOf(Round(-1, {1, 1}, 1), {0, 0, 0}), 1);
  EXPECT_EQ(ErrorOf(Round(-1, {1, 1}, 1), {0, 0, -3}), 0);
  EXPECT_EQ(ErrorOf({.label = 1, .mean = {1, 1}, .covariance = {1, 1, 1, 1}},
                    {1, -1, 0.5}),
            0);
}

TEST(GaussianErrorTest, AShorterMeanGoesOnWithZeros) {
  EXPECT_EQ(ErrorOf(Round(1, {2}, 1), {1, 5, 0.25}),
            ErrorOf(Round(1, {2, 0}, 1), {1, 5, 0.25}));
}

// The population values of Menon et al.'s problem, docs/science.md: classes
// N(+-(1, 1), I), of which 5 % are positive, and the models that logistic loss
// finds: f = 2 (x1 + x2) - ln 19 without weights, - 0 with balancing ones.
TEST(ExactErrorsTest, HaveTheValuesOfMenonsProblem) {
  std::vector<GaussianPart> parts = {Round(1, {1, 1}, 1),
                                     Round(-1, {-1, -1}, 1)};
  parts[0].share = 5;
  parts[1].share = 95;
  MetricTable table;
  table.Add("test/error");
  const ExactErrors errors("test/", 2, parts, table);
  EXPECT_THAT(table.names(), ElementsAre("test/error", "test/error_exact",
                                         "test/balanced_error_exact"));
  const auto measure = [&](double bias) {
    std::vector<MetricValue> values;
    errors.Measure(std::vector<double>{2, 2, bias}, 0, values);
    EXPECT_EQ(values.size(), 2U);
    EXPECT_EQ(values[0].metric, 1U);
    EXPECT_EQ(values[1].metric, 2U);
    return std::vector<double>{values[0].value, values[1].value};
  };
  EXPECT_NEAR(measure(-std::log(19))[1], 0.180770, 5e-7);
  EXPECT_NEAR(measure(-std::log(19))[0], 0.05 * 0.3545 + 0.95 * 0.00704, 5e-6);
  EXPECT_NEAR(measure(0)[1], 0.078650, 5e-7);
  EXPECT_NEAR(measure(0)[0], measure(0)[1], 1e-16);
}

// What is added to f is a bias, of a model without one too.
TEST(ExactErrorsTest, WhatIsAddedMovesThePlane) {
  MetricTable table;
  const ExactErrors errors("a/", 2, {Round(1, {0.5, 0}, 2)}, table);
  for (const std::vector<double>& theta :
       {std::vector<double>{1, 0}, std::vector<double>{1, 0, 2}}) {
    std::vector<MetricValue> values;
    errors.Measure(theta, theta.size() == 2 ? -1.5 : -3.5, values);
    EXPECT_NEAR(values[0].value, kPhiOfOneHalf, 1e-15);
  }
}

// Two parts of one class and none of the other: 1/4 of one, 3/4 of the other.
TEST(ExactErrorsTest, PartsOfAClassCountByTheirShares) {
  std::vector<GaussianPart> parts = {Round(1, {1, 0}, 0), Round(1, {-1, 0}, 0)};
  parts[1].share = 3;
  MetricTable table;
  const ExactErrors errors("a/", 2, parts, table);
  std::vector<MetricValue> values;
  errors.Measure(std::vector<double>{1, 0}, 0, values);
  EXPECT_EQ(values[0].value, 0.75);
  EXPECT_EQ(values[1].value, 0.75);
}

TEST(ExactErrorsTest, RowsOfUnknownOriginHaveNone) {
  MetricTable table;
  std::vector<MetricValue> values;
  ExactErrors("test/", 2, {}, table)
      .Measure(std::vector<double>{1, 0}, 0, values);
  ExactErrors::AddAbsent("test/", {}, "for a reason", table);
  EXPECT_THAT(table.names(), IsEmpty());
  EXPECT_THAT(table.absent(), IsEmpty());
  EXPECT_THAT(values, IsEmpty());
  ExactErrors::AddAbsent("test/", {Round(1, {1, 0}, 1)}, "for a reason", table);
  ASSERT_EQ(table.absent().size(), 2U);
  EXPECT_EQ(table.absent()[0].metric, "test/error_exact");
  EXPECT_EQ(table.absent()[1].reason, "for a reason");
}

}  // namespace
}  // namespace steelyard::training
