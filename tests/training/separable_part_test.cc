#include "training/separable_part.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstdint>
#include <iostream>
#include <numeric>
#include <random>
#include <vector>

#include "tests/training/problems.h"

namespace steelyard::training {
namespace {

using ::testing::ElementsAre;

Tiles TilesOf(const Rows& rows, bool bias = false) {
  std::vector<int64_t> all(static_cast<size_t>(rows.rows));
  std::iota(all.begin(), all.end(), 0);
  return Tiles(rows, all, bias);
}

// P6's own example: z = (1, 0), (0, 1), (0, -1).
TEST(SeparablePartTest, OfP6) {
  const Rows rows = MakeRows({{1, 0}, {0, 1}, {0, 1}}, {1, 1, -1});
  const auto part = FindSeparablePart(TilesOf(rows));
  ASSERT_THAT(part, IsOk());
  EXPECT_THAT(*part, ElementsAre(1, 0, 0));
}

TEST(SeparablePartTest, OfRowsThatAreAllOneOrTheOther) {
  EXPECT_THAT(*FindSeparablePart(TilesOf(D8().train, true)),
              ElementsAre(1, 1, 1, 1, 1, 1, 1, 1));
  const Rows both =
      MakeRows({{1, 2}, {1, 2}, {-3, 1}, {-3, 1}}, {1, -1, 1, -1});
  EXPECT_THAT(*FindSeparablePart(TilesOf(both)), ElementsAre(0, 0, 0, 0));
}

// A row without length pulls nowhere.
TEST(SeparablePartTest, ARowOfZerosIsOfTheRest) {
  const Rows rows = MakeRows({{1, 0}, {0, 0}}, {1, 1});
  EXPECT_THAT(*FindSeparablePart(TilesOf(rows)), ElementsAre(1, 0));
}

// Built so that the answer is known: the rest lies in a subspace and is a sum
// of zero with positive parts; the others have a positive part along an axis
// that the rest does not have; then all is turned by a random rotation.
TEST(SeparablePartTest, OfRandomRowsThatAreBuiltThatWay) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    const size_t inner = 1 + random() % 4;  // dimension of the rest
    const size_t d = inner + 1 + random() % 3;
    const size_t rest = inner + 1 + random() % 8;
    const size_t others = 1 + random() % 10;
    std::vector<std::vector<double>> features;
    std::vector<double> expected;
    std::vector<double> sum(inner, 0);
    for (size_t i = 0; i + 1 < rest; ++i) {
      std::vector<double> row(d, 0);
      for (size_t j = 0; j < inner; ++j) sum[j] += row[j] = normal(random);
      features.push_back(row);
      expected.push_back(0);
    }
    std::vector<double> last(d, 0);
    for (size_t j = 0; j < inner; ++j) last[j] = -sum[j];
    features.push_back(last);
    expected.push_back(0);
    for (size_t i = 0; i < others; ++i) {
      std::vector<double> row(d);
      for (double& value : row) value = normal(random);
      row[inner] = 0.1 + std::fabs(row[inner]);
      features.push_back(row);
      expected.push_back(1);
    }
    // Reflections, which turn all rows alike.
    for (int turn = 0; turn < 3; ++turn) {
      std::vector<double> v(d);
      double squares = 0;
      for (double& value : v) {
        value = normal(random);
        squares += value * value;
      }
      for (std::vector<double>& row : features) {
        double along = 0;
        for (size_t j = 0; j < d; ++j) along += row[j] * v[j];
        for (size_t j = 0; j < d; ++j) row[j] -= 2 * along / squares * v[j];
      }
    }
    const Rows rows =
        MakeRows(features, std::vector<double>(features.size(), 1));
    const auto part = FindSeparablePart(TilesOf(rows));
    ASSERT_THAT(part, IsOk()) << "seed " << seed;
    EXPECT_EQ(*part, expected) << "seed " << seed;
  }
}

TEST(SeparablePartTest, IsAMetricOfTheRun) {
  LinearProblem problem;
  problem.train = MakeRows({{1, 0}, {0, 1}, {0, 1}}, {1, 1, -1});
  problem.bias = false;
  problem.learning_rate = 0.1;
  problem.steps = 10;
  const std::unique_ptr<Trainer> trainer = MakeTrainer(problem);
  const Values last = ByName(*trainer, RunToEnd(*trainer).back());
  EXPECT_EQ(last.at("theory/separable_rows"), 1);
  EXPECT_THAT(trainer->SeparablePart(), ElementsAre(1, 0, 0));
  EXPECT_EQ(Measure(D8()).at(1).at("theory/separable_rows"), 8);
}

}  // namespace
}  // namespace steelyard::training
