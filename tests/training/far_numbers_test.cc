#include "tests/training/problems.h"

// The numbers of docs/science.md at 10^7 steps.
namespace steelyard::training {
namespace {

constexpr int64_t kSteps = 10'000'000;

Values At1e7(LinearProblem problem) {
  problem.steps = kSteps;
  problem.schedule = LogSchedule{.points_per_decade = 1};
  return Measure(problem).at(kSteps);
}

std::vector<double> NearDualSolution() {
  std::vector<double> p(8, 0.01);
  p[3] = 8 * 39. / 133;
  p[5] = 8 * 35. / 133;
  p[7] = 8 * 59. / 133;
  return p;
}

TEST(FarNumbersTest, ToyAWithUniformWeights) {
  const Values end = At1e7(ToyA({1, 1}));
  EXPECT_PRINTED(end.at("direction/gap"), .041356491, 9);
  EXPECT_PRINTED(end.at("margin/normalized"), .875171, 6);
  EXPECT_PRINTED(end.at("parameters/0"), 13.12237, 5);
  EXPECT_PRINTED(end.at("parameters/1"), 7.25433, 5);
  EXPECT_PRINTED(end.at("train/loss"), 1.2500e-6, 10);
  EXPECT_NEAR(end.at("direction/predicted_gap") / end.at("direction/gap"), 1,
              2e-5);
}

TEST(FarNumbersTest, ToyAWithWeightsOfTheDualSolution) {
  const Values end = At1e7(ToyA({1.6, .4}));
  EXPECT_LT(end.at("direction/gap"), 1e-12);
  EXPECT_PRINTED(end.at("margin/normalized"), .894427, 6);
  EXPECT_PRINTED(end.at("train/loss"), 1.2500e-6, 10);
}

TEST(FarNumbersTest, ToyAWithTenToOne) {
  const Values end = At1e7(ToyA({20. / 11, 2. / 11}));
  EXPECT_PRINTED(end.at("direction/gap"), .027067774, 9);
  EXPECT_PRINTED(end.at("margin/normalized"), .845684, 6);
  EXPECT_PRINTED(end.at("train/loss"), 1.2500e-6, 10);
}

TEST(FarNumbersTest, ToyAWithOneToTen) {
  const Values end = At1e7(ToyA({2. / 11, 20. / 11}));
  EXPECT_PRINTED(end.at("direction/gap"), .120725816, 9);
  EXPECT_PRINTED(end.at("margin/normalized"), .834017, 6);
  EXPECT_PRINTED(end.at("train/loss"), 1.2500e-6, 10);
  EXPECT_NEAR(end.at("direction/predicted_gap") / end.at("direction/gap"), 1,
              2e-5);
}

TEST(FarNumbersTest, DivergenceDoesNotOrderTheGapsOfToyA) {
  EXPECT_PRINTED(At1e7(ToyA({4 * std::exp(1.3), 1})).at("direction/gap"),
                 .038527, 6);
  EXPECT_PRINTED(At1e7(ToyA({4 * std::exp(-1.1), 1})).at("direction/gap"),
                 .032639, 6);
}

void ExpectD8(const std::vector<double>& weights, Loss loss, double gap,
              double ratio, double predicted) {
  LinearProblem problem = D8(weights);
  problem.loss = loss;
  const Values end = At1e7(problem);
  EXPECT_PRINTED(end.at("direction/gap"), gap, 9);
  EXPECT_PRINTED(end.at("margin/ratio"), ratio, 4);
  EXPECT_GE(end.at("direction/cosine"), .9950);
  EXPECT_PRINTED(end.at("direction/predicted_gap"), predicted, 9);
}

TEST(FarNumbersTest, D8WithUniformWeights) {
  ExpectD8({}, Loss::kExponential, .018034760, .9786, .017223743);
}

TEST(FarNumbersTest, D8WithUniformWeightsAndLogisticLoss) {
  ExpectD8({}, Loss::kLogistic, .018035498, .9786, .017223743);
}

TEST(FarNumbersTest, D8WithHeavyNegatives) {
  ExpectD8(PerClass(D8().train, 1, 10), Loss::kExponential, .069444038, .8830,
           .070296668);
}

TEST(FarNumbersTest, D8WithHeavyNegativesAndLogisticLoss) {
  ExpectD8(PerClass(D8().train, 1, 10), Loss::kLogistic, .069446907, .8830,
           .070296668);
}

TEST(FarNumbersTest, D8WithHeavyPositives) {
  ExpectD8(PerClass(D8().train, 10, 1), Loss::kExponential, .099384521, .9146,
           .098390548);
}

TEST(FarNumbersTest, D8WithHeavyPositivesAndLogisticLoss) {
  ExpectD8(PerClass(D8().train, 10, 1), Loss::kLogistic, .099392868, .9146,
           .098390548);
}

TEST(FarNumbersTest, D8WithWeightsNearTheDualSolution) {
  LinearProblem problem = D8(NearDualSolution());
  const Values exponential = At1e7(problem);
  EXPECT_PRINTED(exponential.at("direction/gap"), .000003584, 9);
  EXPECT_PRINTED(exponential.at("margin/ratio"), 1.0000, 4);
  problem.loss = Loss::kLogistic;
  EXPECT_PRINTED(At1e7(problem).at("direction/gap"), .000003586, 9);
}

}  // namespace
}  // namespace steelyard::training
