#include "training/limit_direction.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

#include "tests/training/problems.h"

namespace steelyard::training {
namespace {

Tiles AllRows(const Rows& rows, bool bias) {
  std::vector<int64_t> all(static_cast<size_t>(rows.rows));
  std::iota(all.begin(), all.end(), 0);
  return Tiles(rows, all, bias);
}

LimitDirection Find(const Tiles& rows, const Loss& loss,
                    const std::vector<double>& weights) {
  const absl::StatusOr<HardMargin> largest = SolveHardMargin(rows);
  EXPECT_THAT(largest, IsOk());
  absl::StatusOr<LimitDirection> limit =
      FindLimitDirection(rows, loss, weights, *largest);
  EXPECT_THAT(limit, IsOk());
  return *std::move(limit);
}

Loss Polynomial(double alpha) {
  Loss loss = Loss::kPolynomial;
  loss.alpha = alpha;
  return loss;
}

Loss Scaled(double negative, double positive) {
  Loss loss;
  loss.margins.scales = {negative, positive};
  return loss;
}

long double Dot(const std::vector<long double>& u, const Tiles& rows,
                int64_t i) {
  long double sum = 0;
  for (size_t j = 0; j < u.size(); ++j) {
    sum += u[j] * rows.at(i, static_cast<int64_t>(j));
  }
  return sum;
}

std::vector<double> RandomWeights(int64_t n, std::mt19937_64& random) {
  std::lognormal_distribution<double> lognormal;
  std::vector<double> weights(static_cast<size_t>(n));
  for (double& weight : weights) weight = lognormal(random);
  return weights;
}

// z = (1, 0), (0, 2): theta_1 / theta_2 is (2^alpha w_1 / w_2)^(1/(alpha + 2)).
TEST(LimitDirectionTest, OfAPolynomialTailHasTheRatiosOfToyA) {
  const Tiles rows = AllRows(ToyA().train, false);
  const struct {
    double alpha;
    double ratio;  // w_1 / w_2
    double printed;
  } cases[] = {{1, .1, .58480}, {1, 1, 1.25992}, {1, 10, 2.71442},
               {2, .1, .79527}, {2, 1, 1.41421}, {2, 10, 2.51487}};
  for (const auto& c : cases) {
    const LimitDirection limit = Find(rows, Polynomial(c.alpha), {c.ratio, 1});
    const auto ratio =
        static_cast<double>(limit.direction[0] / limit.direction[1]);
    EXPECT_PRINTED(ratio, c.printed, 5);
    const double exact =
        std::pow(std::pow(2, c.alpha) * c.ratio, 1 / (c.alpha + 2));
    EXPECT_NEAR(ratio / exact, 1, 1e-13);
    EXPECT_NEAR(limit.margin, std::min(ratio, 2.0) / std::hypot(ratio, 1),
                1e-13);
  }
}

// Along the sphere the sum's gradient is 0: sum_i w_i m_i^(-alpha - 1) z_i is a
// multiple of u.
TEST(LimitDirectionTest, OfAPolynomialTailIsStationary) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::mt19937_64 random(seed);
    const double alpha = 0.5 + static_cast<double>(seed % 5);
    const Tiles rows = AllRows(RandomRows(60, 5, 4, seed), true);
    const std::vector<double> weights = RandomWeights(60, random);
    const LimitDirection limit = Find(rows, Polynomial(alpha), weights);
    std::vector<long double> pull(limit.direction.size(), 0);
    for (int64_t i = 0; i < rows.rows(); ++i) {
      const long double m = Dot(limit.direction, rows, i);
      ASSERT_GE(static_cast<double>(m), limit.margin * (1 - 1e-14));
      const long double factor =
          weights[static_cast<size_t>(i)] *
          std::pow(m, -static_cast<long double>(alpha) - 1);
      for (size_t j = 0; j < pull.size(); ++j) {
        pull[j] += factor * rows.at(i, static_cast<int64_t>(j));
      }
    }
    long double along = 0;
    for (size_t j = 0; j < pull.size(); ++j)
      along += pull[j] * limit.direction[j];
    for (size_t j = 0; j < pull.size(); ++j) {
      EXPECT_NEAR(static_cast<double>(pull[j] / along),
                  static_cast<double>(limit.direction[j]), 1e-11)
          << "seed " << seed;
    }
  }
}

