#ifndef STEELYARD_TRAINING_NETWORK_FIELD_H_
#define STEELYARD_TRAINING_NETWORK_FIELD_H_

#include <cstdint>
#include <span>
#include <vector>

#include "training/aligned.h"
#include "training/far_field.h"
#include "training/network.h"
#include "training/network_metrics.h"
#include "training/network_problem.h"
#include "training/objective.h"
#include "training/weights.h"

namespace steelyard::training {

// The flow of a network whose activation has no kink, by full batches in
// double precision.  What has converged is all of theta or nothing: FarField's
// way, by a Hessian of differences.
class NetworkField final : public FarField {
 public:
  // `problem` is checked; `train`: its rows, must outlive this; weights:
  // theirs.
  NetworkField(const NetworkProblem& problem, const RowWeights& weights,
               const NetworkRows<double>& train);

  bool contracts() const override;
  // Of the Hessian by the last gradient's pulls and the rows' gradients and
  // second derivatives at the last LongestRow.  Never infinite.
  double RateBound() const override;
  // Costs about two thirds of a gradient.
  double LongestRow(std::span<const double> theta) override;
  double ToKink(std::span<const double> theta,
                std::span<const double> field) override;

 private:
  void Slope(double log_factor, double strength, const double* theta,
             double* slope) override;

  void SetStrength(double strength);
  // Writes u of the rows, [n].
  void Margins(const double* theta, std::span<double> margins);
  // Calls visit(first, count, outputs) for each chunk of rows.
  template <typename Visit>
  void ForEachChunk(const double* theta, Visit visit);
  // Bounds the second derivatives of row `row` of the chunk at hand, along
  // vectors of length 1: of u, whose slope by the outputs is `slopes`, [k].
  double BendOf(int64_t row, const double* x, const double* slopes) const;

  const Loss loss_;
  const Penalty penalty_;
  const Reduction reduction_;
  const Activation activation_;
  const NetworkRows<double>& train_;
  const std::vector<double> weights_;  // [n] normalised
  const double even_;                  // RowWeights::even
  Network<double> network_;
  double strength_ = -1;                  // that log_coefficients_ is of
  std::vector<double> log_coefficients_;  // ln c, [n]
  double steepest_scale_ = 1;             // the largest D of a class
  double log_factor_ = 0;                 // of the last Slope
  double bend_ = 0;                       // the penalty's curvature, likewise
  std::vector<double> margins_;           // u, likewise, [n]
  std::vector<double> pulls_;             // e^log_factor c |dl/du|, likewise
  std::vector<double> squares_;           // of the rows' gradients, [n]
  std::vector<double> bends_;             // BendOf, [n]
  // Of the weights that lead on from a layer's inputs, [layer][inputs].
  std::vector<std::vector<double>> norms_;
  AlignedArray<double> slopes_;  // of a chunk, [rows, k]
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_NETWORK_FIELD_H_
