#ifndef STEELYARD_SERVER_WORKER_SHIFT_CLASSIFIER_H_
#define STEELYARD_SERVER_WORKER_SHIFT_CLASSIFIER_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "training/rows.h"
#include "training/shift/stop_check.h"

namespace steelyard::worker {

// How the classifier of label shift is fitted.
struct ShiftClassifierOptions {
  int64_t classes = 2;         // K
  double inverse_penalty = 1;  // C > 0
  int64_t parts = 5;           // of the source, >= 2
  uint64_t seed = 0;           // of the draw of the parts
  training::StopCheck* stop = nullptr;
};

// What it says of rows.
struct ShiftPredictions {
  std::vector<double> confusion;   // [K, K] row-major: predicted, label
  std::vector<double> predicted;   // [K] rows of the target by predicted class
  std::vector<double> posteriors;  // [n_t, K] of the target's rows
  std::vector<double> class_rows;  // [K] of the source's rows
};

// A linear softmax classifier of source rows labelled 0 ... K - 1, of least
//   (1/n) sum_i log(1 / p(y_i | x_i)) + |theta|^2 / (2 n C),
// biases included, by L-BFGS from 0 until its loss no longer falls.  What it
// says of the target is that of one fitted to all of the source; the confusion
// counts what is said of each part of the source by one fitted to the others,
// so that no row is judged by what it was fitted to.  Parts are drawn within
// each class.
// Errors: InvalidArgument where a class has fewer rows than there are parts;
// Cancelled.
absl::StatusOr<ShiftPredictions> PredictShift(
    const training::Rows& source, const training::Rows& target,
    const ShiftClassifierOptions& options);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_SHIFT_CLASSIFIER_H_
