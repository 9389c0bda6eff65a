#ifndef STEELYARD_TRAINING_FAR_FIELD_H_
#define STEELYARD_TRAINING_FAR_FIELD_H_

#include <cstdint>
#include <span>
#include <vector>

#include "training/objective.h"
#include "training/tiles.h"

namespace steelyard::training {

// The flow whose samples the steps of full-batch descent with a fixed rate eta
// are (P12 of docs/science.md), in s = ln t, t the number of steps:
//   d theta/ds = e^s ln(1 + Delta) theta
//              = G_0 - Delta G / 2 + Delta^2 G / 3 - ...,
// G_j = e^s eta (-grad L) after j real steps from theta, L = sum_i c_i a_i
// l(u_i) as in descent.h, and Delta^k G the k-th forward difference of G_0 ...
// G_k.  e^s l'(u) is taken as one exponential, so that no t is too large.
class FarField {
 public:
  static constexpr int kMostTerms = 8;

  // `tiles` must outlive this.  coefficients: c_i > 0, [n].  loss: all kinds
  // but kSquared and kSoftmaxCrossEntropy.
  FarField(const Tiles& tiles, std::span<const double> coefficients,
           const Loss& loss, double rate);

  int64_t dimension() const { return tiles_.columns(); }

  // Writes the sum of the first `terms` terms, 1 to kMostTerms, at theta, [d]:
  // as many gradients.
  void Evaluate(double s, int terms, std::span<const double> theta,
                std::span<double> field);

  // The eigenvalues of the field's Jacobian at theta, [d], and its orthonormal
  // eigenvectors, [d, d] one after the other, but for what the first step moves
  // the second's Hessian: n d^2 + 9 d^3 operations.
  void Modes(double s, int terms, std::span<const double> theta,
             std::span<double> values, std::span<double> vectors);

  // A bound of the largest of those eigenvalues' sizes, at the place of the
  // last gradient: the trace, 4 n operations.
  double RateBound() const;

  // Takes real steps, whatever s is; theta: [d].
  void TakeSteps(int64_t count, std::span<double> theta);

  // Of the last Evaluate: the length of Delta^k G for each k < terms, and the
  // least u.
  std::span<const double> differences() const { return differences_; }
  double least_margin() const { return least_margin_; }
  // Whether no row came to where the loss's slope may jump, of kPolynomial
  // below beta, in any gradient since Watch().
  bool smooth() const { return smooth_; }
  void Watch() { smooth_ = true; }

  int64_t gradients() const { return gradients_; }

 private:
  // Writes G, [d].
  void Slope(double s, const double* theta, double* slope);
  double Steepness(double u) const;
  // From u in margins_ to e^s c a D eta (-l'(u)) in pull_.
  void Pull(double s);

  const Tiles& tiles_;
  const Loss loss_;
  std::vector<double> log_pull_;        // ln(eta c a D), [8 * tiles]
  std::vector<double> scales_;          // D, [n]; none: all 1, and O 0
  std::vector<double> offsets_;         // O, [n]
  std::vector<double> squares_;         // ||z||^2, [n]
  AlignedDoubles margins_;              // [8 * tiles]
  AlignedDoubles pull_;                 // [8 * tiles], 0 beyond the rows
  AlignedDoubles partial_;              // [d, 8]
  AlignedDoubles theta_;                // [d]
  std::vector<AlignedDoubles> slopes_;  // G_j, then their differences
  std::vector<double> differences_;
  double least_margin_ = 0;
  bool smooth_ = true;
  int64_t gradients_ = 0;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_FAR_FIELD_H_
