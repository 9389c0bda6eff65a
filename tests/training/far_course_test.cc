#include <gmock/gmock.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/training/far_problems.h"
#include "tests/training/problems.h"

// Leaps where rates, weights, penalties and losses are others than those of
// far_time_test.cc.
namespace steelyard::training {
namespace {

// A change of a random problem, drawn with `random`.
struct Change {
  std::string name;
  std::function<void(LinearProblem&, std::mt19937_64&)> apply;
};

void PrintTo(const Change& change, std::ostream* to) { *to << change.name; }

double Draw(double low, double high, std::mt19937_64& random) {
  return std::exp(
      std::uniform_real_distribution<>(std::log(low), std::log(high))(random));
}

std::vector<Change> Changes() {
  return {
      {"power_rate",
       [](LinearProblem& problem, std::mt19937_64& random) {
         problem.rate_schedule = PowerRate{.exponent = Draw(.1, 1.5, random)};
       }},
      {"step_rate",
       [](LinearProblem& problem, std::mt19937_64& /*random*/) {
         problem.rate_schedule =
             StepRate{.at = {1000, 1001, 20'000, 50'000}, .factor = 0.3};
       }},
      {"cosine_rate",
       [](LinearProblem& problem, std::mt19937_64& /*random*/) {
         problem.rate_schedule = CosineRate{};
       }},
      {"warm_up",
       [](LinearProblem& problem, std::mt19937_64& /*random*/) {
         problem.warm_up_steps = 5000;
       }},
      {"deferred",
       [](LinearProblem& problem, std::mt19937_64& /*random*/) {
         problem.weight_schedule = DeferredWeights{.from = 7777};
       }},
      {"annealed",
       [](LinearProblem& problem, std::mt19937_64& /*random*/) {
         problem.weight_schedule =
             AnnealedWeights{.from = 2000, .until = 30'000};
       }},
      {"square",
       [](LinearProblem& problem, std::mt19937_64& random) {
         problem.penalty.strength = Draw(1e-8, 1e-2, random);
       }},
      {"power",
       [](LinearProblem& problem, std::mt19937_64& random) {
         problem.penalty = {.kind = Penalty::kPower,
                            .strength = Draw(1e-8, 1e-4, random),
                            .exponent = 3};
       }},
      {"focal",
       [](LinearProblem& problem, std::mt19937_64& /*random*/) {
         problem.loss = Loss::kFocal;
         problem.learning_rate /= 4;
       }},
      {"squared_hinge",
       [](LinearProblem& problem, std::mt19937_64& /*random*/) {
         problem.loss = Loss::kSquaredHinge;
         problem.learning_rate /= 4;
       }},
      {"class_margins",
       [](LinearProblem& problem, std::mt19937_64& random) {
         problem.loss = Loss::kLogistic;
         problem.loss.margins = {.scales = {1, Draw(.5, 2, random)},
                                 .offsets = {0, Draw(.1, 1, random), -.3, 0},
                                 .factors = {Draw(.5, 2, random), 1}};
         problem.learning_rate /= 8;
       }},
  };
}

class FarCourseTest : public testing::TestWithParam<Change> {};

TEST_P(FarCourseTest, LeapsLieOverRealSteps) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  int leapt = 0;
  for (int k = 0; k < 6; ++k) {
    LinearProblem problem = RandomProblem(k % 3, k % 2 == 0, 1000, random);
    GetParam().apply(problem, random);
    leapt += ExpectAlike(problem, 100'000) ? 1 : 0;
  }
  std::cout << leapt << " of 6 leapt\n";
  EXPECT_GE(leapt, 3);
}

INSTANTIATE_TEST_SUITE_P(All, FarCourseTest, testing::ValuesIn(Changes()),
                         [](const auto& param) { return param.param.name; });

// W(x) e^W(x) = x, for x > 0.
double LambertW(double x) {
  double w = std::log1p(x);
  for (int k = 0; k < 50; ++k) {
    w -= (w - x * std::exp(-w)) / (1 + x * std::exp(-w));
  }
  return w;
}

TEST(FarCourseTest, APenaltyEndsAtItsFixedPoint) {
  for (const double lambda : {1e-2, 1e-5, 1e-9}) {
    LinearProblem problem = ToyA({1, 1});
    problem.penalty.strength = lambda;
    const std::map<double, Values> got = MeasureFar(Far(problem, 1000));
    const Values& end = got.at(1000);
    const double first = LambertW(1 / (4 * lambda));
    const double second = LambertW(1 / lambda) / 2;
    EXPECT_NEAR(end.at("parameters/0") / first, 1, 1e-14) << lambda;
    EXPECT_NEAR(end.at("parameters/1") / second, 1, 1e-14) << lambda;
    EXPECT_EQ(end.at("leap/settled_dimensions"), 2) << lambda;
    EXPECT_EQ(got.at(1).at("leap/settled_dimensions"), 0) << lambda;
    EXPECT_LE(end.at("leap/error_estimate"), 1e-10) << lambda;
  }
}

TEST(FarCourseTest, TheRestOfP6Settles) {
  for (const bool logistic : {false, true}) {
    LinearProblem problem = ToyA({1, 10, 1});
    problem.train = MakeRows({{1, 0}, {0, 1}, {0, -1}}, {1, 1, 1});
    problem.loss = logistic ? Loss::kLogistic : Loss::kExponential;
    const std::map<double, Values> got = MeasureFar(Far(problem, 1000));
    EXPECT_PRINTED(got.at(20).at("parameters/0"), 41.264210, 6);
    for (const double place : {20., 1000.}) {
      const Values& values = got.at(place);
      EXPECT_NEAR(values.at("parameters/1"),
                  logistic ? std::log(10) : std::log(10) / 2, 1e-13);
      EXPECT_EQ(values.at("leap/settled_dimensions"), 1);
    }
    EXPECT_NEAR(got.at(1000).at("parameters/0"),
                std::log(.1 * .25 / 3) + 1000 * std::log(10), 1e-8);
    EXPECT_LE(got.at(1000).at("leap/error_estimate"), 1e-10);
  }
}

TEST(FarCourseTest, WhatHasSettledStaysWhateverTheOthersPull) {
  LinearProblem problem = ToyA({1, 10, 1});
  problem.train = MakeRows({{1, .5}, {0, 1}, {0, -1}}, {1, 1, 1});
  for (const auto& [place, values] : MeasureFar(Far(problem, 1000))) {
    if (place < 20) continue;
    EXPECT_NEAR(values.at("parameters/1"), std::log(10) / 2, 1e-13) << place;
    EXPECT_NEAR(
        values.at("parameters/0"),
        std::log(.1 * .25 / 3) + place * std::log(10) - .25 * std::log(10),
        1e-8)
        << place;
  }
}

TEST(FarCourseTest, ARowOfZerosPullsNowhere) {
  LinearProblem problem = ToyA({1, 1, 1});
  problem.train = MakeRows({{1, 0}, {0, 2}, {0, 0}}, {1, 1, 1});
  const std::map<double, Values> got = MeasureFar(Far(problem, 1000));
  EXPECT_NEAR(got.at(1000).at("parameters/0"),
              1000 * std::log(10) + std::log(.1 / 3), 1e-8);
}

TEST(FarCourseTest, WeightsThatSetInForEverAreWholeInTheEnd) {
  constexpr int64_t kNever = INT64_MAX;
  LinearProblem annealed = D8(PerClass(D8().train, 10, 1));
  annealed.weight_schedule = AnnealedWeights{.from = 0, .until = kNever};
  LinearProblem weighted = D8(PerClass(D8().train, 10, 1));
  EXPECT_NEAR(MeasureFar(Far(annealed, 1000)).at(1000).at("direction/gap"),
              MeasureFar(Far(weighted, 1000)).at(1000).at("direction/gap"),
              1e-12);
}

TEST(FarCourseTest, WhatHasAMinimumEndsThere) {
  LinearProblem overlap;
  overlap.train = MakeRows({{1, 0}, {-.5, 1}, {-.5, -1}, {1, 1}}, {1, 1, 1, 1});
  overlap.loss = Loss::kLogistic;
  overlap.bias = false;
  overlap.learning_rate = .3;
  LinearProblem hinge = ToyA({1, 3});
  hinge.loss = Loss::kSquaredHinge;
  for (const LinearProblem& problem : {overlap, hinge}) {
    const std::map<double, Values> far = MeasureFar(Far(problem, 1000));
    LinearProblem real = problem;
    real.steps = 10'000;
    real.schedule = LogSchedule{.points_per_decade = 1};
    const Values steps = Measure(real).at(10'000);
    const Values& end = far.at(1000);
    EXPECT_EQ(end.at("leap/settled_dimensions"), 2);
    EXPECT_NEAR(end.at("parameters/0"), steps.at("parameters/0"), 1e-13);
    EXPECT_NEAR(end.at("parameters/1"), steps.at("parameters/1"), 1e-13);
    EXPECT_LT(end.at("leap/real_steps"), 10'000);
  }
}

TEST(FarCourseTest, WhatCanNotBeSteppedToFailsWithPlaceAndReason) {
  // Steps twice as long as the stable one, 10.07, swing for ever.
  LinearProblem problem;
  problem.train = MakeRows({{1}, {1}, {1}, {-.5}}, {1, 1, -1, 1});
  problem.loss = Loss::kLogistic;
  problem.bias = false;
  problem.learning_rate = 20.14;
  const std::unique_ptr<Trainer> trainer = MakeTrainer(Far(problem, 30));
  absl::Status failure;
  while (failure.ok() && !trainer->done()) {
    failure = trainer->Advance(1'000'000'000).status();
  }
  EXPECT_THAT(failure, StatusIs(absl::StatusCode::kOutOfRange,
                                "after 10000000 steps the difference series "
                                "does not converge"));
  // That of the last evaluation.
  EXPECT_EQ(trainer->step(), 10'000'000);
}

// Compares leaps with real steps until the estimate says that nothing is known.
void ExpectAlikeUntilDoubted(LinearProblem problem) {
  const std::map<int64_t, Values> real = Measure(problem);
  problem.leap = Leap{};
  for (const auto& [step, values] : Measure(problem)) {
    const double estimate = values.at("leap/error_estimate");
    if (estimate >= 1) return;
    const Values& wanted = real.at(step);
    EXPECT_NEAR(values.at("parameters/0"), wanted.at("parameters/0"),
                10 * estimate * wanted.at("parameters/norm") + 1e-14)
        << step;
  }
}

// A scale of 30 turns small moves into large ones, now and then: such a run
// parts from any that rounds otherwise.
TEST(FarCourseTest, WhatIsThrownAboutIsNotTrusted) {
  LinearProblem problem;
  problem.train =
      MakeRows({{-.0015}, {.0016}, {-.003}, {-.0012}}, {-1, 1, -1, -1});
  problem.weights = {3, .5, .6, 60};
  problem.loss = Loss::kLogistic;
  problem.loss.margins = {
      .scales = {30, 30}, .offsets = {0, 11, 15, 0}, .factors = {}};
  problem.learning_rate = 2;
  problem.steps = 10'000;
  problem.schedule = LogSchedule{.points_per_decade = 4};
  ExpectAlikeUntilDoubted(problem);
}

// Steps come to be twice as long as stable ones.
TEST(FarCourseTest, AWarmUpPastTheStableStepIsNotLeaptOver) {
  for (const double size : {.3, .1, .03, .01, .003}) {
    LinearProblem problem;
    problem.train =
        MakeRows({{1, size}, {1, -size}, {1, .5 * size}, {-.5, 2 * size}},
                 {1, 1, -1, 1});
    problem.loss = Loss::kLogistic;
    problem.bias = false;
    problem.learning_rate = 20.14;
    problem.warm_up_steps = 100'000;
    problem.steps = 200'000;
    problem.schedule = LogSchedule{.points_per_decade = 10};
    ExpectAlikeUntilDoubted(problem);
  }
}

// theta grows as t^(1 / 3): from 10^465 or so on no length of it is a double.
TEST(FarCourseTest, ParametersThatAreTooLargeFailWithThatReason) {
  LinearProblem problem = D8();
  problem.loss = Loss::kPolynomial;
  const std::unique_ptr<Trainer> trainer = MakeTrainer(Far(problem, 1000));
  absl::Status failure;
  while (failure.ok() && !trainer->done()) {
    failure = trainer->Advance(Trainer::kFarStep).status();
  }
  EXPECT_THAT(failure, StatusIs(absl::StatusCode::kOutOfRange,
                                "the squares of the parameters overflow"));
}

TEST(FarCourseTest, AnEarlierStateIsTakenUpWhereMoreHasSettled) {
  LinearProblem problem = ToyA({1, 10, 1});
  problem.train = MakeRows({{1, 0}, {0, 1}, {0, -1}}, {1, 1, 1});
  problem = Far(problem, 100);
  const std::unique_ptr<Trainer> trainer = MakeTrainer(problem);
  for (int k = 0; k < 5; ++k) EXPECT_THAT(trainer->Advance(1000), IsOk());
  const std::string early = trainer->SaveState();
  const auto settled = [&trainer] {
    const std::vector<Evaluation> rest = RunToEnd(*trainer);
    return ByName(*trainer, rest.back());
  };
  const Values first = settled();
  EXPECT_EQ(first.at("leap/settled_dimensions"), 1);
  EXPECT_THAT(trainer->RestoreState(early), IsOk());
  EXPECT_EQ(trainer->SaveState(), early);
  EXPECT_EQ(settled(), first);
}

TEST(FarCourseTest, NeitherCutsNorResumesChangeABit) {
  LinearProblem breaks = D8(PerClass(D8().train, 10, 1));
  breaks.rate_schedule = StepRate{.at = {777, 5000}, .factor = 0.5};
  breaks.weight_schedule = AnnealedWeights{.from = 1500, .until = 9000};
  LinearProblem kinks = D8(PerClass(D8().train, 10, 1));
  kinks.loss = Loss::kPolynomial;
  kinks.loss.beta = 3;
  LinearProblem settles = ToyA({1, 10, 1});
  settles.train = MakeRows({{1, 0}, {0, 1}, {0, -1}}, {1, 1, 1});
  LinearProblem penalty = D8();
  penalty.penalty.strength = 0.02;
  for (LinearProblem problem : {breaks, kinks, settles, penalty}) {
    ExpectSameBits(Far(problem, 30, 3), false);
    problem.leap = Leap{};
    problem.steps = 20'000;
    problem.schedule = LogSchedule{.points_per_decade = 1};
    ExpectSameBits(problem, true);
  }
}

}  // namespace
}  // namespace steelyard::training