// z = (1, 0) of the class with D = 1/2 and (0, 1): the limit is (2, 1).
TEST(LimitDirectionTest, OfScalesIsTheCostSensitiveOne) {
  const Tiles rows = AllRows(MakeRows({{-1, 0}, {0, 1}}, {-1, 1}), false);
  const LimitDirection limit = Find(rows, Scaled(0.5, 1), {1, 1});
  EXPECT_NEAR(static_cast<double>(limit.direction[0]), 2 / std::sqrt(5), 1e-15);
  EXPECT_NEAR(static_cast<double>(limit.direction[1]), 1 / std::sqrt(5), 1e-15);
  EXPECT_NEAR(limit.margin, 1 / std::sqrt(5), 1e-15);
}

// The least of D_i z_i.u is at least that of any direction near by or afar.
TEST(LimitDirectionTest, OfScalesHasTheLargestScaledMargin) {
  const Loss loss = Scaled(0.25, 1.5);
  const Tiles rows = AllRows(D8().train, true);
  const LimitDirection limit = Find(rows, loss, std::vector<double>(8, 1));
  const auto scaled_margin = [&](const std::vector<long double>& u) {
    long double least = INFINITY;
    for (int64_t i = 0; i < rows.rows(); ++i) {
      const long double scale = rows.label(i) > 0 ? 1.5 : 0.25;
      least = std::min(least, scale * Dot(u, rows, i));
    }
    long double squares = 0;
    for (const long double x : u) squares += x * x;
    return static_cast<double>(least / std::sqrt(squares));
  };
  const double best = scaled_margin(limit.direction);
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  for (int k = 0; k < 10'000; ++k) {
    std::vector<long double> other = limit.direction;
    const double size = std::pow(10, -(k % 7));
    for (long double& x : other) x += size * normal(random);
    EXPECT_LE(scaled_margin(other), best + 1e-15);
  }
  EXPECT_LT(scaled_margin(SolveHardMargin(rows)->direction), 0.9 * best);
}

TEST(LimitDirectionTest, OfOtherLossesIsTheLargestMargin) {
  const Tiles rows = AllRows(D8().train, true);
  const HardMargin largest = *SolveHardMargin(rows);
  for (const Loss& loss :
       {Loss(Loss::kExponential), Loss(Loss::kFocal), Scaled(2, 2)}) {
    const LimitDirection limit = Find(rows, loss, std::vector<double>(8, 1));
    EXPECT_EQ(limit.direction, largest.direction);
    EXPECT_EQ(limit.margin, largest.gamma);
  }
}

TEST(LimitDirectionTest, OfTooManyFeaturesThereIsNone) {
  const Tiles rows = AllRows(RandomRows(2, 1600, 0, 1), false);
  EXPECT_THAT(FindLimitDirection(rows, Polynomial(1), std::vector<double>{1, 1},
                                 *SolveHardMargin(rows)),
              StatusIs(absl::StatusCode::kFailedPrecondition, "n d^2"));
}

// Runs are measured against it.  VS at eta t = 2e6 stands at theta_1 / theta_2
// = 1.7993 of 2; a polynomial tail comes near in few steps.
TEST(LimitDirectionTest, IsWhatRunsAreMeasuredAgainst) {
  LinearProblem scaled;
  scaled.train = MakeRows({{-1, 0}, {0, 1}}, {-1, 1});
  scaled.bias = false;
  scaled.loss = Scaled(0.5, 1);
  scaled.learning_rate = 1;
  scaled.steps = 2'000'000;
  const Values end = Measure(scaled).rbegin()->second;
  const double r = end.at("parameters/0") / end.at("parameters/1");
  EXPECT_NEAR(r, 1.7993, 5e-5);
  const double angle = std::atan(2) - std::atan(r);
  EXPECT_NEAR(end.at("direction/gap"), 2 * std::sin(angle / 2), 1e-12);
  EXPECT_NEAR(end.at("margin/ratio"), 1 / std::hypot(r, 1) * std::sqrt(5),
              1e-12);

  LinearProblem tail = ToyA({10, 1});
  tail.loss = Polynomial(1);
  tail.learning_rate = 1;
  tail.steps = 1'000'000;
  EXPECT_LT(Measure(tail).rbegin()->second.at("direction/gap"), 1e-3);
}

}  // namespace
}  // namespace steelyard::training
