#ifndef STEELYARD_TRAINING_TRAINER_H_
#define STEELYARD_TRAINING_TRAINER_H_

#include <cstdint>
#include <vector>

#include "training/rows.h"
#include "training/schedule.h"

// What a weighted run trains.  Formulas: docs/science.md.
namespace steelyard::training {

enum class Loss {
  kExponential,  // l(m) = exp(-m)
  kLogistic,     // l(m) = log(1 + exp(-m))
};

// How weights are scaled, n being the number of rows with a weight > 0.
enum class Normalization {
  kNone,     // as given
  kMeanOne,  // sum w_i = n
  kSumOne,   // sum w_i = 1
  kMinOne,   // min w_i = 1
};

// Full-batch gradient descent on a linear model, from theta = 0:
//   L(theta) = (1/n) sum_i w_i l(y_i theta.x_i) + l2_strength ||theta||^2
// with w normalised and rows of weight 0 left out of everything.
struct LinearProblem {
  Rows train;
  std::vector<TestSet> tests;
  bool bias = true;  // adds a constant feature 1, last
  Loss loss = Loss::kLogistic;
  // [n] before normalisation, finite, >= 0, sum > 0; empty: all 1.
  std::vector<double> weights;
  Normalization normalization = Normalization::kMeanOne;
  double l2_strength = 0;    // finite, >= 0
  double learning_rate = 0;  // finite, > 0
  int64_t steps = 0;         // >= 1
  Schedule schedule;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_TRAINER_H_
