#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <iostream>
#include <random>
#include <vector>

#include "tests/training/problems.h"

namespace steelyard::training {
namespace {

// Separable rows no longer than 1, bias included, and log-normal weights.
LinearProblem RandomProblem(uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  const auto below = [&](int64_t bound) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(bound));
  };
  LinearProblem problem;
  const int64_t d = 2 + below(6);
  const int64_t n = 8 + below(13);
  problem.train.rows = n;
  problem.train.columns = d;
  std::vector<double> teacher;
  for (int64_t j = 0; j < d; ++j) teacher.push_back(normal(random));
  for (int64_t i = 0; i < n; ++i) {
    std::vector<double> x;
    double squares = 0;
    double f = 0;
    for (int64_t j = 0; j < d; ++j) {
      x.push_back(normal(random));
      squares += x.back() * x.back();
      f += x.back() * teacher[static_cast<size_t>(j)];
    }
    for (const double v : x) {
      problem.train.features.push_back(v / std::sqrt(squares));
    }
    problem.train.labels.push_back(f > 0 ? 1 : -1);
    problem.weights.push_back(std::exp(normal(random)));
  }
  problem.bias = false;
  problem.loss = Loss::kExponential;
  problem.scale = StepScale::kLoss;
  problem.learning_rate = 1;
  problem.steps = 20'000;
  problem.schedule = LogSchedule{.points_per_decade = 10};
  return problem;
}

// P4 at every logged step of 200 random problems.
TEST(TheoryMetricsTest, TheThreeBoundsHoldAtEveryStep) {
  int problems = 0;
  double most[3] = {};
  for (uint64_t seed = 1; problems < 200; ++seed) {
    const auto trainer = MakeTrainer(RandomProblem(seed));
    const auto names = trainer->metrics();
    // Rows of one class alone may have the largest margin 0.
    if (std::find(names.begin(), names.end(), "bound/p4_a") == names.end()) {
      continue;
    }
    ++problems;
    for (const Evaluation& evaluation : RunToEnd(*trainer)) {
      const Values at = ByName(*trainer, evaluation);
      ASSERT_GE(at.at("dual/gap"), 0) << "seed " << seed;
      if (evaluation.step == 0) continue;
      const double gamma = at.at("margin/normalized") / at.at("margin/ratio");
      const double observed[] = {at.at("dual/gap"),
                                 std::pow(at.at("direction/gap"), 2) / 2,
                                 gamma - at.at("margin/normalized")};
      const double bounds[] = {at.at("bound/p4_a"), at.at("bound/p4_b"),
                               at.at("bound/p4_c")};
      for (int k = 0; k < 3; ++k) {
        ASSERT_LE(observed[k], bounds[k] * (1 + 1e-9) + 1e-15)
            << "bound " << k << ", seed " << seed << ", step "
            << evaluation.step;
        most[k] = std::max(most[k], observed[k] / bounds[k]);
      }
    }
  }
  std::cout << "seeds from 1 on; largest share of the bounds: " << most[0]
            << " " << most[1] << " " << most[2] << "\n";
  // They are bounds that come near, not ones that anything would keep.
  EXPECT_GT(most[0], 0.05);
  EXPECT_GT(most[2], 0.05);
}

// The bounds are taken apart of P4's formulas here: toy A, (1, 1), lengths
// halved so that no row is longer than 1.
TEST(TheoryMetricsTest, BoundsAreP4sFormulas) {
  LinearProblem problem = ToyA();
  for (double& x : problem.train.features) x /= 2;
  problem.scale = StepScale::kLoss;
  problem.learning_rate = 1;
  problem.schedule = AtSchedule{.steps = {10}};
  const auto at = Measure(problem).at(10);
  const double gamma = 1 / std::sqrt(5.0);
  const double kl = .8 * std::log(1.6) + .2 * std::log(.4);
  EXPECT_NEAR(at.at("bound/p4_a"), kl / 10, 1e-12);
  EXPECT_NEAR(at.at("bound/p4_b"),
              (1 + kl / gamma * (1 + std::log(10.0))) / (gamma * 10), 1e-12);
  EXPECT_NEAR(at.at("bound/p4_c"), (0.5 + std::log(2.0)) / (gamma * 10), 1e-12);
  // q of theta: F(q) - gamma^2 / 2 as it is defined.
  const double a = std::exp(-at.at("parameters/0") / 2);
  const double b = std::exp(-at.at("parameters/1"));
  const double q = a / (a + b);
  EXPECT_NEAR(at.at("dual/gap"),
              (q * q / 4 + (1 - q) * (1 - q)) / 2 - gamma * gamma / 2, 1e-12);
}

