#include "training/shift/label_shift.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/status_matchers.h"
#include "tests/training/shift/golden_file.h"
#include "training/shift/mixture_shares.h"

namespace steelyard::training {
namespace {

using Vector = std::vector<double>;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
constexpr absl::StatusCode kPrecondition =
    absl::StatusCode::kFailedPrecondition;

// p(x | y) in tenths: 3 classes (rows), 4 values of x.
constexpr int kTenths[3][4] = {{6, 2, 1, 1}, {1, 5, 3, 1}, {1, 1, 2, 6}};
constexpr double kSource[3] = {.5, .25, .25};
constexpr int kTargetTenths[3] = {2, 5, 3};

double SourceDensity(size_t x) {
  double sum = 0;
  for (size_t k = 0; k < 3; ++k) sum += kSource[k] * kTenths[k][x] / 10;
  return sum;
}

// How many of 100 rows of the target have x: an integer.
int TargetCount(size_t x) {
  int sum = 0;
  for (size_t k = 0; k < 3; ++k) sum += kTargetTenths[k] * kTenths[k][x];
  return sum;
}

void ExpectExactPriors(const LabelShift& shift, double bound) {
  for (size_t k = 0; k < 3; ++k) {
    EXPECT_NEAR(shift.priors[k], kTargetTenths[k] / 10., bound);
    EXPECT_NEAR(shift.weights[k], kTargetTenths[k] / 10. / kSource[k],
                bound / kSource[k]);
  }
  EXPECT_TRUE(shift.clipped.empty());
}

TEST(LabelShiftTest, AnExactConfusionMatrixGivesExactPriors) {
  const double recall[3][3] = {{.7, .2, .1}, {.2, .6, .1}, {.1, .2, .8}};
  Vector confusion;
  Vector predicted(3, 0.0);
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) {
      confusion.push_back(1000 * recall[i][j] * kSource[j]);
      predicted[i] += 7 * recall[i][j] * kTargetTenths[j];
    }
  }
  ExpectExactPriors(ShiftByConfusion(confusion, predicted).value(), 1e-15);
}

// The frequencies of the target's x are those of its density, so the priors of
// greatest likelihood are its own.
TEST(LabelShiftTest, ExactPosteriorsGiveExactPriors) {
  Vector posteriors;
  for (size_t x = 0; x < 4; ++x) {
    for (int copy = 0; copy < TargetCount(x); ++copy) {
      for (size_t k = 0; k < 3; ++k) {
        posteriors.push_back(kSource[k] * kTenths[k][x] / 10 /
                             SourceDensity(x));
      }
    }
  }
  ASSERT_EQ(posteriors.size(), 300U);
  ExpectExactPriors(ShiftByPosteriors(posteriors, kSource).value(), 1e-11);
}

TEST(LabelShiftTest, IsWhatNumpyAndEmFind) {
  const std::vector<GoldenCase> cases = ReadGolden("label_shift.txt");
  ASSERT_EQ(cases.size(), 6U);
  for (const GoldenCase& golden : cases) {
    SCOPED_TRACE(golden.name);
    if (golden.arrays.count("posteriors") > 0) {
      const LabelShift shift =
          ShiftByPosteriors(golden["posteriors"], golden["source_priors"])
              .value();
      ExpectClose(shift.priors, golden["priors"], 1e-8);
    } else {
      const LabelShift shift =
          ShiftByConfusion(golden["confusion"], golden["predicted"]).value();
      ExpectClose(shift.weights, golden["weights"], 1e-12);
      ExpectClose(shift.priors, golden["priors"], 1e-12);
    }
  }
}

