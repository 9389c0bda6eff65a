#ifndef STEELYARD_TESTS_TRAINING_PROBLEMS_H_
#define STEELYARD_TESTS_TRAINING_PROBLEMS_H_

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/status_matchers.h"
#include "training/trainer.h"

// Problems of docs/science.md, and runs of them through the border alone.
namespace steelyard::training {

inline Rows MakeRows(std::vector<std::vector<double>> features,
                     std::vector<double> labels) {
  Rows rows;
  rows.rows = static_cast<int64_t>(features.size());
  rows.columns = static_cast<int64_t>(features.front().size());
  for (const std::vector<double>& row : features) {
    rows.features.insert(rows.features.end(), row.begin(), row.end());
  }
  rows.labels = std::move(labels);
  return rows;
}

// z = (1, 0), (0, 2), no bias.
inline LinearProblem ToyA(std::vector<double> weights = {}) {
  LinearProblem problem;
  problem.train = MakeRows({{1, 0}, {0, 2}}, {1, 1});
  problem.bias = false;
  problem.loss = Loss::kExponential;
  problem.weights = std::move(weights);
  problem.learning_rate = 0.1;
  problem.steps = 1000;
  return problem;
}

// Eight points of the plane, bias last.
inline LinearProblem D8(std::vector<double> weights = {}) {
  LinearProblem problem;
  problem.train = MakeRows({{2, 1},
                            {1, 3},
                            {3, 2.5},
                            {0.5, 1.5},
                            {-1, -1},
                            {-2, 0.5},
                            {-0.5, -2.5},
                            {0.5, -1}},
                           {1, 1, 1, 1, -1, -1, -1, -1});
  problem.loss = Loss::kExponential;
  problem.weights = std::move(weights);
  problem.learning_rate = 0.1;
  problem.steps = 1000;
  return problem;
}

inline std::vector<double> PerClass(const Rows& rows, double positive,
                                    double negative) {
  std::vector<double> weights;
  for (const double y : rows.labels) {
    weights.push_back(y > 0 ? positive : negative);
  }
  return weights;
}

// n rows around +-`distance` along the first axis: separable where it is large.
inline Rows RandomRows(int64_t n, int64_t d, double distance, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Rows rows;
  rows.rows = n;
  rows.columns = d;
  for (int64_t i = 0; i < n; ++i) {
    const double y = i % 2 == 0 ? 1 : -1;
    rows.labels.push_back(y);
    for (int64_t j = 0; j < d; ++j) {
      rows.features.push_back(normal(random) + (j == 0 ? y * distance : 0));
    }
  }
  return rows;
}

template <typename Problem>
std::unique_ptr<Trainer> MakeTrainer(Problem problem) {
  absl::StatusOr<std::unique_ptr<Trainer>> trainer =
      Trainer::Create(std::move(problem));
  EXPECT_THAT(trainer, IsOk());
  return *std::move(trainer);
}

inline std::vector<Evaluation> RunToEnd(
    Trainer& trainer,
    int64_t steps_a_call = std::numeric_limits<int64_t>::max()) {
  std::vector<Evaluation> evaluations;
  while (!trainer.done()) {
    absl::StatusOr<std::optional<Evaluation>> evaluation =
        trainer.Advance(steps_a_call);
    if (!evaluation.ok()) {
      ADD_FAILURE() << evaluation.status();
      break;
    }
    if (evaluation->has_value()) {
      evaluations.push_back(**std::move(evaluation));
    }
  }
  return evaluations;
}

using Values = std::map<std::string, double>;

inline Values ByName(const Trainer& trainer, const Evaluation& evaluation) {
  Values values;
  for (const MetricValue& value : evaluation.values) {
    values[trainer.metrics()[value.metric]] = value.value;
  }
  return values;
}

// One loss of each kind that is taken of margins, and of some another.
inline std::vector<Loss> LossesOfMargins() {
  std::vector<Loss> losses = {Loss::kExponential, Loss::kLogistic,
                              Loss::kHinge,       Loss::kSquaredHinge,
                              Loss::kPolynomial,  Loss::kFocal};
  losses.emplace_back(Loss::kPolynomial);
  losses.back().alpha = 2.5;
  losses.back().beta = 0.25;
  losses.emplace_back(Loss::kFocal);
  losses.back().gamma = 0.5;
  for (const Loss::Kind kind : {Loss::kLogistic, Loss::kFocal}) {
    losses.emplace_back(kind);
    losses.back().margins = {.scales = {0.5, 1.25},
                             .offsets = {0, -0.7, 1.5, 0},
                             .factors = {3, 0.25}};
  }
  return losses;
}

inline std::vector<double> Normals(int64_t count, double scale, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, scale);
  std::vector<double> values(static_cast<size_t>(count));
  for (double& value : values) value = normal(random);
  return values;
}

// The metrics of a run by step.
template <typename Problem>
std::map<int64_t, Values> Measure(Problem problem) {
  const std::unique_ptr<Trainer> trainer = MakeTrainer(std::move(problem));
  std::map<int64_t, Values> by_step;
  for (const Evaluation& evaluation : RunToEnd(*trainer)) {
    by_step[evaluation.step] = ByName(*trainer, evaluation);
  }
  return by_step;
}

// Within half a unit of the last of `digits` decimals that were printed.
#define EXPECT_PRINTED(value, printed, digits) \
  EXPECT_NEAR(value, printed, 0.5000001 * std::pow(10.0, -(digits)))

}  // namespace steelyard::training

#endif  // STEELYARD_TESTS_TRAINING_PROBLEMS_H_