// Where L = 1 / (eta gamma^2 t) the slope is -1: toy A and D8, either loss.
TEST(TheoryMetricsTest, TheLossFallsAsOneOverT) {
  for (const Loss& loss : {Loss(Loss::kExponential), Loss(Loss::kLogistic)}) {
    for (LinearProblem problem : {ToyA({10, 1}), D8()}) {
      problem.loss = loss;
      problem.steps = 1'000'000;
      problem.schedule = AtSchedule{.steps = {999'999}};
      const auto run = Measure(problem);
      const Values& at = run.at(999'999);
      EXPECT_NEAR(at.at("train/loss_slope"), -1, 0.02);
      // The loss of the next step says the same.
      EXPECT_NEAR(1e6 * (run.at(1'000'000).at("train/log_loss") -
                         at.at("train/log_loss")),
                  at.at("train/loss_slope"), 1e-5);
    }
  }
}

// P8: with weights of least 1 it rises at every step, and lies between the
// margin and the margin less ln(sum w / min w) / ||theta||.
TEST(TheoryMetricsTest, TheSmoothedMarginRises) {
  for (const Loss& loss : {Loss(Loss::kExponential), Loss(Loss::kLogistic)}) {
    for (const double ratio : {.1, 1., 10.}) {
      LinearProblem problem = D8();
      problem.weights = PerClass(problem.train, ratio, 1);
      problem.loss = loss;
      problem.steps = 3000;
      problem.schedule = EverySchedule{.steps = 1};
      const double least = std::min(ratio, 1.0);
      const double slack = std::log(4 * (ratio + 1) / least);
      double last = -1e300;
      for (const auto& [step, at] : Measure(problem)) {
        if (step == 0) continue;
        const double smoothed = at.at("margin/smoothed");
        const double margin = at.at("margin/normalized");
        EXPECT_LE(smoothed, margin + 1e-12);
        if (loss.kind == Loss::kExponential) {
          EXPECT_GE(smoothed,
                    margin - slack / at.at("parameters/norm") - 1e-12);
        }
        // From where the weighted sum is below 1 (of the logistic loss ln 2).
        if (smoothed > 0) {
          EXPECT_GE(smoothed, last - 1e-15) << step;
        }
        last = smoothed;
      }
      EXPECT_GT(last, 0.3);
    }
  }
}

TEST(TheoryMetricsTest, TheGapConstantIsP2s) {
  // docs/science.md, D8: e(w) of the uniform weights and of two others.
  const Rows rows = D8().train;
  EXPECT_PRINTED(Measure(D8()).at(0).at("theory/gap_constant"), .226469, 6);
  EXPECT_PRINTED(
      Measure(D8(PerClass(rows, 1, 10))).at(0).at("theory/gap_constant"),
      .920301, 6);
  EXPECT_PRINTED(
      Measure(D8(PerClass(rows, 10, 1))).at(0).at("theory/gap_constant"),
      1.193406, 6);
}

// What is not said has its reason.
TEST(TheoryMetricsTest, AbsencesHaveReasons) {
  const auto reason = [](LinearProblem problem, const std::string& metric) {
    const auto trainer = MakeTrainer(std::move(problem));
    for (const Absence& absence : trainer->absent()) {
      if (absence.metric == metric) return absence.reason;
    }
    return std::string();
  };
  EXPECT_EQ(reason(D8(), "bound/p4_a"), "the step is not scaled by the loss");
  LinearProblem problem = D8();
  problem.scale = StepScale::kLoss;
  problem.learning_rate = 1;
  EXPECT_EQ(reason(problem, "bound/p4_b"),
            "a row, bias included, is longer than 1");
  problem.penalty.strength = 0;
  problem.loss = Loss::kHinge;
  EXPECT_EQ(reason(problem, "margin/smoothed"),
            "only the exponential and the logistic loss have it");
  problem = ToyA();
  problem.train = MakeRows({{1, 0}, {0, 1}, {0, -1}}, {1, 1, 1});
  EXPECT_EQ(reason(problem, "dual/gap"), "there is no largest margin");
  problem.penalty.strength = 1;
  EXPECT_EQ(reason(problem, "train/loss_slope"),
            "with a penalty the loss has a limit");
}

}  // namespace
}  // namespace steelyard::training