TEST(LabelShiftTest, NoShiftGivesOne) {
  const Vector confusion = {40, 5, 10, 45};
  const Vector predicted = {45, 55};
  const LabelShift shift = ShiftByConfusion(confusion, predicted).value();
  EXPECT_NEAR(shift.weights[0], 1, 1e-15);
  EXPECT_NEAR(shift.weights[1], 1, 1e-15);
  // Posteriors whose mean is the prior: EM does not move.
  const LabelShift by_posteriors =
      ShiftByPosteriors(Vector{.9, .1, .1, .9, .7, .3, .3, .7}, Vector{1, 1})
          .value();
  EXPECT_NEAR(by_posteriors.weights[0], 1, 1e-11);
  EXPECT_NEAR(by_posteriors.weights[1], 1, 1e-11);
}

// p(predicted 0) is at most .8 in the source; .9 asks for a share of -1/6.
TEST(LabelShiftTest, WeightsBelowZeroAreClippedAndSaid) {
  const LabelShift shift =
      ShiftByConfusion(Vector{.4, .1, .1, .4}, Vector{.9, .1}).value();
  EXPECT_EQ(shift.clipped, std::vector<int64_t>({1}));
  EXPECT_EQ(shift.weights, Vector({2, 0}));
  EXPECT_EQ(shift.priors, Vector({1, 0}));
}

// A class of one row in 1e12 leaves the rank as it is.
TEST(LabelShiftTest, ARareClassIsNoDependentOne) {
  const LabelShift shift =
      ShiftByConfusion(Vector{1e12, .2, 1e11, .8}, Vector{.6, .4}).value();
  const double rest = 1e12 / 1.1e12;
  // .6 = rest (1 - q) + .2 q
  const double q = (rest - .6) / (rest - .2);
  EXPECT_NEAR(shift.priors[1], q, 1e-12);
}

TEST(LabelShiftTest, WhatIsWrongIsNamed) {
  const Vector half = {.5, .5};
  EXPECT_THAT(ShiftByConfusion({}, {}),
              StatusIs(kInvalid, "predicted: want 1 to 1000 classes, got 0"));
  EXPECT_THAT(ShiftByConfusion(half, half),
              StatusIs(kInvalid, "confusion: want 2 x 2 values, got 2"));
  EXPECT_THAT(ShiftByConfusion(Vector{1, 0, -1, 2}, half),
              StatusIs(kInvalid, "confusion[2]: want a value of 0 to 1e300"));
  EXPECT_THAT(ShiftByConfusion(Vector{1, 0, 2, 0}, half),
              StatusIs(kInvalid,
                       "confusion: want held-out rows of every class, "
                       "got none of class 1"));
  EXPECT_THAT(ShiftByConfusion(Vector{1, 0, 0, 1}, Vector{0, 0}),
              StatusIs(kInvalid, "predicted: want a value above 0, got none"));
  EXPECT_THAT(ShiftByConfusion(Vector{1, 3, 2, 6}, half),
              StatusIs(kPrecondition,
                       "confusion: want predictions that tell the 2 "
                       "classes apart, got a matrix of rank 1"));
  EXPECT_THAT(ShiftByPosteriors({}, half),
              StatusIs(kInvalid,
                       "posteriors: want rows of 2, at least one, got "
                       "0 values"));
  EXPECT_THAT(ShiftByPosteriors(Vector{1, 0, .5}, half),
              StatusIs(kInvalid, "posteriors: want rows of 2"));
  EXPECT_THAT(
      ShiftByPosteriors(Vector{1, 0, .5, .4}, half),
      StatusIs(kInvalid, "posteriors[1]: want values of sum 1, got 0.9"));
  EXPECT_THAT(ShiftByPosteriors(Vector{1, 0, 1.1, -.1}, half),
              StatusIs(kInvalid, "posteriors[1][1]: want a value of 0 to 1"));
  EXPECT_THAT(ShiftByPosteriors(Vector{1, 0}, Vector{1, 0}),
              StatusIs(kInvalid, "source_priors[1]: want a value above 0"));
  const Vector large(kMaxMixtureValues + 2, .5);
  EXPECT_THAT(ShiftByPosteriors(large, half),
              StatusIs(kInvalid, "posteriors: want at most 20000000 values"));
}

}  // namespace
}  // namespace steelyard::training
