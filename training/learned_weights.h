#ifndef STEELYARD_TRAINING_LEARNED_WEIGHTS_H_
#define STEELYARD_TRAINING_LEARNED_WEIGHTS_H_

namespace steelyard::training {

// Weights that are trained with the model, one for each row, in the box
// [1 / bound, bound], from 1 on: the weights of the step after t steps come of
//   w_i <- w_i -+ learning_rate dL/dw_i, put back into the box,
// both w and theta stepping from (w_t, theta_t); - where L is to be small, +
// where it is to be large.  dL/dw_i, L being sum_i w_i l_i / n of the weights
// as normalised (claim C6 and P11 of docs/science.md):
//   kNone     l_i / n
//   kMeanOne  (l_i - A) / sum w       A = sum_i w_i l_i / sum w
//   kSumOne   (l_i - A) / (n sum w)
// kMinOne has none.
struct LearnedWeights {
  double bound = 10;         // > 1, at most 1e100
  double learning_rate = 1;  // finite, > 0
  bool maximize = false;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_LEARNED_WEIGHTS_H_
