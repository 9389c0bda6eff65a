#include "training/losses.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace steelyard::training {
namespace {

// The same in extended precision, whose exponent reaches e^11,000.
double SlowLogLoss(Loss loss, double margin) {
  const long double m = margin;
  if (loss.kind == Loss::kExponential) return -margin;
  return static_cast<double>(std::log(std::log1p(std::exp(-m))));
}

TEST(LossesTest, LogLossIsRightFromHugeToTiny) {
  for (int k = -80'000; k <= 80'000; k += 37) {
    const double m = 0.01 * k;
    for (const Loss loss : {Loss::kExponential, Loss::kLogistic}) {
      const double slow = SlowLogLoss(loss, m);
      EXPECT_NEAR(LogLoss(loss, m), slow, 4e-16 * std::fabs(slow) + 4e-16) << m;
    }
  }
}

// A loss of e^-800 or e^800 is not a double; its logarithm is.
TEST(LossesTest, MeanIsRightWhereTheSumUnderflowsOrOverflows) {
  for (const double m : {800.0, -800.0}) {
    const std::vector<double> margins = {m, m + 1};
    const double expected = -m + std::log((1 + std::exp(-1.0)) / 2);
    EXPECT_NEAR(LogMeanLoss(Loss::kExponential, {}, margins), expected, 1e-12);
  }
  const std::vector<double> margins = {800, 801};
  EXPECT_NEAR(LogMeanLoss(Loss::kLogistic, {}, margins),
              -800 + std::log((1 + std::exp(-1.0)) / 2), 1e-12);
  const std::vector<double> wrong = {-800, 800};
  EXPECT_NEAR(LogMeanLoss(Loss::kLogistic, {}, wrong), std::log(800.0 / 2),
              1e-14);
}

TEST(LossesTest, MeanTakesWeightsByTheirLogarithms) {
  const std::vector<double> margins = {0.5, -0.25, 2};
  const std::vector<double> weights = {0.5, 2, 0.25};
  std::vector<double> logs;
  long double sum = 0;
  for (size_t i = 0; i < 3; ++i) {
    logs.push_back(std::log(weights[i]));
    sum += weights[i] * std::log1p(std::exp(-margins[i] * 1.0L));
  }
  EXPECT_NEAR(LogMeanLoss(Loss::kLogistic, logs, margins),
              static_cast<double>(std::log(sum / 3)), 1e-15);
}

// From zero parameters on every loss is l(0), to the last bit.
TEST(LossesTest, MeanOfEqualLossesIsThatLoss) {
  for (size_t n = 1; n < 2000; n += 111) {
    const std::vector<double> zeros(n, 0.0);
    EXPECT_EQ(LogMeanLoss(Loss::kExponential, {}, zeros), 0.0);
    EXPECT_EQ(LogMeanLoss(Loss::kLogistic, {}, zeros),
              LogLoss(Loss::kLogistic, 0));
  }
}

TEST(LossesTest, MeanIsNotFiniteWhereAMarginIsNot) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double m : {infinity, -infinity, std::nan("")}) {
    const std::vector<double> margins = {m, m};
    for (const Loss loss : {Loss::kExponential, Loss::kLogistic}) {
      EXPECT_FALSE(std::isfinite(LogMeanLoss(loss, {}, margins))) << m;
    }
  }
  const std::vector<double> one_bad = {1.0, std::nan(""), 2.0};
  EXPECT_FALSE(std::isfinite(LogMeanLoss(Loss::kLogistic, {}, one_bad)));
}

}  // namespace
}  // namespace steelyard::training
