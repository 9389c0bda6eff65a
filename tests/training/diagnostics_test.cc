#include <gmock/gmock.h>

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <vector>

#include "tests/training/problems.h"
#include "training/class_axis.h"
#include "training/kkt_metrics.h"
#include "training/margin_bounds.h"
#include "training/metric_table.h"

// What is said of a model by the margins of its training rows.
namespace steelyard::training {
namespace {

Values LastOf(Trainer& trainer) {
  return ByName(trainer, RunToEnd(trainer).back());
}

// Data (+1, +), (-2, -) and two ReLU units from v = (.1, -.15), u = (.2, -.1):
// SCIENCE's 5.4 (i).
NetworkProblem TwoUnits(double ratio, int64_t steps) {
  NetworkProblem problem;
  problem.train = MakeRows({{1}, {-2}}, {1, -1});
  problem.architecture = {.hidden = {2},
                          .outputs = 1,
                          .activation = Activation::kRelu,
                          .leak = 0,
                          .biases = Biases::kNone};
  problem.loss = Loss::kExponential;
  problem.weights = {ratio, 1};
  problem.initial = GivenInitial{.parameters = {0.2, -0.1, 0.1, -0.15}};
  problem.rate.initial = 0.05;
  problem.precision = Precision::kDouble;
  problem.steps = steps;
  return problem;
}

// With the weights of P3 every step is on the ray of theta*.
TEST(KktTest, IsZeroOnTheRayOfTheLargestMargin) {
  for (const auto& [step, values] : Measure(ToyA({1.6, 0.4}))) {
    if (step == 0) {
      EXPECT_FALSE(values.contains("kkt/stationarity"));
      continue;
    }
    EXPECT_LE(values.at("kkt/stationarity"), 1e-15) << step;
    EXPECT_LE(values.at("kkt/complementarity"), 1e-14) << step;
  }
}

// theta = (c, s) of toy A is a cone of (1, 0), (0, 2): stationary whatever it
// is, but complementary only where both margins are the same.
TEST(KktTest, IsToldByHandOnToyA) {
  for (const auto& [step, values] : Measure(ToyA({2. / 11, 20. / 11}))) {
    if (step == 0) continue;
    const double a = values.at("parameters/0");
    const double b = values.at("parameters/1");
    const double least = std::min(a, 2 * b);
    EXPECT_LE(values.at("kkt/stationarity"), 1e-15);
    const double slack =
        (a * (a / least - 1) + b / 2 * (2 * b / least - 1)) / (a + b / 2);
    EXPECT_NEAR(values.at("kkt/complementarity"), slack, 1e-13 * slack);
  }
}

// Descent from 0 on a linear model is a sum of the rows z_i and so always
// stationary; theta = (0, 2) is not, in the cone of (1, 0) and (1, 1).
TEST(KktTest, IsTheDistanceFromTheConeByHand) {
  MetricTable table;
  const KktMetrics kkt(2, 2, "", table);
  std::vector<MetricValue> values;
  kkt.Measure(
      std::vector<double>{1, 4}, std::vector<double>{0, 2},
      [](std::span<double> gradients) {
        const std::vector<double> rows = {1, 0, 1, 1};
        std::copy(rows.begin(), rows.end(), gradients.begin());
      },
      values);
  ASSERT_EQ(values.size(), 2);
  EXPECT_DOUBLE_EQ(values[0].value, std::sqrt(0.5));
  EXPECT_DOUBLE_EQ(values[1].value, 3);  // the second row's slack alone
}

// On D8 many multipliers make theta: a linear program found the least slack.
TEST(KktTest, TakesTheLeastSlackOfAllMultipliers) {
  LinearProblem problem = D8(PerClass(D8().train, 10, 1));
  problem.steps = 100'000;
  const auto run = Measure(std::move(problem));
  EXPECT_NEAR(run.at(10).at("kkt/complementarity"), 7.43, 0.005);
  EXPECT_NEAR(run.at(1'000).at("kkt/complementarity"), 0.87, 0.005);
  EXPECT_NEAR(run.at(100'000).at("kkt/complementarity"), 0.19, 0.005);
}

TEST(KktTest, TendsToZeroOnD8) {
  LinearProblem problem = D8();
  problem.steps = 100'000;
  const auto run = Measure(std::move(problem));
  const Values& early = run.at(100);
  const Values& late = run.at(100'000);
  EXPECT_LE(late.at("kkt/stationarity"), 1e-3 * late.at("direction/gap"));
  EXPECT_LT(late.at("kkt/complementarity"),
            0.6 * early.at("kkt/complementarity"));
  EXPECT_GT(late.at("kkt/complementarity"), 0);
}

// What the layers have unlike at the start stays, beside theta, whose square
// grows like ln t.
TEST(KktTest, TendsToZeroOnTheTwoUnitNet) {
  for (const double ratio : {0.1, 1.0, 10.0}) {
    absl::StatusOr<std::unique_ptr<Trainer>> trainer =
        Trainer::Create(TwoUnits(ratio, 100'000));
    ASSERT_THAT(trainer, IsOk());
    double before = 1;
    for (const Evaluation& evaluation : RunToEnd(**trainer)) {
      const Values values = ByName(**trainer, evaluation);
      if (evaluation.step == 1'000 || evaluation.step == 100'000) {
        EXPECT_LT(values.at("kkt/stationarity"), 0.65 * before) << ratio;
        before = values.at("kkt/stationarity");
      }
    }
    EXPECT_LT(LastOf(**Trainer::Create(TwoUnits(ratio, 100'000)))
                  .at("kkt/complementarity"),
              0.5);
  }
}

TEST(KktTest, IsAbsentWhereRowsAreNotSeparatedOrNotHomogeneous) {
  NetworkProblem problem = TwoUnits(1, 10);
  problem.architecture.activation = Activation::kTanh;
  absl::StatusOr<std::unique_ptr<Trainer>> trainer =
      Trainer::Create(std::move(problem));
  ASSERT_THAT(trainer, IsOk());
  EXPECT_FALSE(LastOf(**trainer).contains("kkt/stationarity"));
  bool told = false;
  for (const Absence& absence : (*trainer)->absent()) {
    told = told || (absence.metric == "kkt/stationarity" &&
                    absence.reason == "the model is not homogeneous");
  }
  EXPECT_TRUE(told);
}

// A step function of the threshold, by hand: D8 at (1, 0, 0) / 1.
TEST(WeightedBelowTest, IsAStepFunctionOfTheThreshold) {
  LinearProblem problem = D8(PerClass(D8().train, 10, 1));
  problem.steps = 100;
  problem.weighted_below = {-1e9, 0, 0.25, 0.5, 0.75, 1, 1e9};
  const std::unique_ptr<Trainer> trainer = MakeTrainer(problem);
  const Evaluation last = RunToEnd(*trainer).back();
  const Values values = ByName(*trainer, last);
  std::vector<double> theta(3);
  trainer->ReadParameters(0, theta);
  const double norm = values.at("parameters/norm");
  const Rows& rows = problem.train;
  for (const auto& [name, threshold] :
       std::vector<std::pair<std::string, double>>{{"-1e+09", -1e9},
                                                   {"0", 0},
                                                   {"0.25", 0.25},
                                                   {"0.5", 0.5},
                                                   {"0.75", 0.75},
                                                   {"1", 1},
                                                   {"1e+09", 1e9}}) {
    double below = 0;
    for (size_t i = 0; i < 8; ++i) {
      const double margin =
          rows.labels[i] * (theta[0] * rows.features[2 * i] +
                            theta[1] * rows.features[2 * i + 1] + theta[2]);
      // Mean one: 10 / 5.5 and 1 / 5.5, over n = 8.
      if (margin / norm < threshold) {
        below += (rows.labels[i] > 0 ? 10 : 1) / 5.5 / 8;
      }
    }
    EXPECT_NEAR(values.at("margin/weighted_below/" + name), below, 1e-15)
        << name;
  }
  EXPECT_EQ(values.at("margin/weighted_below/-1e+09"), 0);
  EXPECT_NEAR(values.at("margin/weighted_below/1e+09"), 1, 1e-15);
  EXPECT_GT(values.at("margin/weighted_below/1"), 0);
}

// P10 and Cortes written out for two rows: the minimum over all gamma.
TEST(MarginBoundsTest, AreTheirFormulas) {
  LinearProblem problem = ToyA({3, 1});
  problem.steps = 50;
  const std::unique_ptr<Trainer> trainer = MakeTrainer(problem);
  const Values values = LastOf(*trainer);
  const double norm = values.at("parameters/norm");
  const double relative[2] = {values.at("parameters/0") / norm / 2,
                              2 * values.at("parameters/1") / norm / 2};
  const double shares[2] = {0.75, 0.25};
  const double squares = std::sqrt(0.75 * 0.75 + 0.25 * 0.25);
  double least = 1e300;
  for (int k = 1; k <= 64; ++k) {
    const double gamma = std::ldexp(1.0, -k);
    double bound = 0;
    for (int i = 0; i < 2; ++i) bound += relative[i] < gamma ? shares[i] : 0;
    bound += 2 * (std::sqrt(2 * std::log(2.0)) + 1) * squares / gamma;
    bound += 1.5 * std::sqrt(std::log(k * (k + 1) / 0.05) / 4);
    least = std::min(least, bound);
  }
  EXPECT_NEAR(values.at("bound/p10"), least, 1e-13 * least);
  const double inner =
      2. / 2 * std::log(2 * std::numbers::e) + std::log(4 / 0.05) / 2;
  const double second_moment = (1.5 * 1.5 + 0.5 * 0.5) / 2;
  EXPECT_NEAR(
      values.at("bound/cortes"),
      std::pow(2, 1.25) * std::sqrt(second_moment) * std::pow(inner, 0.375),
      1e-13);
  EXPECT_EQ(values.at("train/weighted_error"), 0);
}

// Of rows with the same margins both grow with the second moment of the weights
// and fall with n.
TEST(MarginBoundsTest, AreOrderedAsTheyMustBe) {
  const auto bounds = [](size_t n, double ratio) {
    std::vector<double> weights;
    for (size_t i = 0; i < n; ++i) {
      weights.push_back((i % 2 == 0 ? 2 * ratio : 2) / (ratio + 1));
    }
    MetricTable table;
    const MarginBounds all({.dimension = 5, .longest = 2}, {}, weights, table);
    std::vector<MetricValue> values;
    all.Measure(std::vector<double>(n, 1), 1, 1, values);
    EXPECT_EQ(values.size(), 3);
    EXPECT_EQ(values[0].value, 0);
    return std::pair(values[1].value, values[2].value);
  };
  const auto few = bounds(200, 1);
  const auto many = bounds(20'000, 1);
  const auto uneven = bounds(20'000, 30);
  EXPECT_LT(many.first, few.first);
  EXPECT_LT(many.second, few.second);
  EXPECT_GT(uneven.first, many.first);
  EXPECT_GT(uneven.second, many.second);
}

TEST(MarginBoundsTest, AreNeverBelowTheWeightedError) {
  for (const double ratio : {0.1, 1.0, 30.0}) {
    LinearProblem problem;
    problem.train = RandomRows(300, 3, 0.4, 5);
    problem.weights = PerClass(problem.train, ratio, 1);
    problem.learning_rate = 0.1;
    problem.steps = 1'000;
    for (const auto& [step, values] : Measure(std::move(problem))) {
      const double error = values.at("train/weighted_error");
      EXPECT_GT(error, 0);
      EXPECT_GT(values.at("bound/cortes"), error);
      if (step > 0) {
        EXPECT_GT(values.at("bound/p10"), error);
      }
    }
  }
}

// Of a network: N is the product of the layers' norms.
TEST(MarginBoundsTest, OfANetworkAreOfItsNormalisedMargin) {
  absl::StatusOr<std::unique_ptr<Trainer>> trainer =
      Trainer::Create(TwoUnits(1, 1'000));
  ASSERT_THAT(trainer, IsOk());
  const Values values = LastOf(**trainer);
  std::vector<double> theta(4);
  (*trainer)->ReadParameters(0, theta);
  const double product =
      std::hypot(theta[0], theta[1]) * std::hypot(theta[2], theta[3]);
  const double margins[2] = {
      std::max(theta[0], 0.0) * theta[2] + std::max(theta[1], 0.0) * theta[3],
      -std::max(-2 * theta[0], 0.0) * theta[2] -
          std::max(-2 * theta[1], 0.0) * theta[3]};
  double least = 1e300;
  for (int k = 1; k <= 64; ++k) {
    const double gamma = 2 * std::ldexp(1.0, -k);
    double bound = 0;
    for (const double margin : margins) {
      bound += margin / product < gamma ? 0.5 : 0;
    }
    bound +=
        2 * 2 * (std::sqrt(4 * std::log(2.0)) + 1) * std::sqrt(0.5) / gamma;
    bound += std::sqrt(std::log(k * (k + 1) / 0.05) / 4);
    least = std::min(least, bound);
  }
  EXPECT_NEAR(values.at("bound/p10"), least, 1e-13 * least);
  EXPECT_FALSE(values.contains("bound/cortes"));
}

// SCIENCE 4.4: of 1-D logistic data the weight r moves the boundary by
// ln(r) / slope; here at the exact optimum of four rows, two of each class at
// each place: f(x) = slope x + ln r.
TEST(BoundaryTest, MovesByTheLogarithmOfTheRatio) {
  for (const double ratio : {0.1, 1.0, 7.0}) {
    NetworkProblem problem;
    // 3 of 4 rows at +1 are positive, 1 of 4 at -1.
    problem.train = MakeRows({{1}, {1}, {1}, {1}, {-1}, {-1}, {-1}, {-1}},
                             {1, 1, 1, -1, -1, -1, -1, 1});
    problem.architecture = {.hidden = {},
                            .outputs = 1,
                            .activation = Activation::kIdentity,
                            .leak = 0,
                            .biases = Biases::kConstantInput};
    problem.weights = PerClass(problem.train, ratio, 1);
    problem.initial = ZeroInitial{};
    problem.rule = LbfgsRule{};
    problem.rate.initial = 1;
    problem.precision = Precision::kDouble;
    problem.steps = 100;
    absl::StatusOr<std::unique_ptr<Trainer>> trainer =
        Trainer::Create(std::move(problem));
    ASSERT_THAT(trainer, IsOk());
    const Values values = LastOf(**trainer);
    EXPECT_NEAR(values.at("parameters/0"), std::log(3.0), 1e-9);
    EXPECT_NEAR(values.at("boundary/shift"), -std::log(ratio) / std::log(3.0),
                1e-9)
        << ratio;
    EXPECT_EQ(values.at("boundary/angle"), 0);
  }
}

TEST(BoundaryTest, IsToldByHandInThePlane) {
  // Means (3, 1) and (1, 1): the axis (1, 0), the middle (2, 1).
  const Rows rows = MakeRows({{4, 1}, {2, 1}, {1, 0}, {1, 2}}, {1, 1, -1, -1});
  MetricTable table;
  const ClassAxis axis(rows, std::vector<int64_t>{0, 1, 2, 3}, true, table);
  const double theta[3] = {3, 4, -11};  // f(2, 1) = -1
  std::vector<MetricValue> values;
  axis.Measure(theta, values);
  ASSERT_EQ(values.size(), 2);
  EXPECT_NEAR(values[0].value, 1. / 3, 1e-15);
  EXPECT_NEAR(values[1].value, std::acos(0.6), 1e-15);
  // Along the boundary there is no crossing.
  const double across[3] = {0, 1, 0};
  values.clear();
  axis.Measure(across, values);
  ASSERT_EQ(values.size(), 1);
  EXPECT_NEAR(values[0].value, std::numbers::pi / 2, 1e-15);
}

// Also when the run is taken up again after it.
TEST(SeparationStepTest, IsTheFirstEvaluatedStepWithoutError) {
  LinearProblem problem = ToyA();
  // Of ten rows one is wrong at first.
  std::vector<std::vector<double>> features(9, {1, 2});
  features.push_back({1, -2.5});
  problem.train = MakeRows(features, std::vector<double>(10, 1));
  problem.learning_rate = 0.1;
  problem.schedule = EverySchedule{.steps = 1};
  problem.steps = 400;
  const std::unique_ptr<Trainer> trainer = MakeTrainer(problem);
  double first = -1;
  std::string state;
  for (const Evaluation& evaluation : RunToEnd(*trainer)) {
    const Values values = ByName(*trainer, evaluation);
    if (first < 0 && values.at("train/error") == 0) {
      first = static_cast<double>(evaluation.step);
    }
    ASSERT_EQ(values.contains("train/separation_step"), first >= 0);
    if (first >= 0) {
      EXPECT_EQ(values.at("train/separation_step"), first);
    }
  }
  EXPECT_GT(first, 1);
  const std::unique_ptr<Trainer> again = MakeTrainer(problem);
  while (again->step() < 350) ASSERT_THAT(again->Advance(1), IsOk());
  const std::unique_ptr<Trainer> resumed = MakeTrainer(problem);
  ASSERT_THAT(resumed->RestoreState(again->SaveState()), IsOk());
  EXPECT_EQ(LastOf(*resumed).at("train/separation_step"), first);
}

}  // namespace
}  // namespace steelyard::training
