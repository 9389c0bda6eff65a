#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/status_matchers.h"
#include "tests/training/problems.h"
#include "training/trainer.h"

namespace steelyard::training {
namespace {

// The rows of the test set have the wrong labels: its loss only rises.
LinearProblem Rising() {
  LinearProblem problem;
  problem.train = RandomRows(40, 3, 1, 1);
  problem.tests.push_back({"test", problem.train});
  for (double& label : problem.tests[0].rows.labels) label = -label;
  problem.learning_rate = 0.1;
  problem.steps = 1000;
  problem.schedule = EverySchedule{10};
  return problem;
}

std::unique_ptr<Trainer> Make(LinearProblem problem, EarlyStopping early) {
  problem.early = std::move(early);
  auto trainer = Trainer::Create(std::move(problem));
  EXPECT_THAT(trainer, IsOk());
  return *std::move(trainer);
}

// The step of the last evaluation.
int64_t Finish(Trainer& trainer) {
  const std::vector<Evaluation> evaluations = RunToEnd(trainer);
  return evaluations.back().step;
}

TEST(EarlyStoppingTest, EndsWhenSoManyEvaluationsBroughtNothing) {
  const auto trainer = Make(Rising(), {"test/loss", 3, 0});
  EXPECT_EQ(Finish(*trainer), 30);
  EXPECT_TRUE(trainer->done());
  EXPECT_TRUE(trainer->stopped_early());
}

TEST(EarlyStoppingTest, GoesOnAsLongAsTheMetricFalls) {
  const auto trainer = Make(Rising(), {"train/loss", 1, 0});
  EXPECT_EQ(Finish(*trainer), 1000);
  EXPECT_FALSE(trainer->stopped_early());
}

// The least fall that counts is one below the least value, not below the last.
TEST(EarlyStoppingTest, AFallBelowTheDeltaDoesNotCount) {
  const auto whole = Make(Rising(), {"train/loss", 1, 0});
  double best = 0;
  int64_t wanted = 0;
  int waited = 0;
  for (const Evaluation& evaluation : RunToEnd(*whole)) {
    const double loss = ByName(*whole, evaluation).at("train/loss");
    if (evaluation.step == 0 || loss < best - 0.01) {
      best = loss;
      waited = 0;
    } else if (++waited == 4) {
      wanted = evaluation.step;
      break;
    }
  }
  ASSERT_GT(wanted, 50);
  EXPECT_EQ(Finish(*Make(Rising(), {"train/loss", 4, 0.01})), wanted);
}

TEST(EarlyStoppingTest, WhatWasWaitedForIsInTheState) {
  const auto first = Make(Rising(), {"test/loss", 3, 0});
  for (int k = 0; k < 3; ++k) ASSERT_THAT(first->Advance(1000), IsOk());
  const auto second = Make(Rising(), {"test/loss", 3, 0});
  ASSERT_THAT(second->RestoreState(first->SaveState()), IsOk());
  EXPECT_EQ(Finish(*second), 30);
  const auto third = Make(Rising(), {"test/loss", 3, 0});
  ASSERT_THAT(third->RestoreState(second->SaveState()), IsOk());
  EXPECT_TRUE(third->done());
  EXPECT_TRUE(third->stopped_early());
}

TEST(EarlyStoppingTest, RefusesAMetricThatThereIsNot) {
  LinearProblem problem = Rising();
  problem.early = {"tset/loss", 3, 0};
  EXPECT_THAT(Trainer::Create(problem),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "early.metric: want a metric that this problem has"));
}

}  // namespace
}  // namespace steelyard::training
