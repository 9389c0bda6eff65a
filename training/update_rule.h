#ifndef STEELYARD_TRAINING_UPDATE_RULE_H_
#define STEELYARD_TRAINING_UPDATE_RULE_H_

#include <cstdint>
#include <vector>

#include "training/aligned.h"
#include "training/network_problem.h"

namespace steelyard::training {

// Turns gradients into steps.
template <typename Real>
class UpdateRule {
 public:
  UpdateRule(const Rule& rule, const Penalty& penalty, double weight_decay,
             int64_t parameters);

  // Takes the step after `step` steps: theta, gradient: [parameters]; the
  // penalty's gradient is added to `gradient`.  No allocation.
  void Step(int64_t step, double rate, Real* theta, Real* gradient);

  // What it remembers: [parameters] each, velocity or moments; none.
  std::vector<AlignedArray<Real>>& slots() { return slots_; }
  const std::vector<AlignedArray<Real>>& slots() const { return slots_; }

 private:
  const Rule rule_;
  const Penalty penalty_;
  const double weight_decay_;
  const int64_t parameters_;
  std::vector<AlignedArray<Real>> slots_;
};

extern template class UpdateRule<float>;
extern template class UpdateRule<double>;

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_UPDATE_RULE_H_
