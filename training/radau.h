#ifndef STEELYARD_TRAINING_RADAU_H_
#define STEELYARD_TRAINING_RADAU_H_

#include <complex>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "training/ode_solver.h"

namespace steelyard::training {

// Where f is stiff and its Jacobian nearly symmetric: the implicit Runge-Kutta
// method Radau IIA of 5 stages and order 9, by simplified Newton steps, with an
// error estimate of order 5 and the collocation polynomial as dense output (E.
// Hairer, G. Wanner, Solving Ordinary Differential Equations II, 2nd edition,
// IV.5 and IV.8).  Nodes, matrix and its eigenvalues are computed, not tabled.
class Radau final : public OdeSolver {
 public:
  // Writes the eigenvalues, [d], and the orthonormal eigenvectors, [d, d] one
  // after the other, of a symmetric matrix near the Jacobian of f.
  using Modes =
      std::function<void(double s, std::span<const double> y,
                         std::span<double> values, std::span<double> vectors)>;

  // Evaluates f once.
  Radau(Field field, Allowed allowed, Modes modes, double s,
        std::vector<double> y);

  // The modes once; 5 evaluations for each Newton step, 1 or 2 more for each
  // attempt.
  bool Step(double least_length) override;
  double Interpolate(double s, std::span<double> y) override;
  std::span<const double> slope() const override { return slope_; }
  void Renew() override;
  bool stiff() const override { return true; }

 private:
  static constexpr size_t kStages = 5;

  // Fills stages_ with y at the stages less y_.  False where Newton's steps do
  // not converge.
  bool Solve(double allowed);
  // The slopes at the stages, in modes, [stage][mode].
  void StageSlopes();
  // The estimated error of the attempt at hand, from f at (s_, y_) or near it.
  double ErrorOf(const std::vector<double>& slope);
  // Turns y into modes, and back.
  void ToModes(const std::vector<double>& y, std::vector<double>& modes) const;
  void FromModes(const std::vector<double>& modes,
                 std::vector<double>& y) const;

  const Modes modes_;
  std::vector<double> values_;                     // [d]
  std::vector<double> vectors_;                    // [d, d]
  std::vector<double> slope_;                      // f at (s_, y_)
  std::vector<std::vector<double>> stages_;        // [stage][d]
  std::vector<std::vector<double>> taken_stages_;  // those of the last step
  std::vector<std::vector<double>> mode_slopes_;   // [stage][mode]
  std::vector<std::vector<std::complex<double>>> unknowns_;  // [system][mode]
  std::vector<double> room_;
  std::vector<double> mode_room_;
  std::vector<double> error_room_;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_RADAU_H_
