#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "tests/training/problems.h"

// Weights that are trained with the model (C6, P11 of docs/science.md).
namespace steelyard::training {
namespace {

LinearProblem Learned(LinearProblem problem, LearnedWeights learned) {
  problem.learned = learned;
  return problem;
}

std::vector<double> WeightsOf(const Trainer& trainer) {
  std::vector<double> weights(static_cast<size_t>(trainer.held_rows()[0].rows));
  trainer.ReadWeights(0, weights);
  return weights;
}

// Written out again, step by step, on rows without bias.
TEST(LearnedWeightsTest, TakeTheirStepsFromTheSameState) {
  for (const Normalization normalization :
       {Normalization::kNone, Normalization::kMeanOne,
        Normalization::kSumOne}) {
    for (const bool maximize : {false, true}) {
      LinearProblem problem = Learned(
          ToyA(), {.bound = 3, .learning_rate = 0.5, .maximize = maximize});
      problem.normalization = normalization;
      problem.steps = 60;
      const std::unique_ptr<Trainer> trainer = MakeTrainer(problem);
      double theta[2] = {0, 0};
      double w[2] = {1, 1};
      for (int step = 0; step < 60; ++step) {
        const double sum = w[0] + w[1];
        const double divisor = normalization == Normalization::kNone ? 1
                               : normalization == Normalization::kMeanOne
                                   ? sum / 2
                                   : sum;
        const double l[2] = {std::exp(-theta[0]), std::exp(-2 * theta[1])};
        const double mean = normalization == Normalization::kNone
                                ? 0
                                : (w[0] * l[0] + w[1] * l[1]) / sum;
        theta[0] += 0.1 * w[0] / divisor / 2 * l[0];
        theta[1] += 0.1 * w[1] / divisor / 2 * l[1] * 2;
        for (int i = 0; i < 2; ++i) {
          const double slope = (l[i] - mean) / (2 * divisor);
          w[i] =
              std::clamp(w[i] + (maximize ? 0.5 : -0.5) * slope, 1. / 3, 3.0);
        }
      }
      const Values last = ByName(*trainer, RunToEnd(*trainer).back());
      EXPECT_NEAR(last.at("parameters/0"), theta[0], 1e-13);
      EXPECT_NEAR(last.at("parameters/1"), theta[1], 1e-13);
      const double sum = w[0] + w[1];
      const double divisor = normalization == Normalization::kNone ? 1
                             : normalization == Normalization::kMeanOne
                                 ? sum / 2
                                 : sum;
      EXPECT_NEAR(WeightsOf(*trainer)[0], w[0] / divisor, 1e-13);
      EXPECT_NEAR(last.at("weights/effective_sample_size"),
                  sum * sum / (w[0] * w[0] + w[1] * w[1]), 1e-12);
      // The loss is that of the weights as they stand.
      EXPECT_NEAR(
          last.at("train/loss"),
          (w[0] * std::exp(-theta[0]) + w[1] * std::exp(-2 * theta[1])) /
              divisor / 2,
          1e-13);
    }
  }
}

// A linear objective over a box has its least value at a bound: each weight
// goes to the same one, losses being above 0.
TEST(LearnedWeightsTest, GoToABoundOfTheBox) {
  for (const bool maximize : {false, true}) {
    LinearProblem problem =
        Learned(D8(), {.bound = 4, .learning_rate = 1e4, .maximize = maximize});
    problem.normalization = Normalization::kNone;
    problem.learning_rate = 1e-3;
    problem.steps = 50;
    const std::unique_ptr<Trainer> trainer = MakeTrainer(problem);
    RunToEnd(*trainer);
    for (const double w : WeightsOf(*trainer)) {
      EXPECT_EQ(w, maximize ? 4 : 0.25);
    }
  }
}

// P11: weights that stand still at last leave P2 with those weights, and a gap
// that tends to that of a run which had them from the start; and C6: the
// direction is the one of the largest margin whatever they do.
TEST(LearnedWeightsTest, LeaveTheDirectionAlone) {
  for (const bool maximize : {false, true}) {
    LinearProblem problem =
        Learned(D8(), {.bound = 10, .learning_rate = 50, .maximize = maximize});
    problem.steps = 1'000'000;
    problem.schedule = LogSchedule{.points_per_decade = 1};
    const std::unique_ptr<Trainer> trainer = MakeTrainer(problem);
    std::map<int64_t, Values> run;
    for (const Evaluation& evaluation : RunToEnd(*trainer)) {
      run[evaluation.step] = ByName(*trainer, evaluation);
    }
    LinearProblem fixed = D8(WeightsOf(*trainer));
    fixed.steps = problem.steps;
    fixed.schedule = problem.schedule;
    const auto with = Measure(fixed);
    const auto apart = [&](int64_t step) {
      return std::fabs(run.at(step).at("direction/gap") /
                           with.at(step).at("direction/gap") -
                       1);
    };
    EXPECT_LT(run.at(1'000'000).at("direction/gap"),
              0.5 * run.at(1'000).at("direction/gap"));
    // What the first steps leave behind is 1 / ln t of the gap: a half from 1e3
    // to 1e6.
    EXPECT_LT(apart(1'000'000), 0.55 * apart(1'000)) << maximize;
    EXPECT_LT(apart(1'000'000), 0.05) << maximize;
    const double predicted = with.at(1'000'000).at("direction/predicted_gap");
    EXPECT_NEAR(run.at(1'000'000).at("direction/predicted_gap"), predicted,
                1e-12 * predicted);
  }
}

TEST(LearnedWeightsTest, GoOnFromACheckpointWithTheSameBits) {
  for (const StepScale scale : {StepScale::kNone, StepScale::kLoss}) {
    LinearProblem problem =
        Learned(D8(), {.bound = 10, .learning_rate = 5, .maximize = true});
    problem.scale = scale;
    problem.steps = 300;
    const std::unique_ptr<Trainer> whole = MakeTrainer(problem);
    const std::vector<Evaluation> all = RunToEnd(*whole);
    for (const int64_t cut : {0, 1, 7, 100, 299}) {
      const std::unique_ptr<Trainer> first = MakeTrainer(problem);
      while (first->step() < cut) ASSERT_THAT(first->Advance(1), IsOk());
      const std::unique_ptr<Trainer> second = MakeTrainer(problem);
      ASSERT_THAT(second->RestoreState(first->SaveState()), IsOk());
      const Evaluation last = RunToEnd(*second).back();
      ASSERT_EQ(last.values.size(), all.back().values.size());
      for (size_t k = 0; k < last.values.size(); ++k) {
        EXPECT_EQ(last.values[k].value, all.back().values[k].value) << cut;
      }
      EXPECT_EQ(WeightsOf(*second), WeightsOf(*whole)) << cut;
    }
  }
}

TEST(LearnedWeightsTest, AreCheckedBeforeTheyAreUsed) {
  const auto refused = [](auto change, const char* message) {
    LinearProblem problem =
        Learned(D8(), {.bound = 10, .learning_rate = 1, .maximize = false});
    change(problem);
    EXPECT_THAT(Trainer::Create(problem),
                StatusIs(absl::StatusCode::kInvalidArgument, message));
  };
  refused([](LinearProblem& p) { p.learned->bound = 1; },
          "learned.bound: want a value > 1 and at most 1e100, got 1");
  refused([](LinearProblem& p) { p.learned->learning_rate = 0; },
          "learned.learning_rate: want a finite value > 0, got 0");
  refused([](LinearProblem& p) { p.weights.assign(8, 1); },
          "weights: want none where they are learned");
  refused([](LinearProblem& p) { p.normalization = Normalization::kMinOne; },
          "normalization: want another");
  refused([](LinearProblem& p) { p.weight_schedule = DeferredWeights{3}; },
          "weight_schedule: want none");
}

}  // namespace
}  // namespace steelyard::training
