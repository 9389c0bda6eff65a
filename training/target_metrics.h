#ifndef STEELYARD_TRAINING_TARGET_METRICS_H_
#define STEELYARD_TRAINING_TARGET_METRICS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "training/error_counts.h"
#include "training/metric_table.h"
#include "training/target.h"
#include "training/trainer.h"

namespace steelyard::training {

// Those of `target` of the rows numbered `kept`, if they are known.
std::vector<double> KeptTargetWeights(const std::optional<Target>& target,
                                      std::span<const int64_t> kept);

// How far the target is from the source: target/chi_square, target/renyi_2,
// target/kl, the same at every step.
class TargetDistance {
 public:
  // Nothing where there is no target.
  TargetDistance() = default;
  TargetDistance(const Target& target, MetricTable& table);

  void Measure(std::vector<MetricValue>& values) const;

 private:
  std::optional<Divergence> divergence_;
  uint32_t first_id_ = 0;
};

// What a target asks of one set of rows:
//   NAME/target_risk            sum_i w_i l_i / sum_i w_i, w = p_t / p_s
//   NAME/target_error           the same of errors
//   NAME/adjusted_error         the error with Target::adjustments
//   NAME/adjusted_balanced_error
class TargetSet {
 public:
  // Which of them there are.
  struct Options {
    std::string name;             // of the set
    std::vector<double> weights;  // w_i of its n rows, on any scale; or empty
    std::string reason;           // why they are not known
    bool errors = true;           // labels are classes
  };

  // None.
  TargetSet() = default;
  TargetSet(const Target& target, Options options, MetricTable& table);

  // Whether the risk is wanted.
  bool has_risk() const { return !weights_.empty(); }
  // w_i of mean 1, [n]; empty where there is none.
  std::span<const double> weights() const { return weights_; }
  // Whether outputs are to be adjusted.
  bool adjusts() const { return adjusted_id_.has_value(); }

  // Appends risk and error.  log_risk: ln of (1/n) sum_i weights()_i l_i;
  // margins: [n], those that decide the class.
  void MeasureRisk(double log_risk, std::span<const double> margins,
                   std::vector<MetricValue>& values) const;
  // Appends the adjusted errors, as counted.
  void MeasureAdjusted(const ErrorCounts& counts,
                       std::vector<MetricValue>& values) const;

 private:
  std::vector<double> weights_;
  uint32_t risk_id_ = 0;
  std::optional<uint32_t> error_id_;
  std::optional<uint32_t> adjusted_id_;  // the balanced one's is next
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_TARGET_METRICS_H_
