#include "training/radau.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace steelyard::training {
namespace {

// y_1' = -rate (y_1 - cos s) - sin s, y_2' = -y_2, turned by a quarter of a
// right angle; the solution is (cos s, e^-s), however fast the first rate.
constexpr double kTurn = 0.38268343236508977;

std::vector<double> Turned(double first, double second) {
  const double other = std::sqrt(1 - kTurn * kTurn);
  return {other * first - kTurn * second, kTurn * first + other * second};
}

Radau Stiff(double rate, double allowed) {
  const auto field = [rate](double s, std::span<const double> y,
                            std::span<double> slope) {
    const double other = std::sqrt(1 - kTurn * kTurn);
    const double first = other * y[0] + kTurn * y[1];
    const double second = -kTurn * y[0] + other * y[1];
    const std::vector<double> turned =
        Turned(-rate * (first - std::cos(s)) - std::sin(s), -second);
    slope[0] = turned[0];
    slope[1] = turned[1];
  };
  const auto modes = [rate](double, std::span<const double>,
                            std::span<double> values,
                            std::span<double> vectors) {
    values[0] = -rate;
    values[1] = -1;
    const std::vector<double> first = Turned(1, 0);
    const std::vector<double> second = Turned(0, 1);
    for (size_t j = 0; j < 2; ++j) {
      vectors[j] = first[j];
      vectors[2 + j] = second[j];
    }
  };
  return Radau(
      field,
      [allowed](double, double, std::span<const double>) { return allowed; },
      modes, 0, Turned(1, 1));
}

TEST(RadauTest, FollowsAStiffSystemAtAndBetweenItsSteps) {
  for (const double rate : {1.0, 1e3, 1e9}) {
    Radau solver = Stiff(rate, 1e-10);
    int steps = 0;
    while (solver.s() < 10) {
      ASSERT_TRUE(solver.Step(1e-15));
      ++steps;
      EXPECT_LE(solver.error(), 1e-10);
      for (int k = 0; k <= 8; ++k) {
        const double s = solver.begin() + k / 8. * solver.taken();
        std::vector<double> y(2);
        solver.Interpolate(s, y);
        const std::vector<double> wanted = Turned(std::cos(s), std::exp(-s));
        // Between the ends of a step a fast component is known less well.
        const double error = k % 8 == 0 ? 3e-9 : 1e-7;
        EXPECT_NEAR(y[0], wanted[0], error) << rate << " at " << s;
        EXPECT_NEAR(y[1], wanted[1], error) << rate << " at " << s;
      }
    }
    EXPECT_LT(steps, 200) << rate;
  }
}

TEST(RadauTest, ItsErrorFallsWithTheTenthPowerOfAStep) {
  double before = 0;
  for (const double length : {0.8, 0.4}) {
    // Loose enough to take the step, tight enough for Newton's.
    Radau solver = Stiff(1, 1e-3);
    solver.set_pace({.length = length, .rejected = false});
    ASSERT_TRUE(solver.Step(length));
    const std::vector<double> wanted =
        Turned(std::cos(length), std::exp(-length));
    const double error =
        std::hypot(solver.y()[0] - wanted[0], solver.y()[1] - wanted[1]);
    if (before > 0) {
      EXPECT_NEAR(std::log2(before / error), 9.5, 1);
    }
    before = error;
  }
}

TEST(RadauTest, SaysWhenNoStepIsShortEnough) {
  Radau solver([](double, std::span<const double>,
                  std::span<double> slope) { slope[0] = std::nan(""); },
               [](double, double, std::span<const double>) { return 1e-10; },
               [](double, std::span<const double>, std::span<double> values,
                  std::span<double> vectors) {
                 values[0] = -1;
                 vectors[0] = 1;
               },
               1, {1});
  EXPECT_FALSE(solver.Step(1e-12));
  EXPECT_EQ(solver.s(), 1);
  EXPECT_EQ(solver.y()[0], 1);
}

}  // namespace
}  // namespace steelyard::training
