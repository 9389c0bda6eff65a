#include "training/scaled_descent.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/training/problems.h"
#include "training/learning_rate.h"
#include "training/penalty.h"

namespace steelyard::training {
namespace {

LinearProblem Scaled(LinearProblem problem, StepScale scale, double rate) {
  problem.scale = scale;
  problem.learning_rate = rate;
  return problem;
}

std::vector<double> Parameters(const Trainer& trainer) {
  std::vector<double> theta(static_cast<size_t>(trainer.parameters()));
  trainer.ReadParameters(0, theta);
  return theta;
}

double NormOf(const std::vector<double>& theta) {
  return steelyard::training::NormOf(std::ssize(theta), theta.data());
}

// P4: theta + sum_i q_i z_i, q_i prop. to w_i exp(-m_i).
TEST(ScaledDescentTest, StepsOfTheLossAreP4sOnToyA) {
  const std::vector<double> w = {20. / 11, 2. / 11};
  LinearProblem problem = Scaled(ToyA(w), StepScale::kLoss, 1);
  problem.steps = 200;
  problem.schedule = EverySchedule{.steps = 1};
  const auto run = Measure(problem);
  double a = 0;
  double b = 0;
  for (int64_t t = 0; t <= 200; ++t) {
    EXPECT_NEAR(run.at(t).at("parameters/0"), a, 1e-12 * static_cast<double>(t))
        << t;
    EXPECT_NEAR(run.at(t).at("parameters/1"), b, 1e-12 * static_cast<double>(t))
        << t;
    const double q = 1 / (1 + w[1] / w[0] * std::exp(a - 2 * b));
    a += q;
    b += 2 * (1 - q);
  }
}

// In 10^4 steps the loss is e^-8,000 on toy A, whose gamma* is 2 / sqrt 5.
TEST(ScaledDescentTest, ReachesLossesThatAreNoDoubles) {
  for (const Loss& loss : {Loss(Loss::kExponential), Loss(Loss::kLogistic)}) {
    LinearProblem problem = Scaled(ToyA(), StepScale::kLoss, 1);
    problem.loss = loss;
    problem.steps = 10'000;
    const auto end = Measure(problem).at(10'000);
    EXPECT_NEAR(end.at("train/log_loss"), -8'000, 10);
    EXPECT_EQ(end.at("train/loss"), 0);
    EXPECT_LT(end.at("direction/gap"), 1e-3);
    EXPECT_NEAR(end.at("margin/ratio"), 1, 1e-3);
  }
}

TEST(ScaledDescentTest, StepsOfTheGradientHaveTheRateAsLength) {
  for (const Loss& loss : LossesOfMargins()) {
    LinearProblem problem = Scaled(D8(), StepScale::kGradientNorm, 0.25);
    problem.loss = loss;
    problem.rate_schedule = PowerRate{.exponent = 0.5};
    problem.steps = 3;
    const auto trainer = MakeTrainer(problem);
    std::vector<double> before = Parameters(*trainer);
    for (int64_t t = 0; t < 3; ++t) {
      while (trainer->step() == t) {
        ASSERT_THAT(trainer->Advance(1), IsOk());
      }
      std::vector<double> after = Parameters(*trainer);
      std::vector<double> step = after;
      for (size_t j = 0; j < step.size(); ++j) step[j] -= before[j];
      EXPECT_NEAR(NormOf(step), 0.25 / std::sqrt(static_cast<double>(t + 1)),
                  1e-14)
          << loss.kind;
      before = after;
    }
  }
}

// A first step that is far too long is taken back until the loss falls.
TEST(ScaledDescentTest, AdaptiveStepsLowerTheLossEachTime) {
  for (const double rate : {0.1, 1e6}) {
    LinearProblem problem = Scaled(D8(), StepScale::kAdaptive, rate);
    problem.train.features[0] = -0.3;  // along the way a step can be too long
    problem.steps = 300;
    problem.schedule = EverySchedule{.steps = 1};
    double last = std::numeric_limits<double>::infinity();
    for (const auto& [step, values] : Measure(problem)) {
      EXPECT_LT(values.at("train/log_loss"), last) << step;
      last = values.at("train/log_loss");
    }
    EXPECT_LT(last, -10);
  }
}

TEST(ScaledDescentTest, GoesOnFromItsStateWithTheSameBits) {
  for (const StepScale scale :
       {StepScale::kLoss, StepScale::kGradientNorm, StepScale::kAdaptive}) {
    LinearProblem problem = Scaled(D8(), scale, 0.5);
    problem.steps = 100;
    const auto whole = MakeTrainer(problem);
    RunToEnd(*whole);
    for (const int64_t cut : {0, 1, 37, 99}) {
      const auto first = MakeTrainer(problem);
      while (first->step() < cut) {
        ASSERT_THAT(first->Advance(cut - first->step()), IsOk());
      }
      const auto second = MakeTrainer(problem);
      ASSERT_THAT(second->RestoreState(first->SaveState()), IsOk());
      RunToEnd(*second);
      EXPECT_EQ(second->SaveState(), whole->SaveState()) << cut;
    }
  }
}

TEST(ScaledDescentTest, NoScaleIsAnError) {
  LinearProblem problem = Scaled(ToyA(), StepScale::kLoss, 10);
  problem.loss = Loss::kHinge;  // 0 after the first step
  const auto trainer = MakeTrainer(problem);
  absl::Status status;
  while (status.ok() && !trainer->done()) {
    status = trainer->Advance(100).status();
  }
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kOutOfRange,
                               "step 2: log_loss: want a "
                               "finite value to scale"));
}

TEST(ScaledDescentTest, BadProblemsAreNamed) {
  LinearProblem problem = Scaled(ToyA(), StepScale::kLoss, 1);
  problem.penalty.strength = 1;
  EXPECT_THAT(Trainer::Create(problem),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "penalty.strength: want 0 where"));
  problem = ToyA();
  problem.rate_schedule = PowerRate{.exponent = -1};
  EXPECT_THAT(Trainer::Create(problem),
              StatusIs(absl::StatusCode::kInvalidArgument, "rate.exponent"));
  problem = ToyA();
  problem.penalty = {.kind = Penalty::kPower, .strength = 1, .exponent = 0.5};
  EXPECT_THAT(Trainer::Create(problem),
              StatusIs(absl::StatusCode::kInvalidArgument, "penalty.exponent"));
}

TEST(LearningRateTest, PowersFall) {
  const LearningRate rate = {.initial = 3,
                             .schedule = PowerRate{.exponent = 2}};
  EXPECT_EQ(RateAt(rate, 0, 10), 3);
  EXPECT_DOUBLE_EQ(RateAt(rate, 4, 10), 3. / 25);
}

// On one row z = (1, 0) a step is the gradient of loss and penalty.
TEST(PenaltyTest, StepsAreGradients) {
  for (const Penalty& penalty :
       {Penalty{.kind = Penalty::kSquare, .strength = 0.3},
        Penalty{.kind = Penalty::kAbsolute, .strength = 0.3},
        Penalty{.kind = Penalty::kPower, .strength = 0.3, .exponent = 3},
        Penalty{.kind = Penalty::kPower, .strength = 0.3, .exponent = 1}}) {
    const std::vector<double> theta = {0.5, -1.25, 0.75};
    std::vector<double> gradient(3, 0.0);
    AddPenalty(penalty, 3, theta.data(), gradient.data());
    for (size_t j = 0; j < 3; ++j) {
      constexpr double kStep = 1e-6;
      std::vector<double> up = theta;
      std::vector<double> down = theta;
      up[j] += kStep;
      down[j] -= kStep;
      const double slope = (PenaltyAt(penalty, NormOf(up), 3, up.data()) -
                            PenaltyAt(penalty, NormOf(down), 3, down.data())) /
                           (2 * kStep);
      EXPECT_NEAR(gradient[j], slope, 1e-8) << penalty.kind;
    }
    const std::vector<double> zero(3, 0.0);
    std::vector<double> none(3, 0.0);
    AddPenalty(penalty, 3, zero.data(), none.data());
    EXPECT_EQ(none, zero);
  }
}

// Lasso: of x = (1, 0.1) the second is below its threshold and stays 0.
TEST(PenaltyTest, AbsoluteOneLeavesWeakFeaturesNearZero) {
  LinearProblem problem;
  problem.train = MakeRows({{1, 0.1}, {-1, -0.1}}, {1, -1});
  problem.bias = false;
  problem.loss = Loss::kLogistic;
  problem.penalty = {.kind = Penalty::kAbsolute, .strength = 0.1};
  problem.learning_rate = 0.01;
  problem.steps = 20'000;
  const auto end = Measure(problem).at(20'000);
  // 1 / (1 + e^theta) = 0.1 but for what the second adds to the margin.
  EXPECT_NEAR(end.at("parameters/0"), std::log(9.0), 0.01);
  EXPECT_NEAR(end.at("parameters/1"), 0, 0.002);
  EXPECT_NEAR(end.at("train/objective"),
              end.at("train/loss") + 0.1 * (std::fabs(end.at("parameters/0")) +
                                            std::fabs(end.at("parameters/1"))),
              1e-15);
}

}  // namespace
}  // namespace steelyard::training
