#ifndef STEELYARD_TRAINING_CORRAL_H_
#define STEELYARD_TRAINING_CORRAL_H_

#include <cstdint>
#include <vector>

#include "Eigen/Core"
#include "training/double_double.h"
#include "training/tiles.h"

namespace steelyard::training {

// The affinely independent rows over which Wolfe's algorithm minimises, with
// the factorisation U = Q R of U = [u_1 ... u_k], u_i = (scale, z_i) in
// R^(d+1): then R'R = scale^2 11' + Z Z', and the affine minimiser solves R'R a
// = 1 up to a factor.  Q is kept, so that a new row's distance from the others'
// hull is known to rounding, not to its square root.
class Corral {
 public:
  using Vector = Eigen::VectorXd;

  // `rows` must outlive this; scale > 0, of the order of the rows' norms.
  Corral(const Tiles& rows, double scale);

  const std::vector<int64_t>& members() const { return members_; }
  bool Contains(int64_t row) const;

  // False, and nothing is done, when the row is in the others' hull as far as
  // rounding lets one see.
  bool Add(int64_t row);
  void Remove(int64_t place);  // counts members() from 0

  // The coefficients, with sum 1, of the point of least norm in the affine
  // hull; by member.
  Vector AffineMinimizer() const;
  // The same, refined with residuals in twice double's digits until these
  // can't tell it from the solution; change: the size of the last correction,
  // which tells how many digits are known.
  struct Refined {
    std::vector<DoubleDouble> p;
    double change = 0;
  };
  Refined RefinedMinimizer() const;

  // sum_i p_i z_i over the members, [d].
  std::vector<DoubleDouble> Combination(
      const std::vector<DoubleDouble>& p) const;
  // The same in double precision, of the p's high halves.
  Vector RoughCombination(const std::vector<DoubleDouble>& p) const;

  // The part of u_row that is orthogonal to all members', [d + 1].
  Vector Orthogonal(int64_t row) const;
  // The c with the least ||u_row - sum_i c_i u_i||; by member.
  Vector Coefficients(int64_t row) const;

 private:
  Vector Lifted(int64_t row) const;         // u_row
  Vector Solve(const Vector& right) const;  // R'R x = right
  // By member i, what z_i . point lacks to the mean of all: 0 at the minimiser.
  Vector Pull(const std::vector<DoubleDouble>& p) const;

  const Tiles& rows_;
  const double scale_;
  std::vector<int64_t> members_;
  Eigen::MatrixXd z_;  // [d, capacity], the members' rows as columns
  Eigen::MatrixXd q_;  // [d + 1, capacity]
  Eigen::MatrixXd r_;  // [capacity, capacity], upper
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_CORRAL_H_
