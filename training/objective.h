#ifndef STEELYARD_TRAINING_OBJECTIVE_H_
#define STEELYARD_TRAINING_OBJECTIVE_H_

#include <vector>

namespace steelyard::training {

// What a class's rows have of their own in a loss (Menon et al. 2021; Kini et
// al. 2021).  Of K classes; of signs K = 2, class 0 being -1 and class 1 +1.
// The loss of a row of class y is a_y l(u),
//   several outputs  u = -ln sum_{k != y} exp(O_yk + D_k f_k - D_y f_y)
//   one output       u = D_y y f - O_yk, k the other class
// An empty list is one of what changes nothing.
struct ClassMargins {
  std::vector<double> scales;   // D, [K], finite, > 0; empty: 1
  std::vector<double> offsets;  // O, [K, K] row-major, finite; empty: 0
  std::vector<double> factors;  // a, [K], finite, > 0; empty: 1

  bool none() const {
    return scales.empty() && offsets.empty() && factors.empty();
  }
};

// The loss l of a row with label y, f being the model's output and u = y f its
// margin, unless `margins` says otherwise.
struct Loss {
  enum Kind {
    kExponential,          // exp(-u)
    kLogistic,             // log(1 + exp(-u))
    kSquared,              // (f - y)^2
    kSoftmaxCrossEntropy,  // log(sum_k exp(f_k)) - f_y, an output for each
                           // class: log(1 + exp(-u)) of the u of ClassMargins
    kPolynomial,           // (u - beta + 1)^-alpha where u >= beta, else
                  // log(1 + exp(-u)) / log(1 + exp(-beta)): continuous,
                  // its slope is not
    kHinge,         // max(0, 1 - u); slope 0 at u = 1
    kSquaredHinge,  // max(0, 1 - u)^2
    kFocal,         // (1 - p)^gamma log(1 / p), p = 1 / (1 + exp(-u));
                    // one output, or one for each class
  };

  // A loss that has no parameters is its kind.
  Loss(Kind k = kLogistic) : kind(k) {}  // NOLINT(google-explicit-constructor)

  Kind kind;
  double alpha = 1;  // of kPolynomial: finite, > 0
  double beta = 1;   // of kPolynomial: -700 to 700
  double gamma = 2;  // of kFocal: finite, >= 0
  // Of kLogistic, kSoftmaxCrossEntropy and kFocal alone.
  ClassMargins margins = {};
};

// What is added to the loss: strength times one of these, the bias included.
struct Penalty {
  enum Kind {
    kSquare,    // ||theta||^2
    kAbsolute,  // sum_j |theta_j|; its slope at 0 is 0
    kPower,     // ||theta||^exponent
  };
  Kind kind = kSquare;
  double strength = 0;  // finite, >= 0
  double exponent = 2;  // of kPower: finite, >= 1
};

// How the step of full-batch descent on a linear model is scaled, beside the
// learning rate (scaled_descent.h).
enum class StepScale {
  kNone,          // by nothing
  kLoss,          // by 1 / L
  kGradientNorm,  // by 1 / ||grad L||
  kAdaptive,      // by L_0 / L and a factor that follows the loss
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
