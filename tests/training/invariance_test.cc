#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "tests/training/problems.h"

// What weights mean: docs/science.md, "Setting".  Equal up to another order of
// sums is 1e-13 relative after a thousand steps.
namespace steelyard::training {
namespace {

constexpr double kSameSums = 1e-13;

constexpr Normalization kNormalizations[] = {
    Normalization::kNone, Normalization::kMeanOne, Normalization::kSumOne,
    Normalization::kMinOne};

LinearProblem Weighted(Normalization normalization, Loss loss) {
  LinearProblem problem;
  problem.train = RandomRows(23, 3, 2, 9);
  std::mt19937_64 random(4);
  std::uniform_real_distribution<double> uniform(0.2, 3);
  for (int i = 0; i < 23; ++i) problem.weights.push_back(uniform(random));
  problem.normalization = normalization;
  problem.loss = std::move(loss);
  problem.learning_rate = 0.1;
  problem.penalty.strength = 1e-4;
  problem.steps = 1000;
  problem.schedule = LogSchedule{.points_per_decade = 1};
  return problem;
}

void ExpectSame(const LinearProblem& a, const LinearProblem& b,
                double tolerance, std::vector<std::string> except = {}) {
  const auto left = Measure(a);
  const auto right = Measure(b);
  ASSERT_EQ(left.size(), right.size());
  for (const auto& [step, values] : left) {
    for (const auto& [name, value] : values) {
      if (std::find(except.begin(), except.end(), name) != except.end()) {
        continue;
      }
      ASSERT_EQ(right.at(step).count(name), 1U) << name;
      EXPECT_NEAR(right.at(step).at(name), value,
                  tolerance * std::max(1.0, std::fabs(value)))
          << name << " at " << step;
    }
  }
}

void Scale(std::vector<double>& weights, double factor) {
  for (double& w : weights) w *= factor;
}

TEST(InvarianceTest, ScaleOfWeightsMeansNothingWhereTheyAreNormalized) {
  for (const Loss& loss : LossesOfMargins()) {
    for (const Normalization normalization : kNormalizations) {
      if (normalization == Normalization::kNone) continue;
      const LinearProblem problem = Weighted(normalization, loss);
      for (const double factor : {0.37, 4.0, 1e-200, 1e200}) {
        LinearProblem scaled = problem;
        Scale(scaled.weights, factor);
        ExpectSame(problem, scaled, kSameSums);
      }
    }
  }
}

// Without normalisation c times the weights is c times the step.
TEST(InvarianceTest, ScaleOfRawWeightsIsScaleOfTheStep) {
  for (const Loss& loss : LossesOfMargins()) {
    LinearProblem heavy = Weighted(Normalization::kNone, loss);
    heavy.penalty.strength = 0;
    LinearProblem fast = heavy;
    Scale(heavy.weights, 2.5);
    fast.learning_rate *= 2.5;
    ExpectSame(heavy, fast, kSameSums, {"train/log_loss", "train/loss"});
  }
}

// Two copies count in n: under sum_one and min_one as well as under mean_one
// the loss is divided by the n of the rows that are there, so there the step is
// scaled by the ratio of both n's; mean_one alone is free of it.
void ExpectTwoCopies(const Loss& loss, Normalization normalization) {
  LinearProblem twice = Weighted(normalization, loss);
  twice.penalty.strength = 0;
  twice.weights.assign(23, 1.0);
  LinearProblem copied = twice;
  twice.weights[5] = 2;
  for (size_t j = 0; j < 3; ++j) {
    copied.train.features.push_back(copied.train.features[15 + j]);
  }
  copied.train.labels.push_back(copied.train.labels[5]);
  copied.weights.push_back(1);
  ++copied.train.rows;
  std::vector<std::string> except = {"train/error",
                                     "train/balanced_error",
                                     "train/fraction_positive",
                                     "theory/kl",
                                     "theory/separable_rows",
                                     "boundary/shift",
                                     "boundary/angle",
                                     "bound/p10",
                                     "bound/cortes",
                                     "direction/predicted_gap",
                                     "weights/effective_sample_size"};
  if (normalization != Normalization::kMeanOne) {
    copied.learning_rate *= 24. / 23;
    except.insert(except.end(), {"train/log_loss", "train/loss"});
  }
  // sum_one: 1/24 and 2/24 either way.
  ExpectSame(twice, copied, kSameSums, except);
}

TEST(InvarianceTest, WeightTwoEqualsTwoCopies) {
  for (const Loss& loss : LossesOfMargins()) {
    for (const Normalization normalization : kNormalizations) {
      ExpectTwoCopies(loss, normalization);
    }
  }
}

// The problem with rows of weight 0 between its own.
LinearProblem Padded(const LinearProblem& problem) {
  LinearProblem padded = problem;
  padded.train = Rows{.rows = 0, .columns = 3, .features = {}, .labels = {}};
  padded.weights.clear();
  const auto add = [&](double weight, const double* x, double y) {
    padded.train.features.insert(padded.train.features.end(), x, x + 3);
    padded.train.labels.push_back(y);
    padded.weights.push_back(weight);
    ++padded.train.rows;
  };
  const double far[3] = {-1e6, 1e6, 3};
  for (size_t i = 0; i < 23; ++i) {
    for (size_t k = 0; k < i % 3; ++k) add(0, far, 1);
    add(problem.weights[i], &problem.train.features[3 * i],
        problem.train.labels[i]);
  }
  add(0, far, -1);
  return padded;
}

TEST(InvarianceTest, RowsOfWeightZeroChangeNoBit) {
  for (const Loss& loss : LossesOfMargins()) {
    for (const Normalization normalization : kNormalizations) {
      const LinearProblem problem = Weighted(normalization, loss);
      ExpectSame(problem, Padded(problem), 0);
    }
  }
}

TEST(InvarianceTest, OrderOfRowsIsRounding) {
  for (const Loss& loss : LossesOfMargins()) {
    for (const Normalization normalization : kNormalizations) {
      const LinearProblem problem = Weighted(normalization, loss);
      LinearProblem shuffled = problem;
      std::vector<size_t> order(23);
      std::iota(order.begin(), order.end(), 0);
      std::shuffle(order.begin(), order.end(), std::mt19937_64(3));
      for (size_t i = 0; i < 23; ++i) {
        const size_t from = order[i];
        std::copy_n(&problem.train.features[3 * from], 3,
                    &shuffled.train.features[3 * i]);
        shuffled.train.labels[i] = problem.train.labels[from];
        shuffled.weights[i] = problem.weights[from];
      }
      ExpectSame(problem, shuffled, kSameSums);
    }
  }
}

// y -> -y with x -> -x is the same row of the model; without bias at all.
TEST(InvarianceTest, OnlyTheSignedRowMatters) {
  LinearProblem problem = Weighted(Normalization::kMeanOne, Loss::kLogistic);
  problem.bias = false;
  LinearProblem turned = problem;
  for (double& x : turned.train.features) x = -x;
  for (double& y : turned.train.labels) y = -y;
  ExpectSame(problem, turned, 0,
             {"train/fraction_positive", "boundary/shift", "boundary/angle"});
}

}  // namespace
}  // namespace steelyard::training
