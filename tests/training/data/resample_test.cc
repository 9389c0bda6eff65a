#include "training/data/resample.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstdint>
#include <vector>

namespace steelyard::training {
namespace {

using ::testing::ElementsAre;

std::vector<double> Counts(const std::vector<int64_t>& drawn, size_t rows) {
  std::vector<double> counts(rows, 0);
  for (const int64_t row : drawn) ++counts[static_cast<size_t>(row)];
  return counts;
}

// n w_i / sum w each, within five deviations over 4,000 draws of 50 rows.
TEST(ResampleTest, MultinomialCountsAreAsExpected) {
  const size_t n = 50;
  std::vector<double> weights;
  double sum = 0;
  for (size_t i = 0; i < n; ++i) {
    weights.push_back(i % 7 == 0 ? 0 : static_cast<double>(i));
    sum += weights.back();
  }
  std::vector<double> total(n, 0);
  double kept = 0;
  for (const double w : weights) kept += w > 0 ? 1 : 0;
  for (uint64_t seed = 0; seed < 4'000; ++seed) {
    const std::vector<int64_t> drawn = DrawMultinomial(weights, seed);
    ASSERT_EQ(drawn.size(), static_cast<size_t>(kept));
    ASSERT_TRUE(std::is_sorted(drawn.begin(), drawn.end()));
    const std::vector<double> counts = Counts(drawn, n);
    for (size_t i = 0; i < n; ++i) total[i] += counts[i];
  }
  for (size_t i = 0; i < n; ++i) {
    const double p = weights[i] / sum;
    const double deviation = std::sqrt(4'000 * kept * p * (1 - p));
    EXPECT_NEAR(total[i], 4'000 * kept * p, 5 * deviation) << i;
  }
}

// In expectation the gradient of what is drawn is the weighted one: here of
// (theta - x)^2 / 2 at theta = 0, which is minus the mean of x.
TEST(ResampleTest, TheMeanGradientIsTheWeightedOne) {
  const std::vector<double> weights = {1, 4, 0.5, 2};
  const double x[] = {1, -2, 8, 3};
  double weighted = 0;
  double sum = 0;
  for (size_t i = 0; i < 4; ++i) {
    weighted += weights[i] * x[i];
    sum += weights[i];
  }
  double multinomial = 0;
  double bernoulli = 0;
  for (uint64_t seed = 0; seed < 40'000; ++seed) {
    for (const int64_t row : DrawMultinomial(weights, seed)) {
      multinomial += x[row] / 4;
    }
    for (const int64_t row : DrawBernoulli(weights, seed)) {
      bernoulli += x[row] / 4;
    }
  }
  // The deviation of one draw's mean is about 2.
  EXPECT_NEAR(multinomial / 40'000, weighted / sum, 0.05);
  // Of a Bernoulli draw: sum w_i x_i / (n max w).
  EXPECT_NEAR(bernoulli / 40'000, weighted / 4 / 4, 0.05);
}

TEST(ResampleTest, BernoulliKeepsTheHeaviestAndDropsWeightZero) {
  const std::vector<double> weights = {2, 0, 1, 2};
  double middle = 0;
  for (uint64_t seed = 0; seed < 4'000; ++seed) {
    const std::vector<double> counts = Counts(DrawBernoulli(weights, seed), 4);
    EXPECT_EQ(counts[0], 1);
    EXPECT_EQ(counts[1], 0);
    EXPECT_EQ(counts[3], 1);
    middle += counts[2];
  }
  EXPECT_NEAR(middle, 2'000, 5 * std::sqrt(1'000));
}

TEST(ResampleTest, UnderAndOverMakeClassesEqual) {
  const std::vector<int64_t> classes = {0, 0, 2, 0, 0, 2, 0, 4, 4, 4};
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<int64_t> under = UnderSample(classes, seed);
    const std::vector<int64_t> over = OverSample(classes, seed);
    std::vector<double> fewer(5, 0);
    std::vector<double> more(5, 0);
    for (const int64_t row : under)
      ++fewer[static_cast<size_t>(classes[static_cast<size_t>(row)])];
    for (const int64_t row : over)
      ++more[static_cast<size_t>(classes[static_cast<size_t>(row)])];
    EXPECT_THAT(fewer, ElementsAre(2, 0, 2, 0, 2));
    EXPECT_THAT(more, ElementsAre(5, 0, 5, 0, 5));
    for (const double count : Counts(under, 10)) EXPECT_LE(count, 1);
    // 5 = 2 * 2 + 1 of two rows, 5 = 1 * 3 + 2 of three.
    const std::vector<double> counts = Counts(over, 10);
    EXPECT_EQ(counts[0], 1);
    EXPECT_GE(counts[2], 2);
    EXPECT_LE(counts[2], 3);
    EXPECT_GE(counts[7], 1);
    EXPECT_LE(counts[7], 2);
  }
  EXPECT_NE(UnderSample(classes, 1), UnderSample(classes, 2));
}

TEST(ResampleTest, HugeAndTinyWeightsDoNotOverflow) {
  const std::vector<double> weights = {1e308, 1e308, 1e-308};
  EXPECT_EQ(DrawMultinomial(weights, 3).size(), 3);
  EXPECT_EQ(DrawMultinomial(weights, 3), DrawMultinomial(weights, 3));
  EXPECT_EQ(DrawBernoulli(weights, 3).size(), 2);
}

TEST(ResampleTest, RowsAreTakenAsOftenAsNamed) {
  Rows rows;
  rows.rows = 3;
  rows.columns = 2;
  rows.features = {1, 2, 3, 4, 5, 6};
  rows.labels = {1, -1, 1};
  rows.groups = {.numbers = {1, 0, 1}, .names = {"a", "b"}};
  const Rows taken = TakeRows(rows, std::vector<int64_t>{0, 2, 2});
  EXPECT_EQ(taken.rows, 3);
  EXPECT_THAT(taken.features, ElementsAre(1, 2, 5, 6, 5, 6));
  EXPECT_THAT(taken.labels, ElementsAre(1, 1, 1));
  EXPECT_THAT(taken.groups.numbers, ElementsAre(1, 1, 1));
}

}  // namespace
}  // namespace steelyard::training
