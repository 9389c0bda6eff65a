#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/training/far_problems.h"
#include "tests/training/problems.h"

// Runs that leap, against closed forms, the figures of docs/science.md and real
// steps.
namespace steelyard::training {
namespace {

using ::testing::HasSubstr;

// One coordinate of descent on c e^(-a x) from x = 0 with the rate eta.  Of u =
// e^(a x) / (eta c a^2) a step is u <- u e^(1/u), and
//   A(u) = u - ln(u) / 2 + 1 / (6 u) + 1 / (16 u^2) + 19 / (540 u^3) + O(u^-4)
// grows by 1 with it.
class Coordinate {
 public:
  Coordinate(double a, double c, double eta) : a_(a), scale_(eta * c * a * a) {
    long double u = 1 / scale_;
    for (int step = 0; step < kReal; ++step) u *= std::exp(1 / u);
    constant_ = A(u) - kReal;
  }

  // x after 10^log10_step > kReal steps.
  double At(double log10_step) const {
    const long double log_t = log10_step * std::log(10.0L);
    long double log_u = log_t;
    // Beyond, u is t to the last digit.
    for (int k = 0; k < 200 && log10_step < 300; ++k) {
      const long double u = std::exp(log_u);
      const long double t = std::exp(log_t);
      log_u = std::log(t + constant_ + u - A(u));
    }
    return static_cast<double>((log_u + std::log(scale_)) / a_);
  }

 private:
  static constexpr int kReal = 20'000;

  static long double A(long double u) {
    return u - std::log(u) / 2 + 1 / (6 * u) + 1 / (16 * u * u) +
           19 / (540 * u * u * u);
  }

