#include "training/lbfgs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "tests/training/problems.h"
#include "training/random.h"

namespace steelyard::training {
namespace {

// (1 - a)^2 + 100 (b - a^2)^2, whose minimum is (1, 1).
double Rosenbrock(const double* x, double* gradient) {
  const double c = x[1] - x[0] * x[0];
  gradient[0] = -2 * (1 - x[0]) - 400 * x[0] * c;
  gradient[1] = 200 * c;
  return (1 - x[0]) * (1 - x[0]) + 100 * c * c;
}

TEST(LbfgsTest, FindsRosenbrocksMinimum) {
  Lbfgs method(2, 5);
  std::vector<double> x = {-1.2, 1};
  for (int k = 0; k < 60; ++k) method.Step(Rosenbrock, x.data());
  EXPECT_NEAR(x[0], 1, 1e-12);
  EXPECT_NEAR(x[1], 1, 1e-12);
  const std::vector<double> found = x;
  for (int k = 0; k < 5; ++k) method.Step(Rosenbrock, x.data());
  EXPECT_NEAR(x[0], found[0], 1e-12);
}

// From any state the rest is the same, bit for bit.
TEST(LbfgsTest, GoesOnFromItsState) {
  for (const int cut : {0, 1, 3, 10, 25}) {
    Lbfgs whole(2, 3);
    Lbfgs second(2, 3);
    std::vector<double> x = {-1.2, 1};
    std::vector<uint64_t> words(static_cast<size_t>(whole.state_words()));
    for (int k = 0; k < cut; ++k) whole.Step(Rosenbrock, x.data());
    whole.WriteState(words);
    ASSERT_TRUE(second.ReadState(words));
    std::vector<double> other = x;
    for (int k = cut; k < 40; ++k) {
      whole.Step(Rosenbrock, x.data());
      second.Step(Rosenbrock, other.data());
      ASSERT_EQ(x, other) << cut << ", " << k;
    }
  }
}

TEST(LbfgsTest, AMinimumIsLeftAlone) {
  Lbfgs method(2, 3);
  std::vector<double> x = {1, 1};
  method.Step(Rosenbrock, x.data());
  EXPECT_EQ(x, (std::vector<double>{1, 1}));
  std::vector<uint64_t> wrong(static_cast<size_t>(method.state_words()),
                              ~uint64_t{0});
  EXPECT_FALSE(method.ReadState(wrong));
}

// Least squares of 50 rows that 1,000 features fit: at a loss of 1e-31 all that
// is left is rounding, in which steps were found by luck, after some 60 calls
// each; about 900 calls in all.
TEST(LbfgsTest, EndsWhereOnlyRoundingIsLeft) {
  constexpr size_t kRows = 50;
  constexpr size_t kFeatures = 1'000;
  RandomStream random(1, "lbfgs_test");
  std::vector<double> x(kRows * kFeatures);
  for (double& value : x) value = random.Normal();
  int calls = 0;
  const auto squares = [&](const double* theta, double* gradient) {
    ++calls;
    std::fill_n(gradient, kFeatures, 0.0);
    double loss = 0;
    for (size_t i = 0; i < kRows; ++i) {
      const double* row = &x[i * kFeatures];
      const double r =
          std::inner_product(row, row + kFeatures, theta, i % 2 ? 1.0 : -1.0);
      loss += r * r / 2;
      for (size_t j = 0; j < kFeatures; ++j) gradient[j] += r * row[j];
    }
    return loss;
  };
  Lbfgs method(kFeatures, 10);
  std::vector<double> theta(kFeatures, 0.0);
  std::vector<double> gradient(kFeatures);
  for (int k = 0; k < 200; ++k) method.Step(squares, theta.data());
  EXPECT_LT(calls, 200);
  EXPECT_LT(squares(theta.data(), gradient.data()), 1e-28);
  calls = 0;
  method.Step(squares, theta.data());
  EXPECT_EQ(calls, 0);
}

// W0(x): the w of w e^w = x, by Newton's method on its logarithm.
double LambertW(double x) {
  double w = std::max(1e-3, std::log1p(x));
  for (int k = 0; k < 100; ++k) {
    w -= (w + std::log(w) - std::log(x)) / (1 + 1 / w);
  }
  return w;
}

NetworkProblem Regularized(std::vector<double> weights, double strength) {
  NetworkProblem problem;
  problem.train = MakeRows({{1, 0}, {0, 2}}, {1, 1});
  problem.architecture.biases = Biases::kNone;
  problem.loss = Loss::kExponential;
  problem.weights = std::move(weights);
  problem.penalty.strength = strength;
  problem.rule = LbfgsRule{};
  problem.rate.initial = 1;
  problem.initial = ZeroInitial{};
  problem.precision = Precision::kDouble;
  problem.steps = 300;
  problem.schedule = AtSchedule{.steps = {300}};
  return problem;
}

Values End(NetworkProblem problem) {
  auto trainer = Trainer::Create(std::move(problem));
  EXPECT_THAT(trainer, IsOk());
  Values end;
  for (const Evaluation& evaluation : RunToEnd(**trainer)) {
    end = ByName(**trainer, evaluation);
  }
  return end;
}

// docs/science.md, toy A: theta_1 = W0(w_1 / (4 lambda)), theta_2 =
// W0(w_2 / lambda) / 2, and the printed ratios of margins.
TEST(LbfgsTest, FollowsTheRegularizedPathOfToyA) {
  struct Row {
    std::vector<double> weights;
    double ratios[5];
  };
  const Row rows[] = {
      {{1, 1}, {.652675, .908507, .958754, .981612, .991523}},
      {{1.6, .4}, {1, 1, 1, 1, 1}},
      {{20. / 11, 2. / 11}, {.516748, .800487, .900188, .953276, .977994}},
      {{2. / 11, 20. / 11}, {.119544, .616220, .854222, .943843, .975924}}};
  const double strengths[] = {1, 1e-2, 1e-4, 1e-8, 1e-16};
  for (const Row& row : rows) {
    for (int k = 0; k < 5; ++k) {
      const double lambda = strengths[k];
      const Values end = End(Regularized(row.weights, lambda));
      EXPECT_PRINTED(end.at("margin/ratio"), row.ratios[k], 6) << lambda;
      const double first = LambertW(row.weights[0] / (4 * lambda));
      const double second = LambertW(row.weights[1] / lambda) / 2;
      EXPECT_NEAR(end.at("parameters/0") / first, 1, 1e-11) << lambda;
      EXPECT_NEAR(end.at("parameters/1") / second, 1, 1e-11) << lambda;
    }
  }
}

// P9's path of the two-unit ReLU network.
TEST(LbfgsTest, FollowsTheRegularizedPathOfTwoUnits) {
  const double ratios[] = {.1, 1, 10};
  const double printed[2][3] = {{.312948, .328873, .312413},
                                {.328684, .332271, .328390}};
  const double strengths[] = {1e-8, 1e-32};
  for (int k = 0; k < 2; ++k) {
    for (int i = 0; i < 3; ++i) {
      NetworkProblem problem = Regularized({ratios[i], 1}, strengths[k]);
      problem.train = MakeRows({{1}, {-2}}, {1, -1});
      problem.architecture.hidden = {2};
      problem.initial = GivenInitial{{.2, -.1, .1, -.15}};
      problem.steps = 1000;
      problem.schedule = AtSchedule{.steps = {1000}};
      EXPECT_PRINTED(End(problem).at("margin/normalized"), printed[k][i], 6)
          << strengths[k] << ", " << ratios[i];
    }
  }
}

TEST(LbfgsTest, ATrainerGoesOnWithTheSameBits) {
  NetworkProblem problem = Regularized({10, 1}, 1e-4);
  problem.loss = Loss::kLogistic;
  problem.steps = 25;
  problem.schedule = EverySchedule{.steps = 1};
  const auto whole = *Trainer::Create(problem);
  RunToEnd(*whole);
  for (const int64_t cut : {1, 7, 24}) {
    const auto first = *Trainer::Create(problem);
    while (first->step() < cut) {
      ASSERT_THAT(first->Advance(1), IsOk());
    }
    const auto second = *Trainer::Create(problem);
    ASSERT_THAT(second->RestoreState(first->SaveState()), IsOk());
    RunToEnd(*second);
    EXPECT_EQ(second->SaveState(), whole->SaveState()) << cut;
  }
}

TEST(LbfgsTest, BadProblemsAreNamed) {
  const auto fault = [](void (*spoil)(NetworkProblem&)) {
    NetworkProblem problem = Regularized({1, 1}, 1);
    spoil(problem);
    return std::string(Trainer::Create(std::move(problem)).status().message());
  };
  using P = NetworkProblem;
  EXPECT_EQ(fault([](P& p) { p.precision = Precision::kSingle; }),
            "precision: want double with L-BFGS, got single");
  EXPECT_EQ(fault([](P& p) { p.batches.size = 1; }),
            "batches.size: want 0 with L-BFGS, got 1");
  EXPECT_EQ(fault([](P& p) { p.weight_decay = 0.5; }),
            "weight_decay: want 0 with L-BFGS, got 0.5");
  EXPECT_EQ(fault([](P& p) { p.rule = LbfgsRule{.memory = 0}; }),
            "rule.memory: want 1 to 100, got 0");
}

}  // namespace
}  // namespace steelyard::training
