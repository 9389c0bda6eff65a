#ifndef STEELYARD_TRAINING_FAR_FIELD_H_
#define STEELYARD_TRAINING_FAR_FIELD_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "training/aligned.h"
#include "training/learning_rate.h"
#include "training/weight_schedule.h"

namespace steelyard::training {

// The flow whose samples the steps of full-batch descent are (P12 of
// docs/science.md), in s = ln t, t the number of steps:
//   d theta/ds = e^s ln(1 + Delta) theta
//              = G_0 - Delta G / 2 + Delta^2 G / 3 - ...,
// G_j = e^s eta (-grad L) after j real steps from theta, Delta^k G the k-th
// forward difference of G_0 ... G_k.  eta and the weights may follow a formula:
// those of G_j are of the step after t + j.
//
// A model gives Slope, so that no t is too large: e^s and the loss's slope as
// one exponential.
class FarField {
 public:
  static constexpr int kMostTerms = 8;
  static constexpr int64_t kMostModes = 1000;  // parameters, for Modes

  // What changes from step to step beside theta.
  struct Course {
    LearningRate rate;
    WeightSchedule weights = {};
    int64_t steps = 0;  // of the run
  };

  // dimension: of theta, d.
  FarField(int64_t dimension, const Course& course);
  FarField(const FarField&) = delete;
  FarField& operator=(const FarField&) = delete;
  virtual ~FarField() = default;

  int64_t dimension() const { return dimension_; }

  // Formulas hold from step to step but at some: takes those of the step after
  // `step`.  At first those of the first step.
  void Begin(int64_t step);
  // The first step after `step` where others hold; INT64_MAX where none does.
  int64_t NextBreak(int64_t step) const;

  // Writes the sum of the first `terms` terms, 1 to kMostTerms, at theta, [d]:
  // as many gradients.
  void Evaluate(double s, int terms, std::span<const double> theta,
                std::span<double> field);

  // The eigenvalues of the field's Jacobian at theta, [d], and its orthonormal
  // eigenvectors, [d, d] one after the other, but for what the first step moves
  // the second's Hessian.
  void Modes(double s, int terms, std::span<const double> theta,
             std::span<double> values, std::span<double> vectors);

  // Whether the flow never leads two places further apart: where L is convex.
  virtual bool contracts() const = 0;
  // Writes exp(length J) v for v, [d], J the Jacobian of the first term at (s,
  // theta): where the flow leads a small difference from theta, until s has
  // grown by `length`.  Returns how many gradients that took.
  int64_t Carry(double s, double length, std::span<const double> theta,
                std::span<double> v);

  // Whether steps at s come to rest along the steepest of the last Modes: where
  // its curvature times the rate is 2 they swing for ever.
  bool Stable(double s) const;

  // A bound of the largest of those eigenvalues' sizes, at the place of the
  // last gradient.
  virtual double RateBound() const = 0;

  // The longest gradient of a row's margin at theta, [d].
  virtual double LongestRow(std::span<const double> theta) = 0;

  // How far s may go until a margin comes to a place where the loss's slope, or
  // its derivative, jumps, along `field` at theta; infinite where there is
  // none.  What is watched is watched from theta on.
  virtual double ToKink(std::span<const double> theta,
                        std::span<const double> field) = 0;

  // Where the part of theta that converges is nearer than `allowed`, or what
  // rounds, to where it goes, puts it there, holds it there from now on, and
  // returns how far off rounding may have put it: at most 50 times `allowed`.
  // Here that is all of theta, at a minimum of L which steps come to: its
  // Hessian, and where that has no curvature that no double shows, nothing
  // pulls.  Nothing where formulas still change.  Costs as Modes.
  virtual std::optional<double> Settle(double s, double allowed,
                                       std::span<double> theta);
  // Holds again what has been settled, or lets it go.
  virtual void Hold() { settled_ = dimension_; }
  virtual void Release() { settled_ = 0; }
  // Of how many dimensions the held part is.
  int64_t settled() const { return settled_; }

  // Whether the largest curvature, times the rate of the step after t, is above
  // 1, so that steps swing over; above 2 they lead places that are near each
  // other apart.  Costs a gradient where a bound says no, or Modes would take
  // too long and it says yes; else as Modes.
  bool Swings(double t, std::span<const double> theta);

