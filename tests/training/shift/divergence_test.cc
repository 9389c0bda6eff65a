#include "training/shift/divergence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/status_matchers.h"

namespace steelyard::training {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
using Values = std::vector<double>;

// Shares 1/4, 3/4 of the source and 1/2, 1/2 of the target: w = 2, 2/3, so
// E_s w^2 = 1/4 * 4 + 3/4 * 4/9 = 4/3 and E_t ln w = (ln 2 + ln 2/3) / 2.
void ExpectOneToThree(const Divergence& got) {
  EXPECT_NEAR(got.chi_square, 1.0 / 3, 1e-15);
  EXPECT_NEAR(got.renyi_2, std::log(4.0 / 3), 1e-15);
  EXPECT_NEAR(got.kl, std::log(4.0 / 3) / 2, 1e-15);
}

TEST(DivergenceTest, OfSharesByHand) {
  ExpectOneToThree(DivergenceOfShares(Values{1, 3}, Values{1, 1}));
  ExpectOneToThree(DivergenceOfShares(Values{0.25, 0, 0.75}, Values{5, 0, 5}));
}

TEST(DivergenceTest, OfWeightsByHand) {
  const Values weights = {2, 2.0 / 3, 2.0 / 3, 2.0 / 3};
  const auto got = DivergenceOfWeights(weights);
  ASSERT_THAT(got, IsOk());
  ExpectOneToThree(*got);
}

// Whatever their scale, though squares of these are no doubles.
TEST(DivergenceTest, TheScaleOfWeightsDoesNotCount) {
  for (const double scale : {0x1p-700, 0x1p700}) {
    const auto got =
        DivergenceOfWeights(Values{3 * scale, scale, scale, scale});
    ASSERT_THAT(got, IsOk());
    ExpectOneToThree(*got);
  }
}

TEST(DivergenceTest, EqualSidesHaveNone) {
  const auto weights = DivergenceOfWeights(Values{0.1, 0.1, 0.1});
  ASSERT_THAT(weights, IsOk());
  for (const Divergence& got :
       {*weights, DivergenceOfShares(Values{0.1, 0.2}, Values{1, 2})}) {
    EXPECT_NEAR(got.chi_square, 0, 1e-15);
    EXPECT_NEAR(got.renyi_2, 0, 1e-15);
    EXPECT_NEAR(got.kl, 0, 1e-15);
    EXPECT_GE(got.chi_square, 0);
    EXPECT_GE(got.kl, 0);
  }
}

TEST(DivergenceTest, WhatTheSourceLacksIsInfinitelyFar) {
  const Divergence got = DivergenceOfShares(Values{1, 0}, Values{1, 1});
  EXPECT_TRUE(std::isinf(got.chi_square));
  EXPECT_TRUE(std::isinf(got.renyi_2));
  EXPECT_TRUE(std::isinf(got.kl));
}

TEST(DivergenceTest, RefusesWhatIsNoWeight) {
  EXPECT_THAT(DivergenceOfWeights(Values{}), StatusIs(kInvalid, "sum > 0"));
  EXPECT_THAT(DivergenceOfWeights(Values{0, 0}), StatusIs(kInvalid, "sum > 0"));
  EXPECT_THAT(DivergenceOfWeights(Values{1, -1}),
              StatusIs(kInvalid, "weights[1]: want a finite value >= 0"));
  EXPECT_THAT(
      DivergenceOfWeights(Values{std::numeric_limits<double>::infinity()}),
      StatusIs(kInvalid, "weights[0]: want a finite value >= 0, got inf"));
}

}  // namespace
}  // namespace steelyard::training
