#include "training/dop853.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace steelyard::training {
namespace {

// y' = (y_2, -y_1), a circle run through once in 2 pi.
Dop853 Circle(double allowed) {
  return Dop853(
      [](double, std::span<const double> y, std::span<double> slope) {
        slope[0] = y[1];
        slope[1] = -y[0];
      },
      [allowed](double, double, std::span<const double>) { return allowed; },
      [] { return 1.0; }, 0, {0, 1});
}

TEST(Dop853Test, FollowsACircleAtAndBetweenItsSteps) {
  Dop853 solver = Circle(1e-11);
  while (solver.s() < 20) {
    ASSERT_TRUE(solver.Step(1e-15));
    EXPECT_LE(solver.error(), 1e-11);
    for (int k = 0; k <= 8; ++k) {
      const double s = solver.begin() + k / 8. * solver.taken();
      std::vector<double> y(2);
      solver.Interpolate(s, y);
      EXPECT_NEAR(y[0], std::sin(s), 3e-11) << s;
      EXPECT_NEAR(y[1], std::cos(s), 3e-11) << s;
    }
  }
  // Some 80 steps: of so high an order few are needed.
  EXPECT_LT(solver.evaluations(), 1500);
}

TEST(Dop853Test, ItsErrorFallsWithTheEighthPowerOfTheStep) {
  double before = 0;
  for (const double length : {0.4, 0.2}) {
    Dop853 solver = Circle(1);
    solver.set_pace({.length = length, .rejected = false});
    ASSERT_TRUE(solver.Step(1e-15));
    const double error = std::hypot(solver.y()[0] - std::sin(length),
                                    solver.y()[1] - std::cos(length));
    if (before > 0) {
      EXPECT_NEAR(std::log2(before / error), 9, 0.5);
    }
    before = error;
  }
}

TEST(Dop853Test, TakesUpWhereAnotherStands) {
  Dop853 whole = Circle(1e-10);
  for (int step = 0; step < 5; ++step) ASSERT_TRUE(whole.Step(1e-15));
  Dop853 resumed = Circle(1e-10);
  for (int step = 0; step < 3; ++step) ASSERT_TRUE(resumed.Step(1e-15));
  Dop853 next(
      [](double, std::span<const double> y, std::span<double> slope) {
        slope[0] = y[1];
        slope[1] = -y[0];
      },
      [](double, double, std::span<const double>) { return 1e-10; },
      [] { return 1.0; }, resumed.s(), {resumed.y()[0], resumed.y()[1]});
  next.set_pace(resumed.pace());
  for (int step = 0; step < 2; ++step) ASSERT_TRUE(next.Step(1e-15));
  EXPECT_EQ(next.s(), whole.s());
  EXPECT_EQ(next.y()[0], whole.y()[0]);
  EXPECT_EQ(next.y()[1], whole.y()[1]);
}

TEST(Dop853Test, StaysWhereItIsStable) {
  // y' = -1000 (y - cos s) - sin s, from its slow solution.
  Dop853 solver(
      [](double s, std::span<const double> y, std::span<double> slope) {
        slope[0] = -1000 * (y[0] - std::cos(s)) - std::sin(s);
      },
      [](double, double, std::span<const double>) { return 1e-6; },
      [] { return 1000.0; }, 0, {1});
  while (solver.s() < 0.5) {
    ASSERT_TRUE(solver.Step(1e-15));
    EXPECT_LE(solver.taken(), 0.0045);
    EXPECT_NEAR(solver.y()[0], std::cos(solver.s()), 1e-8);
  }
  EXPECT_TRUE(solver.stiff());
}

TEST(Dop853Test, SaysWhenNoStepIsShortEnough) {
  Dop853 solver([](double, std::span<const double>,
                   std::span<double> slope) { slope[0] = std::nan(""); },
                [](double, double, std::span<const double>) { return 1e-10; },
                [] { return 1.0; }, 1, {1});
  EXPECT_FALSE(solver.Step(1e-15));
  EXPECT_EQ(solver.s(), 1);
  EXPECT_EQ(solver.y()[0], 1);
}

}  // namespace
}  // namespace steelyard::training
