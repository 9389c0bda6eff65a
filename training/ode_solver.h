#ifndef STEELYARD_TRAINING_ODE_SOLVER_H_
#define STEELYARD_TRAINING_ODE_SOLVER_H_

#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "training/penalty.h"

namespace steelyard::training {

inline double LengthOf(std::span<const double> y) {
  return NormOf(static_cast<int64_t>(y.size()), y.data());
}

// Solves dy/ds = f(s, y), y: [d], step by step.
class OdeSolver {
 public:
  // Writes f(s, y), [d].
  using Field = std::function<void(double s, std::span<const double> y,
                                   std::span<double> slope)>;
  // The error that a step of this length to (s, y) may have, as a Euclidean
  // length, > 0.
  using Allowed =
      std::function<double(double s, double length, std::span<const double> y)>;

  // What a step continues, besides (s, y): a solver of the same (s, y) that
  // takes it over goes on with the same bits.
  struct Pace {
    double length = 0.05;   // of the next attempt, > 0
    bool rejected = false;  // whether the attempt before it was
  };

  // Stands at (s, y).
  OdeSolver(Field field, Allowed allowed, double s, std::vector<double> y)
      : field_(std::move(field)),
        allowed_(std::move(allowed)),
        s_(s),
        y_(std::move(y)),
        begin_(s),
        old_(y_) {}
  virtual ~OdeSolver() = default;

  // Takes one step.  False, and it stands where it stood, where one that is
  // short enough is shorter than least_length.
  virtual bool Step(double least_length) = 0;
  // Writes y at a place from begin() to s(); returns how much more its
  // estimated error is than the step's.
  virtual double Interpolate(double s, std::span<double> y) = 0;
  // f(s(), y()).
  virtual std::span<const double> slope() const = 0;
  // f has changed where it stands: evaluates it again.
  virtual void Renew() = 0;
  // Whether the last step was held short by the fastest rate of f, not by the
  // error.
  virtual bool stiff() const = 0;

  double s() const { return s_; }
  std::span<const double> y() const { return y_; }
  // Where the last step began, and y there; s() and y() before there was one.
  double begin() const { return begin_; }
  std::span<const double> old() const { return old_; }
  // How long it was; 0 before there was one.
  double taken() const { return taken_; }
  // Its estimated error, as a Euclidean length.
  double error() const { return error_; }
  // Called before f is evaluated for a step that may or may not stand: what it
  // saw since the last call is what the step is made of.
  void set_on_try(std::function<void()> on_try) { on_try_ = std::move(on_try); }
  const Pace& pace() const { return pace_; }
  void set_pace(const Pace& pace) { pace_ = pace; }
  // Of f, but for Interpolate.
  int64_t evaluations() const { return evaluations_; }

 protected:
  void Try() {
    if (on_try_) on_try_();
  }
  // Moves on to `next`, which becomes room; the next step is `factor` times as
  // long.
  void Accept(double error, double factor, std::vector<double>& next) {
    begin_ = s_;
    taken_ = pace_.length;
    s_ += taken_;
    old_.swap(y_);
    y_.swap(next);
    error_ = error;
    pace_.length *= pace_.rejected && factor > 1 ? 1 : factor;
    pace_.rejected = false;
  }

  const Field field_;
  const Allowed allowed_;
  std::function<void()> on_try_;
  double s_;
  std::vector<double> y_;
  double begin_;
  std::vector<double> old_;
  double taken_ = 0;
  double error_ = 0;
  Pace pace_;
  int64_t evaluations_ = 0;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_ODE_SOLVER_H_
