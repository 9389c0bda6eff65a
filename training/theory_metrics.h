#ifndef STEELYARD_TRAINING_THEORY_METRICS_H_
#define STEELYARD_TRAINING_THEORY_METRICS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "training/hard_margin.h"
#include "training/metric_table.h"
#include "training/stepper.h"
#include "training/tiles.h"
#include "training/trainer.h"
#include "training/weights.h"

namespace steelyard::training {

// What theory says of a linear model in full-batch descent, and what it speaks
// of (P2, P4, P8 of docs/science.md):
//   train/loss_slope     d ln L / d ln t of the flow that the step follows:
//                        -t eta ||grad L||^2 / L, tends to -1
//   margin/smoothed      l^-1(sum_i (w_i / min w) l(m_i)) / ||theta||
//   theory/gap_constant  e of P2
//   dual/gap             F(q) - gamma*^2 / 2, F(q) = ||sum_i q_i z_i||^2 / 2,
//   q_i
//                        in proportion to w_i (-l'(m_i)): at least 0
//   bound/p4_a           KL(p* || s) / t, bounds dual/gap
//   bound/p4_b           [1 + (KL / gamma*)(1 + ln t)] / (gamma* t), bounds 1 -
//   cos bound/p4_c           [1/2 + ln(1 / min s)] / (gamma* t), bounds gamma*
//   less
//                        margin/normalized
// with s_i = w_i / sum w.  The bounds hold for steps scaled by the loss, of the
// exponential loss and rate 1, where no row is longer than 1.
class TheoryMetrics {
 public:
  TheoryMetrics() = default;
  // Measures nothing: all are absent, with this reason.
  TheoryMetrics(const char* reason, MetricTable& table);
  // reference: null where there is none, gap_constant too.
  TheoryMetrics(const LinearProblem& problem, const Tiles& rows,
                const RowWeights& weights, const HardMargin* reference,
                std::optional<double> gap_constant, MetricTable& table);

  // rows: as the constructor's; norm: ||theta||; margins: u, [n]; log_loss:
  // ln L.
  void Measure(const StepTime& at, const Tiles& rows, double norm,
               std::span<const double> margins, double log_loss,
               std::vector<MetricValue>& values);

 private:
  using Id = std::optional<uint32_t>;  // nothing: absent for the whole run

  void AddSlope(const LinearProblem& problem, MetricTable& table);
  void AddSmoothed(MetricTable& table);
  void AddDual(const Tiles& rows, const HardMargin* reference,
               MetricTable& table);
  void AddBounds(const LinearProblem& problem, const Tiles& rows,
                 const RowWeights& weights, const HardMargin* reference,
                 MetricTable& table);
  void MeasureDual(const Tiles& rows, std::vector<MetricValue>& values);
  void MeasureBounds(int64_t step, std::vector<MetricValue>& values) const;
  // Whether the gradient, `length` of which is left of the pulls, is what
  // rounding leaves of it so late that t times that is anything.
  bool IsRounding(const Tiles& rows, double length, const StepTime& at) const;
  // t rate L ||grad L / L||^2; squares: that of the last.
  double LossSlope(const StepTime& at, double log_loss, double squares) const;

  Loss loss_;
  LearningRate rate_;
  bool scaled_ = false;  // by 1 / L
  int64_t steps_ = 0;
  std::vector<double> log_pull_;  // ln(c_i a D), [n]
  double log_least_ = 0;  // ln(min w / n): of L's terms to min-1 weights
  Id slope_id_;
  Id smoothed_id_;
  Id constant_id_;
  double constant_ = 0;
  Id dual_id_;
  std::vector<double> optimum_;  // g* = gamma* theta*, [d]
  std::vector<double> slack_;    // z_i.g* - gamma*^2, [n]
  Id bounds_id_;                 // of p4_a; b and c follow
  double gamma_ = 0;
  double divergence_ = 0;
  double log_least_share_ = 0;
  AlignedDoubles pull_;     // [8 * tiles]
  AlignedDoubles partial_;  // [d, 8]
  AlignedDoubles sum_;      // [d]
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_THEORY_METRICS_H_
