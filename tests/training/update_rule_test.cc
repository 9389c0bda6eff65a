#include "training/update_rule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace steelyard::training {
namespace {

constexpr double kRate = 0.1;

// theta after steps along the gradients 1, -2, 0.5.
double After(const Rule& rule, double l2_strength = 0, double decay = 0) {
  UpdateRule<double> update(rule, {.strength = l2_strength}, decay, 1);
  double theta = 3;
  int64_t step = 0;
  for (const double g : {1.0, -2.0, 0.5}) {
    double gradient = g;
    update.Step(step++, kRate, &theta, &gradient);
  }
  return theta;
}

TEST(UpdateRuleTest, PlainStepsFollowTheGradient) {
  EXPECT_DOUBLE_EQ(After(PlainRule{}), 3 - 0.1 * (1 - 2 + 0.5));
}

TEST(UpdateRuleTest, MomentumAddsUpGradients) {
  // v: 1, -1.5, -0.25
  EXPECT_DOUBLE_EQ(After(MomentumRule{.momentum = 0.5}),
                   3 - 0.1 * (1 - 1.5 - 0.25));
}

TEST(UpdateRuleTest, NesterovLooksOneStepAhead) {
  // g + v / 2: 1.5, -2.75, 0.375
  EXPECT_DOUBLE_EQ(After(MomentumRule{.momentum = 0.5, .nesterov = true}),
                   3 - 0.1 * (1.5 - 2.75 + 0.375));
}

// The definition of Kingma & Ba (2015), Algorithm 1, written out.
TEST(UpdateRuleTest, AdamIsThatOfItsPaper) {
  double m = 0;
  double v = 0;
  double theta = 3;
  int t = 0;
  for (const double g : {1.0, -2.0, 0.5}) {
    ++t;
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    const double mean = m / (1 - std::pow(0.9, t));
    const double square = v / (1 - std::pow(0.999, t));
    theta -= kRate * mean / (std::sqrt(square) + 1e-8);
  }
  EXPECT_NEAR(After(AdamRule{}), theta, 1e-14);
}

TEST(UpdateRuleTest, PenaltyJoinsTheGradientAndDecayDoesNot) {
  double penalised = 3;
  double decayed = 3;
  for (const double g : {1.0, -2.0, 0.5}) {
    penalised -= kRate * (g + 2 * 0.3 * penalised);
    decayed = (1 - kRate * 0.3) * decayed - kRate * g;
  }
  EXPECT_NEAR(After(PlainRule{}, 0.3, 0), penalised, 1e-15);
  EXPECT_NEAR(After(PlainRule{}, 0, 0.3), decayed, 1e-15);
}

TEST(RateTest, SchedulesMultiplyTheRate) {
  EXPECT_EQ(RateAt({.initial = 2}, 77, 100), 2);
  const LearningRate falling = {.initial = 2,
                                .schedule = StepRate{{10, 20}, 0.5}};
  EXPECT_EQ(RateAt(falling, 9, 100), 2);
  EXPECT_EQ(RateAt(falling, 10, 100), 1);
  EXPECT_EQ(RateAt(falling, 20, 100), 0.5);
  const LearningRate cosine = {.initial = 2, .schedule = CosineRate{}};
  EXPECT_EQ(RateAt(cosine, 0, 100), 2);
  EXPECT_NEAR(RateAt(cosine, 50, 100), 1, 1e-15);
  EXPECT_NEAR(RateAt(cosine, 100, 100), 0, 1e-15);
}

TEST(RateTest, WarmUpRisesFromOnePart) {
  const LearningRate rate = {.initial = 2, .warm_up_steps = 4};
  EXPECT_EQ(RateAt(rate, 0, 100), 0.5);
  EXPECT_EQ(RateAt(rate, 3, 100), 2);
  EXPECT_EQ(RateAt(rate, 4, 100), 2);
}

}  // namespace
}  // namespace steelyard::training
