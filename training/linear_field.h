#ifndef STEELYARD_TRAINING_LINEAR_FIELD_H_
#define STEELYARD_TRAINING_LINEAR_FIELD_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "training/far_field.h"
#include "training/objective.h"
#include "training/tiles.h"
#include "training/weights.h"

namespace steelyard::training {

// The flow of a linear model: L(theta) = (1/n) sum_i w_i a_i l(u_i) + the
// penalty, as descent.h.
class LinearField final : public FarField {
 public:
  struct Objective {
    Loss loss;             // all kinds but kSquared and kSoftmaxCrossEntropy
    Penalty penalty = {};  // not kAbsolute
  };

  // `tiles` must outlive this.  weights: of its rows.  part: 1 for the rows
  // that can be separated (separable_part.h), 0 for the others; empty where
  // that is not known.
  LinearField(const Tiles& tiles, const RowWeights& weights,
              const Objective& objective, std::span<const double> part,
              const Course& course);

  bool contracts() const override;
  double RateBound() const override;
  double LongestRow(std::span<const double> /*theta*/) override {
    return longest_;
  }
  double ToKink(std::span<const double> theta,
                std::span<const double> field) override;
  // Where L has no minimum, what the rows span that can't be separated: they
  // pull nowhere else, and what the others pull there falls as 1 / t.
  std::optional<double> Settle(double s, double allowed,
                               std::span<double> theta) override;
  void Hold() override;
  void Release() override;

 private:
  // A diagonal of a Hessian's rows, and that of the penalty.
  struct Bend {
    double even = 0;   // times the identity
    double along = 0;  // times theta theta' / ||theta||^2
  };

  void Slope(double log_factor, double strength, const double* theta,
             double* slope) override;
  double Length(const double* difference, double noise) const override;
  void Curvature(double log_factor, double strength,
                 std::span<const double> theta, std::span<double> values,
                 std::span<double> vectors) override;

  void SetStrength(double strength);
  // Writes u, [n].
  void Margins(const double* theta);
  // From u in margins_ to e^log_factor c a D (-l'(u)) in pull_.
  void Pull(double log_factor);
  // Adds up the pull of each part into its own sum, that of the rest within its
  // span: elsewhere it is rounding.  size: ||theta||.
  void AddUpParts(double size, double* slope);
  Bend PenaltyBend(const double* theta) const;
  bool penalized() const { return objective_.penalty.strength > 0; }
  double scale(size_t i) const { return scales_.empty() ? 1 : scales_[i]; }
  // Whether a row takes part: those that can't be separated do not once they
  // are held.
  bool Moves(size_t i) const { return !held() || part_[i] != 0; }
  // Takes from `vector`, [d], what lies in the span of the rest.
  void LeaveSpan(double* vector) const;
  bool held() const { return !span_.empty() && settled_ > 0; }

  const Tiles& tiles_;
  const RowWeights weights_;
  const Objective objective_;
  const std::vector<double> part_;
  double strength_ = -1;          // that log_pull_ is of
  double longest_ = 0;            // row, with its D
  std::vector<double> shapes_;    // ln(a D), [n]
  std::vector<double> log_pull_;  // ln(c a D), [n]
  std::vector<double> scales_;    // D, [n]; none: all 1, and O 0
  std::vector<double> offsets_;   // O, [n]
  std::vector<double> squares_;   // ||z||^2, [n]
  std::vector<double> span_;      // of the rest: rows that can't be separated,
                                  // [m, d] orthonormal
  AlignedDoubles part_pull_;      // pull_ of one part
  AlignedDoubles rest_;           // its sum, [d]
  std::vector<double> off_;       // what of that lies off its span, [d]
  bool settling_ = false;         // the rest alone pulls
  double bend_ = 0;               // the penalty's largest curvature, likewise
  AlignedDoubles margins_;        // [8 * tiles]
  AlignedDoubles pull_;           // [8 * tiles], 0 beyond the rows
  AlignedDoubles partial_;        // [d, 8]
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_LINEAR_FIELD_H_
