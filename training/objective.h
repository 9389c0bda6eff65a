#ifndef STEELYARD_TRAINING_OBJECTIVE_H_
#define STEELYARD_TRAINING_OBJECTIVE_H_

namespace steelyard::training {

// l of a row with label y; m = y f is its margin, f the model's output.
enum class Loss {
  kExponential,          // exp(-m)
  kLogistic,             // log(1 + exp(-m))
  kSquared,              // (f - y)^2
  kSoftmaxCrossEntropy,  // log(sum_k exp(f_k)) - f_y: an output for each class
};

// How weights are scaled, n being the number of rows with a weight > 0.
enum class Normalization {
  kNone,     // as given
  kMeanOne,  // sum w_i = n
  kSumOne,   // sum w_i = 1
  kMinOne,   // min w_i = 1
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_OBJECTIVE_H_