  long double a_;
  long double scale_;
  long double constant_ = 0;
};

TEST(FarTimeTest, ToyAFollowsItsClosedForm) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  const auto draw = [&](double low, double high) {
    return std::exp(std::uniform_real_distribution<>(std::log(low),
                                                     std::log(high))(random));
  };
  for (int k = 0; k < 60; ++k) {
    LinearProblem problem = ToyA({draw(0.01, 100), draw(0.01, 100)});
    problem.normalization = Normalization::kNone;
    const double a = draw(0.3, 3);
    const double b = draw(0.3, 3);
    problem.train = MakeRows({{a, 0}, {0, b}}, {1, 1});
    problem.learning_rate = draw(0.001, 0.1);
    SCOPED_TRACE(testing::Message()
                 << "rows " << a << " " << b << ", weights "
                 << problem.weights[0] << " " << problem.weights[1]
                 << ", learning rate " << problem.learning_rate);
    const Coordinate x(a, problem.weights[0] / 2, problem.learning_rate);
    const Coordinate y(b, problem.weights[1] / 2, problem.learning_rate);
    for (const auto& [place, values] : MeasureFar(Far(problem, 1000))) {
      if (place < 5) continue;
      EXPECT_NEAR(values.at("parameters/0") / x.At(place), 1, 1e-8) << place;
      EXPECT_NEAR(values.at("parameters/1") / y.At(place), 1, 1e-8) << place;
    }
  }
}

struct Figures {
  std::vector<double> weights;
  std::map<double, double> gaps;       // by log10 of the step
  std::map<double, double> predicted;  // likewise
};

void ExpectGaps(const LinearProblem& problem, const Figures& figures) {
  const std::map<double, Values> got = MeasureFar(Far(problem, 1000));
  for (const auto& [place, gap] : figures.gaps) {
    EXPECT_PRINTED(got.at(place).at("direction/gap"), gap, 9);
  }
  for (const auto& [place, predicted] : figures.predicted) {
    EXPECT_PRINTED(got.at(place).at("direction/predicted_gap"), predicted, 9);
  }
  EXPECT_LE(got.at(1000).at("leap/error_estimate"), 1e-10);
  EXPECT_LT(got.at(1000).at("leap/real_steps"), 1000);
}

TEST(FarTimeTest, ToyAHasItsPrintedGaps) {
  for (const auto& [weights, gaps, none] :
       std::vector<Figures>{{{1, 1},
                             {{5, .062951375},
                              {7, .041356491},
                              {10, .027298590},
                              {20, .012795809},
                              {100, .002437006},
                              {1000, .000241109}},
                             {}},
                            {{20. / 11, 2. / 11},
                             {{5, .041001206},
                              {7, .027067774},
                              {10, .017925045},
                              {20, .008431146},
                              {100, .001609804},
                              {1000, .000159355}},
                             {}},
                            {{2. / 11, 20. / 11},
                             {{5, .192623270},
                              {7, .120725816},
                              {10, .077230135},
                              {20, .035041753},
                              {100, .006520352},
                              {1000, .000641929}},
                             {}}}) {
    ExpectGaps(ToyA(weights), {weights, gaps, none});
  }
}

TEST(FarTimeTest, ToyAHasItsPrintedParameters) {
  const Values end = MeasureFar(Far(ToyA({1, 1}), 1000)).at(1000);
  EXPECT_PRINTED(end.at("parameters/0"), 2299.58936072, 8);
  EXPECT_PRINTED(end.at("parameters/1"), 1150.48782754, 8);
}

std::vector<Figures> D8Figures() {
  const auto weights = [](double positive, double negative) {
    return PerClass(D8().train, positive, negative);
  };
  return {{weights(1, 1),
           {{7, .018034760},
            {10, .011230631},
            {20, .005144205},
            {100, .000967676},
            {1000, .000095490}},
           {{7, .017223743},
            {10, .011170684},
            {20, .005144188},
            {100, .000967676},
            {1000, .000095490}}},
          {weights(1, 10),
           {{7, .069444038},
            {10, .045478096},
            {20, .020939107},
            {100, .003933659},
            {1000, .000388056}},
           {{7, .070296668},
            {10, .045540297},
            {20, .020939125},
            {100, .003933659},
            {1000, .000388056}}},
          {weights(10, 1),
           {{7, .099384521},
            {10, .062106871},
            {20, .027770284},
            {100, .005122485},
            {1000, .000503423}},
           {{7, .098390548},
            {10, .062032680},
            {20, .027770262},
            {100, .005122485},
            {1000, .000503423}}}};
}

TEST(FarTimeTest, D8HasItsPrintedGaps) {
  for (const Figures& figures : D8Figures()) {
    ExpectGaps(D8(figures.weights), figures);
  }
}

TEST(FarTimeTest, TheLogisticLossEndsLikeTheExponential) {
  for (const Figures& figures : D8Figures()) {
    LinearProblem problem = D8(figures.weights);
    problem.loss = Loss::kLogistic;
    const std::map<double, Values> got = MeasureFar(Far(problem, 1000));
    for (const auto& [place, gap] : figures.gaps) {
      if (place < 10) continue;
      EXPECT_NEAR(got.at(place).at("direction/gap"), gap, 1e-8) << place;
      if (place < 20) continue;
      EXPECT_PRINTED(got.at(place).at("direction/gap"), gap, 9);
    }
  }
}

TEST(FarTimeTest, TheScaledGapComesToTheConstant) {
  const std::map<double, Values> got = MeasureFar(Far(D8(), 1000));
  EXPECT_PRINTED(got.at(7).at("direction/scaled_gap"), .2998, 4);
  EXPECT_PRINTED(got.at(1000).at("direction/scaled_gap"), .2268, 4);
  EXPECT_PRINTED(got.at(1000).at("theory/gap_constant"), .226469, 6);
  EXPECT_NEAR(got.at(1000).at("train/loss_slope"), -1, 1e-3);
}

TEST(FarTimeTest, PlacesAreThoseOfTheScheduleAndTheLast) {
  const std::unique_ptr<Trainer> trainer = MakeTrainer(Far(D8(), 20.75, 2));
  int64_t ordinal = 0;
  std::vector<double> far;
  for (const Evaluation& evaluation : RunToEnd(*trainer)) {
    EXPECT_EQ(evaluation.ordinal, ordinal++);
    if (evaluation.step == Trainer::kFarStep) {
      far.push_back(evaluation.log10_step);
    } else if (evaluation.step > 0) {
      EXPECT_EQ(evaluation.log10_step,
                std::log10(static_cast<double>(evaluation.step)));
    }
  }
  EXPECT_THAT(far, testing::ElementsAre(19, 19.5, 20, 20.5, 20.75));
  EXPECT_EQ(trainer->step(), Trainer::kFarStep);
}

TEST(FarTimeTest, LeapsLieOverRealSteps) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  int leaping = 0;
  for (int k = 0; k < 24; ++k) {
    leaping +=
        ExpectAlike(RandomProblem(k % 3, k % 4 < 3, 2000, random), 100'000);
  }
  std::cout << leaping << " of 24 leapt\n";
  EXPECT_GE(leaping, 12);
}

TEST(FarTimeTest, NeitherCutsNorResumesChangeABit) {
  LinearProblem problem = D8(PerClass(D8().train, 10, 1));
  problem.leap = Leap{};
  problem.steps = 20'000;
  ExpectSameBits(problem, true);
  ExpectSameBits(Far(problem, 30, 3), false);
}

// Leaps that are left and tried again, with both methods.
TEST(FarTimeTest, NorDoTheyWhereLeapsAreLeft) {
  std::mt19937_64 random(7);
  for (const int loss : {0, 2}) {
    LinearProblem problem = RandomProblem(loss, false, 400, random);
    problem.leap = Leap{};
    problem.steps = 20'000;
    ExpectSameBits(problem, true);
  }
}

TEST(FarTimeTest, StepsThatOscillateAreTakenForReal) {
  // Near its border the greatest stable step is 2 over the Hessian's largest
  // eigenvalue; overlapping classes, so that there is a fixed point.
  LinearProblem problem;
  problem.train = MakeRows({{1}, {1}, {1}, {-0.5}}, {1, 1, -1, 1});
  problem.loss = Loss::kLogistic;
  problem.bias = false;
  problem.learning_rate = 60;
  problem.steps = 10'000;
  problem.schedule = LogSchedule{.points_per_decade = 1};
  LinearProblem leaps = problem;
  leaps.leap = Leap{};
  const std::map<int64_t, Values> real = Measure(problem);
  for (const auto& [step, got] : Measure(leaps)) {
    EXPECT_EQ(got.at("leap/real_steps"), static_cast<double>(step));
    EXPECT_EQ(got.at("train/log_loss"), real.at(step).at("train/log_loss"));
  }
}

TEST(FarTimeTest, WhatCanNotLeapIsRefused) {
  const auto error = [](LinearProblem problem) {
    const auto trainer = Trainer::Create(std::move(problem));
    return std::string(trainer.status().message());
  };
  LinearProblem hinge = Far(D8(), 100);
  hinge.loss = Loss::kHinge;
  EXPECT_THAT(error(hinge), HasSubstr("no hinge"));
  LinearProblem lasso = Far(D8(), 100);
  lasso.penalty = {.kind = Penalty::kAbsolute, .strength = 0.1};
  EXPECT_THAT(error(lasso), HasSubstr("no sum of sizes"));
  LinearProblem cosine = Far(D8(), 100);
  cosine.rate_schedule = CosineRate{};
  EXPECT_THAT(error(cosine), HasSubstr("needs no last step"));
  LinearProblem loose = Far(D8(), 100);
  loose.leap->tolerance = 1;
  EXPECT_THAT(error(loose), HasSubstr("leap.tolerance: want 1e-13 to 1e-3"));
  LinearProblem near = Far(D8(), 100);
  near.log10_steps = 3;
  EXPECT_THAT(error(near), HasSubstr("log10_steps: want 0, or 19 to 100,000"));
  LinearProblem real = Far(D8(), 100);
  real.leap.reset();
  EXPECT_THAT(error(real), HasSubstr("log10_steps"));
}

}  // namespace
}  // namespace steelyard::training
