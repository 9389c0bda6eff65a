#include <gmock/gmock.h>

#include <cmath>
#include <cstdint>
#include <iostream>
#include <map>
#include <memory>
#include <numbers>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/training/far_networks.h"
#include "tests/training/far_problems.h"
#include "tests/training/problems.h"

// Networks that leap, against real steps and against what theory says of them.
namespace steelyard::training {
namespace {

using ::testing::HasSubstr;

class NetworkLeapsTest : public testing::TestWithParam<FarNetwork> {};

TEST_P(NetworkLeapsTest, LieOverRealSteps) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  EXPECT_TRUE(ExpectAlike(RandomNetwork(GetParam(), random), 100'000));
}

INSTANTIATE_TEST_SUITE_P(Networks, NetworkLeapsTest,
                         testing::ValuesIn(FarNetworks()),
                         [](const auto& it) { return it.param.name; });

// D8 with its bias as a third feature, in double precision.
NetworkProblem D8Layers(std::vector<int64_t> hidden, Activation activation) {
  NetworkProblem problem;
  problem.train = D8().train;
  problem.architecture = {.hidden = std::move(hidden),
                          .activation = activation,
                          .biases = Biases::kConstantInput};
  problem.loss = Loss::kExponential;
  problem.rule = PlainRule{};
  problem.rate = {.initial = 0.02};
  problem.precision = Precision::kDouble;
  problem.initial = NormalInitial{
      std::vector<double>(problem.architecture.hidden.size() + 1, 0.5)};
  problem.seed = 5;
  problem.steps = 1000;
  problem.schedule = LogSchedule{.points_per_decade = 1};
  return problem;
}

// How far the product of two linear layers is from D8's limit direction.
double GapOfProduct(const Trainer& trainer, int64_t units) {
  const double limit = std::hypot(60, 100, 55);
  std::vector<double> theta(static_cast<size_t>(trainer.parameters()));
  trainer.ReadParameters(0, theta);
  double product[3] = {};
  for (int64_t j = 0; j < 3; ++j) {
    for (int64_t k = 0; k < units; ++k) {
      product[j] += theta[static_cast<size_t>(j * units + k)] *
                    theta[static_cast<size_t>(3 * units + k)];
    }
  }
  const double length = std::hypot(product[0], product[1], product[2]);
  return std::hypot(product[0] / length - 60 / limit,
                    product[1] / length - 100 / limit,
                    product[2] / length + 55 / limit);
}

// The product of its layers comes to the same direction as one layer, as 1 / ln
// t, and the margin over ||theta||^2 to half of the largest.
TEST(NetworkFarTest, LinearLayersEndInTheLargestMargin) {
  constexpr int64_t kUnits = 3;
  const double largest = std::sqrt(125. / 133);
  const std::unique_ptr<Trainer> trainer =
      MakeTrainer(Far(D8Layers({kUnits}, Activation::kIdentity), 100));
  std::map<double, double> gaps;
  std::map<double, double> margins;
  std::map<double, Values> values;
  while (!trainer->done()) {
    const auto evaluation = trainer->Advance(Trainer::kFarStep);
    ASSERT_THAT(evaluation, IsOk());
    if ((*evaluation)->step == 0) continue;
    const double place = (*evaluation)->log10_step;
    values[place] = ByName(*trainer, **evaluation);
    gaps[place] = GapOfProduct(*trainer, kUnits);
    margins[place] = values[place].at("margin/normalized");
  }
  for (const double place : {6., 10., 20., 50.}) {
    EXPECT_GT(gaps.at(place), 1.5 * gaps.at(2 * place)) << place;
    EXPECT_LT(margins.at(place), margins.at(2 * place)) << place;
    EXPECT_LT(margins.at(2 * place), largest / 2) << place;
  }
  EXPECT_NEAR(gaps.at(100) * 100 / (gaps.at(50) * 50), 1, 0.02);
  EXPECT_NEAR(margins.at(100) / (largest / 2), 1, 0.01);
  EXPECT_LE(values.at(100).at("leap/error_estimate"), 1e-10);
  EXPECT_LT(values.at(100).at("leap/real_steps"), 5000);
}

// Where everything but e^s is below the least double, nothing has converged.
TEST(NetworkFarTest, NothingSettlesWhereNothingConverges) {
  for (const Activation activation :
       {Activation::kIdentity, Activation::kTanh, Activation::kQuadratic}) {
    const std::map<double, Values> got =
        MeasureFar(Far(D8Layers({4}, activation), 400));
    const double step = std::log(10.) * (399 - 390);
    EXPECT_EQ(got.at(400).at("leap/settled_dimensions"), 0);
    // L falls as 1 / t but for powers of ln t.
    EXPECT_NEAR(
        got.at(399).at("train/log_loss") - got.at(390).at("train/log_loss"),
        -step, 0.05)
        << static_cast<int>(activation);
  }
}

// Where a penalty holds them, runs end where long real steps do.
TEST(NetworkFarTest, PenaltiesEndAtTheirFixedPoint) {
  for (const auto& [hidden, activation] :
       std::vector<std::pair<std::vector<int64_t>, Activation>>{
           {{3}, Activation::kTanh},
           {{3}, Activation::kIdentity},
           {{2, 3}, Activation::kIdentity}}) {
    NetworkProblem problem = D8Layers(hidden, activation);
    problem.penalty.strength = 0.01;
    problem.rate.initial = 0.05;
    NetworkProblem steps = problem;
    steps.steps = 200'000;
    const std::unique_ptr<Trainer> real = MakeTrainer(std::move(steps));
    RunToEnd(*real);
    const std::unique_ptr<Trainer> far = MakeTrainer(Far(problem, 1000));
    const std::vector<Evaluation> got = RunToEnd(*far);
    const Values end = ByName(*far, got.back());
    EXPECT_EQ(end.at("leap/settled_dimensions"),
              static_cast<double>(far->parameters()));
    EXPECT_LE(end.at("leap/error_estimate"), 1e-10);
    std::vector<double> wanted(static_cast<size_t>(real->parameters()));
    std::vector<double> theta(wanted.size());
    real->ReadParameters(0, wanted);
    far->ReadParameters(0, theta);
    for (size_t j = 0; j < theta.size(); ++j) {
      EXPECT_NEAR(theta[j], wanted[j], 1e-10) << j;
    }
  }
}

// What a penalty alone pulls at, too weakly to be seen beside steep rows, goes
// on until it is where it goes.
TEST(NetworkFarTest, WhatAPenaltyStillPullsAtHasNotSettled) {
  NetworkProblem problem;
  problem.train =
      MakeRows({{1e4, 0}, {1e4, 0}, {-1e4, 0}, {1e4, 0}}, {1, 1, -1, -1});
  problem.architecture.biases = Biases::kNone;
  problem.loss = Loss::kLogistic;
  problem.penalty.strength = 3e-8;
  problem.rate.initial = 1e-8;
  problem.rule = PlainRule{};
  problem.precision = Precision::kDouble;
  problem.initial = GivenInitial{{0, 1}};
  problem.schedule = LogSchedule{.points_per_decade = 1};
  EXPECT_TRUE(ExpectAlike(problem, 100'000));
  // The same in the units of a raw image.
  problem.train =
      MakeRows({{255, 0}, {120, 0}, {-30, 0}, {80, 0}}, {1, 1, -1, -1});
  problem.penalty.strength = 1e-9;
  problem.rate.initial = 1e-5;
  problem.initial = GivenInitial{{.01, .01}};
  const std::unique_ptr<Trainer> far = MakeTrainer(Far(problem, 30));
  const std::vector<Evaluation> got = RunToEnd(*far);
  double theta[2];
  far->ReadParameters(0, theta);
  EXPECT_EQ(theta[1], 0);
  EXPECT_EQ(ByName(*far, got.back()).at("leap/settled_dimensions"), 2);
}

TEST(NetworkFarTest, SchedulesAndMeansAreFollowed) {
  NetworkProblem problem = D8Layers({3}, Activation::kTanh);
  problem.loss = Loss::kLogistic;
  problem.weights = PerClass(problem.train, 10, 1);
  problem.normalization = Normalization::kNone;
  problem.weight_schedule = AnnealedWeights{.from = 2000, .until = 15'000};
  problem.batches = {.size = 8, .reduction = Reduction::kWeightedMean};
  problem.rate = {.initial = 0.05,
                  .warm_up_steps = 1000,
                  .schedule = PowerRate{.exponent = 0.25}};
  EXPECT_TRUE(ExpectAlike(problem, 30'000));
  problem.weight_schedule = DeferredWeights{.from = 5000};
  problem.rate.schedule = CosineRate{};
  EXPECT_TRUE(ExpectAlike(problem, 30'000));
}

// Margins that come to where the loss's slope jumps, or its derivative.
TEST(NetworkFarTest, KinksOfTheLossAreComeToByRealSteps) {
  for (const Loss::Kind kind : {Loss::kPolynomial, Loss::kSquaredHinge}) {
    NetworkProblem problem = D8Layers({3}, Activation::kTanh);
    problem.loss = kind;
    problem.rate.initial = 0.005;
    problem.penalty.strength = 0.01;
    EXPECT_TRUE(ExpectAlike(problem, 100'000)) << kind;
  }
}

TEST(NetworkFarTest, NeitherCutsNorResumesChangeABit) {
  NetworkProblem problem = D8Layers({4}, Activation::kTanh);
  problem.architecture.biases = Biases::kPerLayer;
  problem.leap = Leap{};
  problem.steps = 20'000;
  ExpectSameBits(problem, true);
  ExpectSameBits(Far(problem, 30, 3), false);
  problem.penalty.strength = 0.01;
  ExpectSameBits(problem, true);
  ExpectSameBits(Far(problem, 30, 3), false);
}

std::string ErrorOf(NetworkProblem problem) {
  return std::string(Trainer::Create(std::move(problem)).status().message());
}

TEST(NetworkFarTest, NetworksThatCanNotLeapAreRefused) {
  const NetworkProblem sound = Far(D8Layers({3}, Activation::kTanh), 100);
  EXPECT_EQ(ErrorOf(sound), "");
  NetworkProblem problem = sound;
  problem.architecture.activation = Activation::kRelu;
  EXPECT_EQ(ErrorOf(problem),
            "architecture.activation: want one without a kink with a leap, got "
            "relu");
  problem.architecture.hidden.clear();
  problem.initial = ZeroInitial{};
  EXPECT_EQ(ErrorOf(problem), "");
  problem = sound;
  problem.initial = ZeroInitial{};
  EXPECT_THAT(ErrorOf(problem), HasSubstr("tells hidden units apart"));
  problem = sound;
  problem.batches.size = 4;
  EXPECT_EQ(ErrorOf(problem),
            "batches.size: want 0, or all of the 8 rows, with a leap, got 4");
  problem = sound;
  problem.rule = MomentumRule{};
  EXPECT_THAT(ErrorOf(problem), HasSubstr("plain descent with a leap"));
  problem = sound;
  problem.precision = Precision::kSingle;
  EXPECT_THAT(ErrorOf(problem), HasSubstr("double with a leap"));
  problem = sound;
  problem.loss = Loss::kHinge;
  EXPECT_THAT(ErrorOf(problem), HasSubstr("no hinge with a leap"));
  problem = sound;
  problem.weight_decay = 0.1;
  EXPECT_THAT(ErrorOf(problem), HasSubstr("weight_decay: want 0 with a leap"));
  problem = sound;
  problem.penalty = {.kind = Penalty::kAbsolute, .strength = 0.1};
  EXPECT_THAT(ErrorOf(problem), HasSubstr("no sum of sizes with a leap"));
  problem = sound;
  problem.rate.schedule = CosineRate{};
  EXPECT_THAT(ErrorOf(problem), HasSubstr("needs no last step"));
  problem = sound;
  problem.leap.reset();
  EXPECT_THAT(ErrorOf(problem), HasSubstr("log10_steps"));
}

TEST(NetworkFarTest, APlateauThatEndsIsNotLeaptOver) {
  // From theta = 1024 on steps of 2^-8, which do not round, come to 0 after
  // 262,144: until then no difference tells that the slope will change.
  NetworkProblem problem;
  problem.train = MakeRows({{1}, {1}}, {-1, 1});
  problem.architecture.biases = Biases::kNone;
  problem.loss = Loss::kLogistic;
  problem.rate.initial = 0x1p-7;
  problem.rule = PlainRule{};
  problem.precision = Precision::kDouble;
  problem.initial = GivenInitial{{1024}};
  problem.steps = 262'144;
  problem.schedule = EverySchedule{.steps = problem.steps};
  NetworkProblem leaps = problem;
  leaps.leap = Leap{};
  const std::unique_ptr<Trainer> real = MakeTrainer(problem);
  const std::unique_ptr<Trainer> far = MakeTrainer(leaps);
  const Values wanted = ByName(*real, RunToEnd(*real).back());
  const Values got = ByName(*far, RunToEnd(*far).back());
  // theta is about 1 by then: 1e-10 of 1024 over ln t.
  EXPECT_NEAR(got.at("parameters/0"), wanted.at("parameters/0"), 1e-8);
  EXPECT_LT(got.at("leap/real_steps"), 10'000);
}

}  // namespace
}  // namespace steelyard::training
