#ifndef STEELYARD_TRAINING_LBFGS_H_
#define STEELYARD_TRAINING_LBFGS_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace steelyard::training {

// Minimises a function with a gradient by the limited-memory BFGS method
// (Nocedal, Mathematics of Computation 35, 1980): directions by the two-loop
// recursion over the last `memory` pairs s = theta' - theta, y = g' - g, the
// first scaled by s.y / y.y; steps by bracketing and halving until the function
// has fallen and its slope along the line is at least 0.9 of the first (weak
// Wolfe conditions).  Where the function can no longer tell a fall from
// rounding the slope decides alone (the approximate condition of Hager & Zhang,
// SIAM Journal on Optimization 16, 2005), so that theta is found to rounding.
class Lbfgs {
 public:
  // Returns f(theta) and writes its gradient; not finite where f is not.
  using Function = std::function<double(const double* theta, double* gradient)>;

  Lbfgs(int64_t parameters, int64_t memory);

  // One iteration from theta, [parameters].  Leaves it unchanged where no step
  // is better, not even along the gradient: then it is a minimum as far as
  // doubles tell, and later iterations do nothing.
  void Step(const Function& function, double* theta);

  // All that it remembers besides theta.
  int64_t state_words() const { return 1 + 2 * memory_ * parameters_; }
  void WriteState(std::span<uint64_t> words) const;
  // Whether these words can be a state.
  bool ReadState(std::span<const uint64_t> words);

 private:
  // A point on the line: its place, the value and the slope there.
  struct Place {
    double length = 0;
    double value = 0;
    double slope = 0;
  };

  double* s(int64_t k) { return pairs_.data() + 2 * k * parameters_; }
  double* y(int64_t k) { return s(k) + parameters_; }
  double Dot(const double* a, const double* b) const;
  void FindDirection();
  Place At(const Function& function, const double* theta, double length);
  bool Search(const Function& function, const double* theta, Place start);
  // After a search that failed: the same along the gradient.
  bool SearchGradient(const Function& function, const double* theta);
  // Whether no step within `width` of another moves theta by more than its
  // last digit.
  bool IsOnePoint(const double* theta, double width) const;
  void Remember(const double* theta);

  const int64_t parameters_;
  const int64_t memory_;
  std::vector<double> pairs_;  // [memory, 2, parameters], a ring
  int64_t taken_ = 0;   // pairs remembered since the start, or since it turned
                        // to the gradient; -1: nothing is left to do
  bool known_ = false;  // whether value_ and gradient_ are those of theta
  double value_ = 0;
  std::vector<double> gradient_;
  std::vector<double> direction_;
  std::vector<double> next_;           // theta + length * direction
  std::vector<double> next_gradient_;  // there
  double next_value_ = 0;
  std::vector<double> alpha_;  // [memory]
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_LBFGS_H_
