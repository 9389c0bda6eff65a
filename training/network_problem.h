#ifndef STEELYARD_TRAINING_NETWORK_PROBLEM_H_
#define STEELYARD_TRAINING_NETWORK_PROBLEM_H_

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "training/leap.h"
#include "training/learning_rate.h"
#include "training/objective.h"
#include "training/rows.h"
#include "training/schedule.h"
#include "training/target.h"
#include "training/weight_schedule.h"

// Networks and what trains them.  Formulas: README.md here.
namespace steelyard::training {

// What a hidden unit makes of its input z.
enum class Activation {
  kIdentity,   // z: the network is deep linear
  kRelu,       // max(z, 0)
  kLeakyRelu,  // z where z > 0, else leak * z
  kTanh,       // tanh(z)
  kQuadratic,  // z^2
};

enum class Biases {
  kPerLayer,       // a bias for each unit of each layer
  kNone,           // f is homogeneous in theta, where the activation is
  kConstantInput,  // a constant feature 1, last; no other bias
};

// Layers of units, each unit fed by all of the layer before.  Parameters stand
// layer by layer: weights [inputs, units] row-major, then the layer's biases
// [units] where it has them.
struct Architecture {
  std::vector<int64_t> hidden;  // units of each hidden layer; none: linear
  int64_t outputs = 1;          // 1, or K classes
  Activation activation = Activation::kRelu;
  double leak = 0.01;  // of kLeakyRelu, finite
  Biases biases = Biases::kPerLayer;
};

// Where training starts; biases at 0.
struct ZeroInitial {};
struct HeInitial {};      // normal, variance 2 / inputs of the layer
struct XavierInitial {};  // normal, variance 2 / (inputs + units)
struct NormalInitial {
  std::vector<double> standard_deviations;  // one a layer, finite, >= 0
};
struct GivenInitial {
  std::vector<double> parameters;  // all of them, biases too; finite
};
using Initial = std::variant<ZeroInitial, HeInitial, XavierInitial,
                             NormalInitial, GivenInitial>;

// What a step makes of the gradient g; rate: the learning rate at that step.
struct PlainRule {};  // theta -= rate g
struct MomentumRule {
  double momentum = 0.9;  // mu in [0, 1): v = mu v + g
  bool nesterov = false;  // theta -= rate v; nesterov: rate (g + mu v)
};
// m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, and at the t-th step
// theta -= rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon).
struct AdamRule {
  double beta1 = 0.9;     // in [0, 1)
  double beta2 = 0.999;   // in [0, 1)
  double epsilon = 1e-8;  // finite, > 0
};
// Not a rule for one gradient but a method: lbfgs.h.  All rows in every step,
// in double precision, without weight decay; the rate takes no part.
struct LbfgsRule {
  int64_t memory = 10;  // pairs that it remembers, 1 to 100
};
using Rule = std::variant<PlainRule, MomentumRule, AdamRule, LbfgsRule>;

// How the losses of a batch become one.
enum class Reduction {
  kBatchMean,     // (1/B) sum w_i l_i, w normalised over the training rows
  kWeightedMean,  // sum w_i l_i / sum w_i over the batch
};

// Mini-batches: the rows in a new order each epoch, `batch_size` at a time.
struct Batches {
  int64_t size = 0;        // B; 0: all rows in every step, in their own order
  bool keep_last = false;  // an epoch's short last batch is dropped, unless
  Reduction reduction = Reduction::kBatchMean;
};

enum class Precision { kSingle, kDouble };

// A network, or a linear model by other optimisers than full-batch descent with
// a fixed step: L(theta) = (1/n) sum_i w_i l_i + the penalty.
struct NetworkProblem {
  Rows train;  // labels: -1 and +1; 0 ... K-1 of several outputs; any finite
               // value for kSquared
  bool numbers =
      false;  // of kSquared: labels are no classes, whatever they are
  std::vector<TestSet> tests;  // labels as in train
  Architecture architecture;
  Loss loss;
  std::vector<double> weights;  // as LinearProblem's
  Normalization normalization = Normalization::kMeanOne;
  WeightSchedule weight_schedule = {};
  Penalty penalty = {};     // biases included
  double weight_decay = 0;  // decoupled: theta -= rate weight_decay theta
  Batches batches;
  Rule rule;
  LearningRate rate;
  Initial initial = HeInitial{};
  Precision precision = Precision::kSingle;
  uint64_t seed = 0;
  int64_t steps = 0;  // >= 1
  Schedule schedule;
  std::optional<EarlyStopping> early = std::nullopt;
  std::vector<double> weighted_below;  // as LinearProblem's
  std::optional<Target> target = std::nullopt;
  // With PlainRule on all rows, no weight decay, in double precision.
  std::optional<Leap> leap = std::nullopt;
  double log10_steps = 0;  // as LinearProblem's
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_NETWORK_PROBLEM_H_
