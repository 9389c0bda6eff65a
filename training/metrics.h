#ifndef STEELYARD_TRAINING_METRICS_H_
#define STEELYARD_TRAINING_METRICS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "training/class_axis.h"
#include "training/exact_errors.h"
#include "training/group_errors.h"
#include "training/kkt_metrics.h"
#include "training/linear_reference.h"
#include "training/margin_bounds.h"
#include "training/metric_table.h"
#include "training/separable_part.h"
#include "training/stepper.h"
#include "training/target_metrics.h"
#include "training/theory_metrics.h"
#include "training/tiles.h"
#include "training/trainer.h"
#include "training/weights.h"

namespace steelyard::training {

// Rows on which a model is measured.
struct MeasuredRows {
  std::string name;  // "train", or the test set's
  Tiles tiles;
  // ln of w_i and the loss's factor of the row's class, [n]; empty: all 0.
  std::vector<double> log_weights;
  RowGroups groups;                    // [n], each name with a row; or none
  std::vector<GaussianPart> parts;     // what they are drawn from, if known
  std::vector<double> target_weights;  // [n] as TestSet has it; or empty
};

// Measures a linear model at one step.  Its table of metrics is fixed when it
// is made; what is not defined for the whole run stands in absent().
class Metrics {
 public:
  // `problem` is checked; the training rows are the first of `sets`.  Solves
  // the hard-margin reference.
  Metrics(const LinearProblem& problem, const RowWeights& weights,
          std::vector<MeasuredRows> sets);

  std::span<const std::string> names() const { return table_.names(); }
  std::span<const Absence> absent() const { return table_.absent(); }
  // The training rows first.
  std::span<const MeasuredRows> sets() const { return sets_; }
  // The training rows.
  const Tiles& train() const { return sets_.front().tiles; }

  // The dual solution p* by row, [n]; empty where there is none.
  std::vector<double> DualSolution() const {
    return DualByRow(reference_.solution(), train().rows());
  }

  const SeparableRows& separable() const { return separable_; }

  // The first of those of Leaps; of problems that leap.
  std::optional<uint32_t> leap_id() const { return leap_id_; }

  // Takes other weights of the training rows, of the same rows.
  void SetWeights(const RowWeights& weights);

  // The values at a place; theta: [d], finite.
  // Errors: OutOfRange when a log-loss is not finite.
  absl::StatusOr<std::vector<MetricValue>> Measure(const StepTime& at,
                                                   const double* theta);

 private:
  // Where the metrics of one set stand in names().
  struct SetIds {
    uint32_t log_loss = 0;
    uint32_t loss = 0;
    uint32_t error = 0;
    uint32_t balanced_error = 0;
    uint32_t fraction_positive = 0;
  };
  using Values = std::vector<MetricValue>;

  uint32_t Add(const std::string& name) { return table_.Add(name); }
  void AddTarget(const Target& target, int64_t columns);
  void MeasureTarget(size_t number, const double* theta,
                     std::span<const double> margins, Values& values);
  LinearReference MakeReference(const LinearProblem& problem,
                                const RowWeights& weights);
  TheoryMetrics MakeTheory(const LinearProblem& problem,
                           const RowWeights& weights);
  // What is said of the training rows by their margins, while margins_ has
  // them.
  void MeasureMargins(double norm, const double* theta, Values& values) const;

  // What the loss is taken of, from margins_: u of objective.h, [n].
  std::span<const double> LossMargins(const MeasuredRows& set);
  absl::Status MeasureSet(const StepTime& at, size_t number,
                          const double* theta, Values& values);

  const Loss loss_;
  const Penalty penalty_;
  std::vector<MeasuredRows> sets_;
  AlignedDoubles margins_;       // room for the largest set
  AlignedDoubles loss_margins_;  // likewise, of a loss with margins of its own
  double train_log_loss_ = 0;    // at the last measure
  double least_margin_ = 0;      // of the training rows, at the last measure
  double effective_sample_size_;

  MetricTable table_;
  std::vector<SetIds> set_ids_;
  std::vector<GroupErrors> group_errors_;  // of each set
  std::vector<ExactErrors> exact_errors_;  // likewise
  // With a target, of each set.
  std::vector<TargetSet> target_sets_;
  std::vector<std::vector<double>> target_log_weights_;  // ln(w_i a_i), [n]
  std::vector<ExactErrors> adjusted_exact_;
  double adjustment_ = 0;  // of f, after the fact
  TargetDistance distance_;
  std::optional<uint32_t> objective_id_;  // nothing: absent for the whole run
  uint32_t margin_id_ = 0;
  LinearReference reference_;
  TheoryMetrics theory_;
  MarginBounds bounds_;
  ClassAxis axis_;
  KktMetrics kkt_;
  SeparableRows separable_;
  std::optional<uint32_t> leap_id_;
  uint32_t effective_id_ = 0;
  uint32_t norm_id_ = 0;
  ShownParameters parameters_;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_METRICS_H_
