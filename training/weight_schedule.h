#ifndef STEELYARD_TRAINING_WEIGHT_SCHEDULE_H_
#define STEELYARD_TRAINING_WEIGHT_SCHEDULE_H_

#include <cstdint>
#include <variant>

namespace steelyard::training {

// How strongly the weights enter the step after t steps: with s(t) from 0 to 1
// it uses u_i + s (w_i - u_i), w_i being the normalised weights and u_i what
// weights of 1 become by the same normalisation.
struct AlwaysWeighted {};  // s = 1
struct DeferredWeights {   // s = 0 where t < from, then 1 (Cao et al. 2019)
  int64_t from = 0;        // >= 0
};
struct AnnealedWeights {  // s = (t - from) / (until - from), held within 0 and
                          // 1
  int64_t from = 0;       // >= 0
  int64_t until = 0;      // > from
};
using WeightSchedule =
    std::variant<AlwaysWeighted, DeferredWeights, AnnealedWeights>;

// s(t); 0 and 1 are exact.
inline double StrengthAt(const WeightSchedule& schedule, int64_t step) {
  if (const auto* deferred = std::get_if<DeferredWeights>(&schedule)) {
    return step < deferred->from ? 0 : 1;
  }
  if (const auto* annealed = std::get_if<AnnealedWeights>(&schedule)) {
    if (step <= annealed->from) return 0;
    if (step >= annealed->until) return 1;
    return static_cast<double>(step - annealed->from) /
           static_cast<double>(annealed->until - annealed->from);
  }
  return 1;
}

// The first step after `step` whose s may differ from s(step); the largest
// number where none does.
inline int64_t NextChange(const WeightSchedule& schedule, int64_t step) {
  constexpr int64_t kNever = INT64_MAX;
  if (const auto* deferred = std::get_if<DeferredWeights>(&schedule)) {
    return step < deferred->from ? deferred->from : kNever;
  }
  if (const auto* annealed = std::get_if<AnnealedWeights>(&schedule)) {
    if (step < annealed->from) return annealed->from;
    return step < annealed->until ? step + 1 : kNever;
  }
  return kNever;
}

// The first step after `step` from which s follows another formula; the largest
// number where none does.
inline int64_t NextBreakOf(const WeightSchedule& schedule, int64_t step) {
  const auto* annealed = std::get_if<AnnealedWeights>(&schedule);
  if (annealed == nullptr) return NextChange(schedule, step);
  if (step < annealed->from) return annealed->from;
  return step < annealed->until ? annealed->until : INT64_MAX;
}

// u + s (w - u), exactly u at s = 0 and w at s = 1.
inline double Blend(double even, double weight, double strength) {
  if (strength == 0) return even;
  if (strength == 1) return weight;
  return even + strength * (weight - even);
}

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_WEIGHT_SCHEDULE_H_
