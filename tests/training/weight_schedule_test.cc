#include "training/weight_schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/training/problems.h"

namespace steelyard::training {
namespace {

TEST(WeightScheduleTest, StrengthsAreThoseOfTheFormula) {
  EXPECT_EQ(StrengthAt(AlwaysWeighted{}, 0), 1);
  const WeightSchedule deferred = DeferredWeights{.from = 3};
  EXPECT_EQ(StrengthAt(deferred, 2), 0);
  EXPECT_EQ(StrengthAt(deferred, 3), 1);
  const WeightSchedule annealed = AnnealedWeights{.from = 2, .until = 6};
  const double strengths[] = {0, 0, 0, .25, .5, .75, 1, 1};
  for (int64_t t = 0; t < 8; ++t) {
    EXPECT_EQ(StrengthAt(annealed, t), strengths[t]) << t;
    // Between changes nothing changes.
    for (const WeightSchedule& schedule : {deferred, annealed}) {
      const int64_t next = NextChange(schedule, t);
      for (int64_t s = t; s < std::min<int64_t>(next, 12); ++s) {
        EXPECT_EQ(StrengthAt(schedule, s), StrengthAt(schedule, t)) << t;
      }
    }
  }
  EXPECT_EQ(Blend(0.1, 0.7, 0), 0.1);
  EXPECT_EQ(Blend(0.1, 0.7, 1), 0.7);
}

constexpr Normalization kNormalizations[] = {
    Normalization::kNone, Normalization::kMeanOne, Normalization::kSumOne,
    Normalization::kMinOne};

std::vector<double> Parameters(const Trainer& trainer) {
  std::vector<double> theta(static_cast<size_t>(trainer.parameters()));
  trainer.ReadParameters(0, theta);
  return theta;
}

template <typename Problem>
std::vector<double> After(Problem problem, int64_t steps) {
  problem.steps = steps;
  problem.schedule = AtSchedule{.steps = {steps}};
  const auto trainer = *Trainer::Create(std::move(problem));
  RunToEnd(*trainer);
  return Parameters(*trainer);
}

NetworkProblem AsNetwork(const LinearProblem& linear) {
  NetworkProblem problem;
  problem.train = linear.train;
  problem.architecture.biases = Biases::kConstantInput;
  problem.loss = linear.loss;
  problem.weights = linear.weights;
  problem.normalization = linear.normalization;
  problem.weight_schedule = linear.weight_schedule;
  problem.rate.initial = linear.learning_rate;
  problem.initial = ZeroInitial{};
  problem.precision = Precision::kDouble;
  return problem;
}

// Before the weights begin, the bits are those of no weights; from there on
// those of a run with weights that starts there.
TEST(WeightScheduleTest, DeferredWeightsAreNoneBeforeAndAllAfter) {
  for (const Normalization normalization : kNormalizations) {
    LinearProblem even = D8();
    even.normalization = normalization;
    LinearProblem deferred = even;
    deferred.weights = PerClass(even.train, 10, 1);
    deferred.weight_schedule = DeferredWeights{.from = 500};
    EXPECT_EQ(After(deferred, 500), After(even, 500));
    EXPECT_NE(After(deferred, 501), After(even, 501));
    EXPECT_EQ(After(AsNetwork(deferred), 500), After(AsNetwork(even), 500));

    NetworkProblem rest = AsNetwork(deferred);
    rest.weight_schedule = {};
    rest.initial = GivenInitial{After(AsNetwork(deferred), 500)};
    EXPECT_EQ(After(rest, 200), After(AsNetwork(deferred), 700));
  }
}

TEST(WeightScheduleTest, AnnealedStepsAreThoseOfTheBlendedWeights) {
  LinearProblem annealed = D8();
  annealed.weights = PerClass(annealed.train, 4, 1);
  annealed.weight_schedule = AnnealedWeights{.from = 1, .until = 5};
  const std::vector<double> w = {1.6, .4};  // mean one
  std::vector<double> theta(3, 0.0);
  for (int64_t t = 0; t < 8; ++t) {
    const double s = StrengthAt(annealed.weight_schedule, t);
    std::vector<double> next = theta;
    for (size_t i = 0; i < 8; ++i) {
      const double y = annealed.train.labels[i];
      const double z[] = {y * annealed.train.features[2 * i],
                          y * annealed.train.features[2 * i + 1], y};
      const double m = z[0] * theta[0] + z[1] * theta[1] + z[2] * theta[2];
      const double weight = 1 + s * ((y > 0 ? w[0] : w[1]) - 1);
      for (size_t j = 0; j < 3; ++j) {
        next[j] += 0.1 * weight / 8 * std::exp(-m) * z[j];
      }
    }
    theta = next;
    const std::vector<double> linear = After(annealed, t + 1);
    const std::vector<double> network = After(AsNetwork(annealed), t + 1);
    for (size_t j = 0; j < 3; ++j) {
      EXPECT_NEAR(linear[j], theta[j], 1e-15) << t;
      EXPECT_NEAR(network[j], theta[j], 1e-15) << t;
    }
  }
}

TEST(WeightScheduleTest, ScaledStepsHaveThemToo) {
  LinearProblem deferred = D8();
  deferred.scale = StepScale::kLoss;
  LinearProblem even = deferred;
  deferred.weights = PerClass(deferred.train, 10, 1);
  deferred.weight_schedule = DeferredWeights{.from = 20};
  EXPECT_EQ(After(deferred, 20), After(even, 20));
  EXPECT_NE(After(deferred, 21), After(even, 21));
}

TEST(WeightScheduleTest, BadOnesAreNamed) {
  LinearProblem problem = D8();
  problem.weight_schedule = DeferredWeights{.from = -1};
  EXPECT_THAT(Trainer::Create(problem),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "weight_schedule.from: want at least 0, got -1"));
  problem.weight_schedule = AnnealedWeights{.from = 5, .until = 5};
  EXPECT_THAT(Trainer::Create(problem),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "weight_schedule.until: want a step after"));
  NetworkProblem network = AsNetwork(D8());
  network.rule = LbfgsRule{};
  network.weight_schedule = DeferredWeights{.from = 5};
  network.steps = 1;
  EXPECT_THAT(Trainer::Create(network),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "weight_schedule: want none with L-BFGS"));
}

}  // namespace
}  // namespace steelyard::training