  // Takes real steps, the first of them after t steps; theta: [d].  Whether one
  // of them turned the slope by as much as it was long: such a step throws
  // theta about, as those of Swings do.
  bool TakeSteps(double t, int64_t count, std::span<double> theta);

  // Of the last Evaluate: the length of Delta^k G for each k < terms, what only
  // rounds left out where the model knows of it, and the least margin.
  std::span<const double> differences() const { return differences_; }
  double least_margin() const { return first_margin_; }
  // Whether no margin has passed a place where the loss's slope, or its
  // derivative, jumps, in any gradient since Watch().
  bool smooth() const { return smooth_; }
  void Watch() {
    smooth_ = true;
    sides_.clear();
  }
  // Forgets what has passed, but not from where on it is watched.
  void Forgive() { smooth_ = true; }

 protected:
  // Writes e^log_factor (-grad L), [d], and sets least_margin_; `strength` is
  // that of the weights (weight_schedule.h).  Calls CheckSides.
  virtual void Slope(double log_factor, double strength, const double* theta,
                     double* slope) = 0;
  // Writes the eigenvalues and eigenvectors of e^log_factor times L's Hessian.
  // The default differentiates Slope: 2 d gradients.
  virtual void Curvature(double log_factor, double strength,
                         std::span<const double> theta,
                         std::span<double> values, std::span<double> vectors);

  // The length of a difference, [d], of which rounding may have left `noise`.
  virtual double Length(const double* difference, double noise) const;

  // Sees whether a row stands on another side of the kink, if there is one,
  // than at the first call since Watch().  margins: u, [n].
  void CheckSides(const std::optional<double>& kink,
                  std::span<const double> margins);
  // Moves theta along `count` eigenvectors to where a slope of L vanishes, by
  // steps of Newton's method, and returns how far off that may be, as Settle:
  // nothing where one is longer than `allowed` and what rounds, or the place is
  // no minimum that steps come to.  values, vectors: of the Hessian times the
  // rate.
  struct Basin {
    int64_t count = 0;
    std::span<const double> values;
    std::span<const double> vectors;
    double allowed = 0;
  };
  std::optional<double> Descend(double s, const Basin& basin,
                                std::span<double> theta);
  // One such step, from `place`, which it moves: how long it was, how far off
  // what rounds may put it, and how steep L is where it is flat.
  struct Way {
    double length = 0;
    double doubt = 0;
    double along_flat = 0;
  };
  Way TakeNewtonStep(double s, const Basin& basin, double steepest,
                     std::span<double> place);
  // Whether nothing pulls at theta, not even e^s times.
  bool Rests(double s, std::span<const double> theta);
  // Whether no formula ever changes again.
  bool Constant() const;
  // ln of the rate, and the strength, of the step after e^s + ahead.
  double LogRate(double s, int ahead) const;
  double Strength(double s, int ahead) const;

  double least_margin_ = 0;
  // What rounding may have left of the last slope, as a length; 0: not known.
  double noise_ = 0;
  // The least curvature that a penalty gives the last slope in all directions.
  double least_bend_ = 0;
  // Beside the largest curvature, what rounding leaves of one.
  double curvature_noise_ = 1e-8;
  // What rounding may leave of a slope where nothing pulls, over the largest
  // curvature times ||theta||.
  double slope_noise_ = std::numeric_limits<double>::epsilon();
  // Whether nothing ever pulls where the Hessian at a minimum is flat.
  bool bounded_ = false;
  int64_t settled_ = 0;

 private:
  const int64_t dimension_;
  const Course course_;
  int64_t piece_ = 0;                         // a step whose formulas hold
  AlignedArray<double> theta_;                // [d]
  std::vector<AlignedArray<double>> slopes_;  // G_j, then their differences
  std::vector<double> differences_;
  double first_margin_ = 0;
  double steepest_ = 0;  // curvature of L, at the last Modes
  bool smooth_ = true;
  std::vector<char> sides_;  // of the kink, [n]; none since Watch()
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_FAR_FIELD_H_
