#ifndef STEELYARD_TRAINING_ERROR_GROWTH_H_
#define STEELYARD_TRAINING_ERROR_GROWTH_H_

#include <cstdint>
#include <span>
#include <vector>

#include "training/far_field.h"

namespace steelyard::training {

// How errors grow that a leap has made: near a saddle, where a network's flow
// leads places apart, by many orders.  Follows one small difference from theta,
// which the flow carries along (FarField::Carry), and to which each new error
// adds its share, half of it along the flow, as an error in time does, half of
// it anywhere.
class ErrorGrowth {
 public:
  // At s, a difference of none; dimension: of theta, d.
  explicit ErrorGrowth(int64_t dimension);

  struct Growth {
    double factor = 1;      // at least 1
    int64_t gradients = 0;  // that it took to find it
  };

  // Carries the difference from where it was on to s; theta: halfway, [d].
  Growth GrowTo(FarField& field, double s, std::span<const double> theta);
  // Likewise, by the modes of a step's begin (FarField::Modes).
  Growth GrowTo(double s, std::span<const double> values,
                std::span<const double> vectors);
  // An error of size `more` comes to one of size `before`; slope: of the flow.
  void Add(double before, double more, std::span<const double> slope);

  int64_t state_words() const;
  void WriteState(std::span<uint64_t> words) const;
  void ReadState(std::span<const uint64_t> words);

 private:
  // What the difference has grown by, now that it was carried to s.
  double GrownBy(double before, double s);

  std::vector<double> difference_;  // of length 1, or 0 where there is no error
  double s_ = 0;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_ERROR_GROWTH_H_
