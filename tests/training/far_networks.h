#ifndef STEELYARD_TESTS_TRAINING_FAR_NETWORKS_H_
#define STEELYARD_TESTS_TRAINING_FAR_NETWORKS_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <ostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/training/far_problems.h"
#include "training/network_metrics.h"

// Random networks for leaps.
namespace steelyard::training {

struct FarNetwork {
  std::string name;
  Activation activation = Activation::kIdentity;
  int64_t hidden_layers = 1;
  Loss loss;
  int64_t classes = 1;  // 1: signs, or numbers with kSquared
  double strength = 0;  // of an L2 penalty
};

inline void PrintTo(const FarNetwork& network, std::ostream* to) {
  *to << network.name;
}

inline std::vector<FarNetwork> FarNetworks() {
  using enum Activation;
  const Loss softmax = Loss::kSoftmaxCrossEntropy;
  Loss shifted = Loss::kLogistic;
  shifted.margins.scales = {0.5, 1.25};
  shifted.margins.offsets = {0, -0.7, 1.5, 0};
  return {
      {"linear_exponential", kIdentity, 0, Loss::kExponential},
      {"linear_softmax", kIdentity, 0, softmax, 3},
      {"linear_squared", kIdentity, 0, Loss::kSquared},
      {"two_layers_exponential", kIdentity, 1, Loss::kExponential},
      {"two_layers_logistic", kIdentity, 1, Loss::kLogistic},
      {"two_layers_polynomial", kIdentity, 1, Loss::kPolynomial},
      {"two_layers_focal_classes", kIdentity, 1, Loss::kFocal, 4},
      {"three_layers_exponential", kIdentity, 2, Loss::kExponential},
      {"three_layers_logistic", kIdentity, 2, Loss::kLogistic},
      {"tanh_logistic", kTanh, 1, Loss::kLogistic},
      {"tanh_margins_of_classes", kTanh, 1, shifted},
      {"tanh_softmax", kTanh, 1, softmax, 3},
      {"tanh_squared", kTanh, 1, Loss::kSquared},
      {"two_tanh_exponential", kTanh, 2, Loss::kExponential},
      {"quadratic_exponential", kQuadratic, 1, Loss::kExponential},
      {"quadratic_logistic", kQuadratic, 1, Loss::kLogistic},
      {"tanh_logistic_l2", kTanh, 1, Loss::kLogistic, 1, 1e-3},
      {"two_layers_exponential_l2", kIdentity, 1, Loss::kExponential, 1, 1e-3},
  };
}

// One row: of a class, around its corner of a polygon, or y away from a plane.
inline std::vector<double> RandomRow(const FarNetwork& kind, int64_t columns,
                                     int64_t label, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::vector<double> row(static_cast<size_t>(columns));
  for (double& value : row) value = normal(random);
  if (kind.classes > 1) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(label) /
                         static_cast<double>(kind.classes);
    row[0] = 2 * std::cos(angle) + 0.2 * row[0];
    row[1] = 2 * std::sin(angle) + 0.2 * row[1];
  } else {
    row[0] = (label == 0 ? 1 : -1) * (0.3 + std::fabs(row[0]));
  }
  return row;
}

// 2-5 features, 5-20 rows; numbers with kSquared.
inline Rows RandomRowsOf(const FarNetwork& kind, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  Rows rows;
  rows.columns = std::uniform_int_distribution<int64_t>(2, 5)(random);
  rows.rows = std::uniform_int_distribution<int64_t>(5, 20)(random);
  for (int64_t i = 0; i < rows.rows; ++i) {
    const int64_t label = i % std::max<int64_t>(kind.classes, 2);
    const std::vector<double> row =
        RandomRow(kind, rows.columns, label, random);
    rows.features.insert(rows.features.end(), row.begin(), row.end());
    rows.labels.push_back(kind.loss.kind == Loss::kSquared ? normal(random)
                          : kind.classes > 1 ? static_cast<double>(label)
                          : label == 0       ? 1
                                             : -1);
  }
  return rows;
}

// The square of the longest row.
inline double LongestSquare(const Rows& rows) {
  double longest = 0;
  for (int64_t i = 0; i < rows.rows; ++i) {
    double square = 0;
    for (int64_t j = 0; j < rows.columns; ++j) {
      const double value =
          rows.features[static_cast<size_t>(i * rows.columns + j)];
      square += value * value;
    }
    longest = std::max(longest, square);
  }
  return longest;
}

// Of its rate times LongestSquare.  Some are steeper than the rows say: near
// the border of stability a run would be chaotic.
inline double ShareOf(const FarNetwork& kind) {
  const bool hidden = kind.hidden_layers > 0;
  if (kind.activation == Activation::kQuadratic ||
      (hidden && kind.loss.kind == Loss::kSquared)) {
    return 0.01;
  }
  return hidden && kind.loss.kind == Loss::kExponential ? 0.04 : 0.2;
}

// Weights over two decades, layers of 2-5 units.
inline NetworkProblem RandomNetwork(const FarNetwork& kind,
                                    std::mt19937_64& random) {
  NetworkProblem problem;
  problem.train = RandomRowsOf(kind, random);
  for (int64_t i = 0; i < problem.train.rows; ++i) {
    problem.weights.push_back(
        std::pow(10, std::uniform_real_distribution<>(-1, 1)(random)));
  }
  problem.numbers = kind.loss.kind == Loss::kSquared;
  Architecture& architecture = problem.architecture;
  for (int64_t l = 0; l < kind.hidden_layers; ++l) {
    architecture.hidden.push_back(
        std::uniform_int_distribution<int64_t>(2, 5)(random));
  }
  architecture.activation = kind.activation;
  architecture.outputs = kind.classes;
  const Biases biases[] = {Biases::kPerLayer, Biases::kNone,
                           Biases::kConstantInput};
  architecture.biases = biases[random() % 3];
  problem.loss = kind.loss;
  problem.penalty.strength = kind.strength;
  problem.rule = PlainRule{};
  problem.rate.initial = ShareOf(kind) / LongestSquare(problem.train);
  problem.precision = Precision::kDouble;
  const bool quadratic = kind.activation == Activation::kQuadratic;
  problem.initial = NormalInitial{std::vector<double>(
      architecture.hidden.size() + 1, quadratic ? 0.3 : 0.5)};
  problem.seed = random();
  problem.schedule = LogSchedule{.points_per_decade = 1};
  return problem;
}

// The rows of a problem without weights of 0, as training has them.
inline NetworkRows<double> RowsOf(const NetworkProblem& problem) {
  const bool constant = problem.architecture.biases == Biases::kConstantInput;
  NetworkRows<double> rows;
  rows.rows = problem.train.rows;
  rows.features = problem.train.columns + (constant ? 1 : 0);
  rows.labels = problem.train.labels;
  rows.values = AlignedArray<double>(rows.rows * rows.features);
  double* to = rows.values.data();
  for (int64_t i = 0; i < rows.rows; ++i) {
    to = std::copy_n(problem.train.features.data() + i * problem.train.columns,
                     problem.train.columns, to);
    if (constant) *to++ = 1;
  }
  return rows;
}

}  // namespace steelyard::training

#endif  // STEELYARD_TESTS_TRAINING_FAR_NETWORKS_H_
