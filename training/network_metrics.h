#ifndef STEELYARD_TRAINING_NETWORK_METRICS_H_
#define STEELYARD_TRAINING_NETWORK_METRICS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "training/aligned.h"
#include "training/class_axis.h"
#include "training/error_counts.h"
#include "training/exact_errors.h"
#include "training/group_errors.h"
#include "training/kkt_metrics.h"
#include "training/linear_reference.h"
#include "training/margin_bounds.h"
#include "training/metric_table.h"
#include "training/network.h"
#include "training/separable_part.h"
#include "training/stepper.h"
#include "training/target_metrics.h"
#include "training/trainer.h"
#include "training/weights.h"

namespace steelyard::training {

// Rows in a network's precision.
template <typename Real>
struct NetworkRows {
  std::string name;  // "train", or the test set's
  int64_t rows = 0;
  int64_t features = 0;                // the constant one counted
  AlignedArray<Real> values;           // [rows, features]
  std::vector<double> labels;          // [rows]
  std::vector<double> log_weights;     // ln of w_i and the loss's factor of the
                                       // row's class, [rows]; empty: all 0
  RowGroups groups;                    // [rows], each name with a row; or none
  std::vector<GaussianPart> parts;     // what they are drawn from, if known
  std::vector<double> target_weights;  // [rows] as TestSet has it; or empty

  const Real* row(int64_t i) const { return values.data() + i * features; }
};

// Measures a network at one step.  Its table of metrics is fixed when it is
// made.  A network that is a linear model (no hidden layer, one output, labels
// -1 and +1) is measured against the hard-margin reference of its training rows
// in its own precision, and theta is taken as the doubles that its parameters
// are; margins are those of its outputs, in its precision.
template <typename Real>
class NetworkMetrics {
 public:
  // `problem` is checked; the training rows are the first of `sets`, which must
  // outlive this.  Of a linear model: solves the hard-margin reference.
  NetworkMetrics(const NetworkProblem& problem, const RowWeights& weights,
                 std::span<const NetworkRows<Real>> sets);

  std::span<const std::string> names() const { return table_.names(); }
  std::span<const Absence> absent() const { return table_.absent(); }

  // The dual solution p* by row, [n]; empty where there is none.
  std::vector<double> DualSolution() const {
    return DualByRow(reference_.solution(), sets_[0].rows);
  }

  const SeparableRows& separable() const { return separable_; }

  // The number of the first metric of leaps, whose values are theirs to add;
  // nothing where the problem has none.
  std::optional<uint32_t> leap_id() const { return leap_id_; }

  // The values of `network` with these parameters, [parameters].
  // Errors: OutOfRange when a log-loss is not finite.
  absl::StatusOr<std::vector<MetricValue>> Measure(const StepTime& at,
                                                   const Real* theta,
                                                   Network<Real>& network);

 private:
  using Id = std::optional<uint32_t>;
  using Values = std::vector<MetricValue>;
  // Where the metrics of one set stand in names().
  struct SetIds {
    uint32_t log_loss = 0;
    uint32_t loss = 0;
    Id error;  // absent where labels are no classes
    Id balanced_error;
    Id fraction;  // of the first class; of the positive one
  };
  // What is counted over a set's rows.
  struct Counts {
    ErrorCounts errors;              // of each class
    ErrorCounts adjusted;            // likewise, with Target::adjustments
    std::vector<int64_t> predicted;  // as each class
  };

  uint32_t Add(const std::string& name) { return table_.Add(name); }
  SetIds AddSet(const std::string& name);
  void AddExact(const NetworkRows<Real>& set, int64_t columns);
  // Fills margins_ and loss_margins_; the classes' counts.
  Counts Predict(const NetworkRows<Real>& set, const Real* theta,
                 Network<Real>& network);
  LinearReference MakeReference(const NetworkProblem& problem,
                                const RowWeights& weights);
  ShownParameters MakeParameters(const NetworkProblem& problem);
  void AddDiagnostics(const NetworkProblem& problem, const RowWeights& weights);
  // Why there is no margin/normalized; empty where there is.
  std::string WhyNoMargin() const;
  // What is said of the training rows by their margins, while margins_ has
  // them; norm: ||theta||.
  void MeasureMargins(double norm, const Real* theta, Network<Real>& network,
                      Values& values);
  void AddTarget(const Target& target, int64_t columns);
  // log_weights: as NetworkRows has them.
  double LogLossOf(const NetworkRows<Real>& set,
                   std::span<const double> log_weights) const;
  void MeasureTarget(size_t number, Values& values);
  void AddCounts(const SetIds& ids, const Counts& counts, Values& values);
  absl::Status MeasureSet(const StepTime& at, size_t number, const Real* theta,
                          Network<Real>& network, Values& values);

  const Loss loss_;
  const Penalty penalty_;
  const int64_t classes_;  // 2 where the only output's sign decides; 0: none
  const bool signs_;       // that it does
  const bool linear_;      // without hidden layers, with one output
  const std::optional<int64_t> degree_;
  const double effective_sample_size_;
  const std::span<const NetworkRows<Real>> sets_;
  std::vector<double> margins_;       // that decide the class, [rows]
  std::vector<double> loss_margins_;  // that the loss is taken of; squared: f-y

  std::vector<double> theta_;  // of a linear model, as measured last

  MetricTable table_;
  std::vector<SetIds> set_ids_;
  std::vector<GroupErrors> group_errors_;  // of each set, if there are classes
  std::vector<ExactErrors> exact_errors_;  // of each set of a linear model
  // With a target, of each set.
  std::vector<TargetSet> target_sets_;
  std::vector<std::vector<double>> target_log_weights_;  // ln(w_i a_i)
  std::vector<ExactErrors> adjusted_exact_;              // of a linear model
  std::vector<double> adjustments_;  // of each output; of signs one, of f
  TargetDistance distance_;
  Id objective_id_;
  Id margin_id_;
  LinearReference reference_;
  uint32_t effective_id_ = 0;
  uint32_t norm_id_ = 0;
  ShownParameters parameters_;
  std::optional<MarginBounds> bounds_;  // where labels are classes
  ClassAxis axis_;
  KktMetrics kkt_;
  SeparableRows separable_;
  Id leap_id_;
};

extern template class NetworkMetrics<float>;
extern template class NetworkMetrics<double>;

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_NETWORK_METRICS_H_
