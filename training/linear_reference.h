#ifndef STEELYARD_TRAINING_LINEAR_REFERENCE_H_
#define STEELYARD_TRAINING_LINEAR_REFERENCE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "training/hard_margin.h"
#include "training/limit_direction.h"
#include "training/metric_table.h"
#include "training/tiles.h"
#include "training/weights.h"

namespace steelyard::training {

// Errors: FailedPrecondition where n * features > 10^7, above which no
// reference is sought; features: without a constant one.
absl::Status CheckReferenceSize(int64_t rows, int64_t features);

// Errors: FailedPrecondition with the reason why P2 says nothing of descent on
// this objective.
absl::Status CheckPredicted(const Loss& loss, double penalty_strength);

// How far a linear model is from the direction u in which descent on its loss
// ends, FindLimitDirection's, whatever trains it:
//   margin/ratio             (min_i z_i.theta / ||theta||) / min_i z_i.u
//   direction/gap            || theta/||theta|| - u ||
//   direction/cosine         1 - gap^2 / 2
//   direction/predicted_gap  GapPrediction's, where P2 of docs/science.md
//   speaks
//   direction/scaled_gap     gap ln t ||theta_hat||, likewise; tends to
//                            theory/gap_constant
//   theory/kl                sum_i p*_i ln(p*_i / share_i), where p* is
//   unique
class LinearReference {
 public:
  // Measures nothing and adds nothing to a table.
  LinearReference() = default;
  // Measures nothing: all six are absent, with this reason.
  LinearReference(absl::string_view reason, MetricTable& table);
  // Solves the hard-margin problem of the signed rows, and what else the loss
  // asks for; adds to `table` the metrics that there are, and why the others
  // are absent.  fixed_step: eta of
  // gradient descent on L = (1/n) sum_i w_i l(z_i.theta) with l exponential or
  // logistic; where the model is trained otherwise, an error with the reason
  // why P2 says nothing.
  LinearReference(const Tiles& rows, const Loss& loss,
                  const RowWeights& weights,
                  const absl::StatusOr<double>& fixed_step, MetricTable& table);

  // The largest margin, of whatever loss; null where there is none.
  const HardMargin* solution() const {
    return solution_ ? &*solution_ : nullptr;
  }
  const std::optional<GapPrediction>& prediction() const { return prediction_; }

  // Takes other weights for what depends on them; rows: the constructor's.
  void SetWeights(const Tiles& rows, const RowWeights& weights);

  // Appends ratio, gap, cosine, predicted and scaled gap.  log_step: ln t;
  // theta: [d], finite, not 0; margin: min_i z_i.theta / ||theta|| as
  // `margin/normalized` has it.
  void MeasureDirection(double log_step, const double* theta, double margin,
                        std::vector<MetricValue>& values) const;
  // Appends theory/kl.
  void MeasureDivergence(std::vector<MetricValue>& values) const;

 private:
  using Id = std::optional<uint32_t>;  // nothing: absent for the whole run

  void AddLimit(const Tiles& rows, const Loss& loss, const RowWeights& weights,
                MetricTable& table);
  void AddPrediction(const Tiles& rows, const RowWeights& weights,
                     const absl::StatusOr<double>& fixed_step,
                     MetricTable& table);

  std::optional<HardMargin> solution_;
  std::optional<LimitDirection> limit_;
  Loss loss_;  // whose it is
  std::optional<GapPrediction> prediction_;
  double fixed_step_ = 0;  // where there is a prediction
  double divergence_ = 0;
  uint32_t ratio_id_ = 0;  // the gap's and the cosine's are the next
  Id predicted_id_;        // the scaled gap's is the next
  Id divergence_id_;
};

// parameters/0 ... parameters/(d-1), theta itself, where d is at most 16.
class ShownParameters {
 public:
  ShownParameters() = default;  // shows none
  ShownParameters(int64_t d, MetricTable& table);

  // Appends them; theta: [d].
  void Measure(const double* theta, std::vector<MetricValue>& values) const;

 private:
  int64_t count_ = 0;
  uint32_t first_id_ = 0;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_LINEAR_REFERENCE_H_
