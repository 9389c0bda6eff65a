#ifndef STEELYARD_TRAINING_DOP853_H_
#define STEELYARD_TRAINING_DOP853_H_

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "training/ode_solver.h"

namespace steelyard::training {

// Where f is not stiff: the explicit Runge-Kutta method of order 8 by Dormand
// and Prince, with error estimates of orders 5 and 3 (E. Hairer, S. P. Norsett,
// G. Wanner, Solving Ordinary Differential Equations I, 2nd edition, II.5;
// their program DOP853, which has given the method its name and its
// coefficients).
class Dop853 final : public OdeSolver {
 public:
  // An upper bound of the fastest rate at which f pulls back, where it was last
  // evaluated.
  using Bound = std::function<double()>;

  // Evaluates f once.
  Dop853(Field field, Allowed allowed, Bound bound, double s,
         std::vector<double> y);

  // 12 evaluations for each attempt.
  bool Step(double least_length) override;
  // By a shorter step from begin(), so that it is no less right than s(): 11
  // evaluations.
  double Interpolate(double s, std::span<double> y) override;
  std::span<const double> slope() const override { return slopes_.front(); }
  void Renew() override;
  // Writes y at a place close by, before or after where it stands, by one step
  // whose error nobody looks at.
  void Reach(double s, std::span<double> y);
  // By the bound.  Near the border of stability the error estimates say
  // nothing: steps are held well below it.  What two slopes of a step tell of
  // the rate is too low where the fastest mode is still.
  bool stiff() const override { return stiff_; }

 private:
  // The slope of stage `stage` of a step from (s, from) into slopes_[stage].
  void Evaluate(size_t stage, double s, double length,
                const std::vector<double>& from);
  // The estimated error of a step of this length by slopes_.
  double ErrorOf(double length) const;
  // Writes the end of a step from `from` by the slopes of its stages.
  void Place(double length, const std::vector<double>& from,
             std::span<double> y) const;

  const Bound bound_;
  bool stiff_ = false;
  // [stage]: of the step being taken.  The first is f at (s_, y_).
  std::vector<std::vector<double>> slopes_;
  std::vector<double> old_slope_;  // f at (begin_, old_)
  std::vector<double> room_;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DOP853_H_
