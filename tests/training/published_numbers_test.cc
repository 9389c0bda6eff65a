#include <cmath>

#include "tests/training/problems.h"

// The numbers of docs/science.md, all but the rows at 10^7 steps
// (far_numbers_test.cc).  They come from independent programs.
namespace steelyard::training {
namespace {

LinearProblem Decades(LinearProblem problem, int64_t steps) {
  problem.steps = steps;
  problem.schedule = LogSchedule{.points_per_decade = 1};
  return problem;
}

struct ToyRow {
  std::vector<double> weights;
  double kl;
  double gaps[5];  // at 10^2 ... 10^6
};

TEST(PublishedNumbersTest, ToyAHasItsGapsAndDivergences) {
  const ToyRow rows[] = {
      {{1, 1}, .192745, {.240348, .129609, .085071, .062951, .049923}},
      {{20. / 11, 2. / 11},
       .055425,
       {.143349, .082734, .055114, .041001, .032611}},
      {{2. / 11, 20. / 11},
       1.436976,
       {.746409, .438824, .272072, .192623, .148512}}};
  for (const ToyRow& row : rows) {
    const auto run = Measure(Decades(ToyA(row.weights), 1'000'000));
    int64_t step = 100;
    for (const double gap : row.gaps) {
      EXPECT_PRINTED(run.at(step).at("direction/gap"), gap, 6) << step;
      EXPECT_PRINTED(run.at(step).at("theory/kl"), row.kl, 6);
      step *= 10;
    }
  }
}

// P3: weights in proportion to p* keep descent on the ray of theta*.
TEST(PublishedNumbersTest, ToyAWithWeightsOfTheDualSolutionHasNoGap) {
  const auto run = Measure(Decades(ToyA({1.6, .4}), 1'000'000));
  for (const auto& [step, values] : run) {
    if (step == 0) continue;
    EXPECT_LT(values.at("direction/gap"), 1e-12) << step;
    EXPECT_NEAR(values.at("theory/kl"), 0, 1e-15);
  }
}

// P5: more divergence, and yet a smaller gap.
TEST(PublishedNumbersTest, DivergenceDoesNotOrderTheGaps) {
  const auto larger = Measure(Decades(ToyA({4 * std::exp(-1.1), 1}), 100'000));
  const auto smaller = Measure(Decades(ToyA({4 * std::exp(1.3), 1}), 100'000));
  EXPECT_PRINTED(smaller.at(1000).at("theory/kl"), .10277, 5);
  EXPECT_PRINTED(larger.at(1000).at("theory/kl"), .11707, 5);
  EXPECT_PRINTED(smaller.at(1000).at("direction/gap"), .117855, 6);
  EXPECT_PRINTED(larger.at(1000).at("direction/gap"), .101336, 6);
  EXPECT_PRINTED(smaller.at(100'000).at("direction/gap"), .058440, 6);
  EXPECT_PRINTED(larger.at(100'000).at("direction/gap"), .049553, 6);
}

struct D8Row {
  const char* name;
  std::vector<double> weights;
  Loss loss;
  double kl;
  double gaps[4];  // at 10^3 ... 10^6
};

std::vector<double> NearDualSolution() {
  std::vector<double> p(8, 0);
  p[3] = 39. / 133;
  p[5] = 35. / 133;
  p[7] = 59. / 133;
  for (double& value : p) value = std::max(8 * value, .01);
  return p;
}

std::vector<D8Row> D8Rows() {
  const Rows rows = D8().train;
  return {{"uniform",
           {},
           Loss::kExponential,
           1.00782,
           {.09313, .05008, .03190, .02301}},
          {"uniform, logistic",
           {},
           Loss::kLogistic,
           1.00782,
           {.10206, .05097, .03198, .02301}},
          {"negatives x10",
           PerClass(rows, 1, 10),
           Loss::kExponential,
           1.08518,
           {.18855, .13818, .10479, .08373}},
          {"positives x10",
           PerClass(rows, 10, 1),
           Loss::kExponential,
           2.03737,
           {.40445, .24584, .16667, .12460}},
          {"positives x10, logistic",
           PerClass(rows, 10, 1),
           Loss::kLogistic,
           2.03737,
           {.44963, .25336, .16748, .12468}},
          {"near p*",
           NearDualSolution(),
           Loss::kExponential,
           .00623,
           {.00021, .00007, .00002, .00001}}};
}

TEST(PublishedNumbersTest, D8HasItsGapsAndDivergences) {
  for (const D8Row& row : D8Rows()) {
    LinearProblem problem = Decades(D8(row.weights), 1'000'000);
    problem.loss = row.loss;
    const auto run = Measure(problem);
    int64_t step = 1000;
    double last = 1;
    for (const double gap : row.gaps) {
      EXPECT_PRINTED(run.at(step).at("direction/gap"), gap, 5)
          << row.name << " at " << step;
      EXPECT_PRINTED(run.at(step).at("theory/kl"), row.kl, 5) << row.name;
      EXPECT_LT(run.at(step).at("direction/gap"), last) << row.name;
      last = run.at(step).at("direction/gap");
      step *= 10;
    }
  }
}

TEST(PublishedNumbersTest, D8AtAThousandStepsHasNineDigits) {
  LinearProblem problem = Decades(D8(), 1000);
  EXPECT_PRINTED(Measure(problem).at(1000).at("direction/gap"), .093125540, 9);
  problem.loss = Loss::kLogistic;
  EXPECT_PRINTED(Measure(problem).at(1000).at("direction/gap"), .102063545, 9);
}

TEST(PublishedNumbersTest,
     D8WeightsNearTheDualSolutionAreAThousandTimesBetter) {
  const auto uniform = Measure(Decades(D8(), 1'000'000));
  const auto near = Measure(Decades(D8(NearDualSolution()), 1'000'000));
  EXPECT_LT(1000 * near.at(1'000'000).at("direction/gap"),
            uniform.at(1'000'000).at("direction/gap"));
}

// P6: rows that can't be separated keep their weights for good.
TEST(PublishedNumbersTest, WeightsStayWhereRowsAreNotSeparable) {
  LinearProblem problem = Decades(ToyA({1, 10, 1}), 1'000'000);
  problem.train = MakeRows({{1, 0}, {0, 1}, {0, -1}}, {1, 1, 1});
  auto end = Measure(problem).at(1'000'000);
  EXPECT_PRINTED(end.at("parameters/0"), 9.028143, 6);
  EXPECT_PRINTED(end.at("parameters/1"), 1.151293, 6);
  EXPECT_EQ(end.count("direction/gap"), 0U);

  problem.loss = Loss::kLogistic;
  end = Measure(problem).at(1'000'000);
  EXPECT_PRINTED(end.at("parameters/0"), 9.027059, 6);
  EXPECT_PRINTED(end.at("parameters/1"), 2.302585, 6);
}

// P2's formula leaves out only what vanishes as 1/t on decoupled rows.
TEST(PublishedNumbersTest, PredictedGapOfToyAIsRightAtAMillionSteps) {
  const auto end = Measure(Decades(ToyA({1, 1}), 1'000'000)).at(1'000'000);
  EXPECT_NEAR(end.at("direction/predicted_gap") / end.at("direction/gap"), 1,
              2e-5);
}

// Wang et al. 2022 (docs/science.md): theta_1 / theta_2 tends to
// (2^alpha w_1 / w_2)^(1 / (alpha + 2)), whatever the weights: they never fade.
TEST(PublishedNumbersTest, PolynomialTailsKeepTheWeights) {
  const double ratios[] = {.1, 1, 10};
  const double limits[2][3] = {{.58480, 1.25992, 2.71442},
                               {.79527, 1.41421, 2.51487}};
  for (int k = 0; k < 3; ++k) {
    for (const int alpha : {1, 2}) {
      LinearProblem problem = Decades(ToyA({ratios[k], 1}), 1'000'000);
      problem.loss = Loss::kPolynomial;
      problem.loss.alpha = alpha;
      problem.learning_rate = 1;
      auto end = Measure(problem).at(1'000'000);
      EXPECT_NEAR(end.at("parameters/0") / end.at("parameters/1") /
                      limits[alpha - 1][k],
                  1, 1e-4)
          << alpha << " " << ratios[k];
    }
  }
}

// Kini et al. 2021: with a multiplier D on the first row the ratio tends to
// 1 / D, weights move its numerator's logarithm alone.
TEST(PublishedNumbersTest, MultipliersSetTheLimitAndWeightsTheWay) {
  LinearProblem problem = ToyA();
  problem.train = MakeRows({{1, 0}, {0, -1}}, {1, -1});
  problem.loss = Loss::kLogistic;
  problem.loss.margins.scales = {1, .5};
  problem.learning_rate = 1;
  problem = Decades(std::move(problem), 2'000'000);
  const auto ratio = [](const LinearProblem& of) {
    auto end = Measure(of).at(2'000'000);
    return end.at("parameters/0") / end.at("parameters/1");
  };
  EXPECT_PRINTED(ratio(problem), 1.7993, 4);
  problem.weights = {10, 1};
  EXPECT_PRINTED(ratio(problem), 2.1513, 4);
}

}  // namespace
}  // namespace steelyard::training
