#ifndef STEELYARD_TRAINING_NETWORK_STEPPER_H_
#define STEELYARD_TRAINING_NETWORK_STEPPER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "training/aligned.h"
#include "training/batch_order.h"
#include "training/lbfgs.h"
#include "training/leaps.h"
#include "training/network.h"
#include "training/network_metrics.h"
#include "training/stepper.h"
#include "training/update_rule.h"
#include "training/weights.h"

namespace steelyard::training {

// Descent on a network, or on a linear model, by batches, in Real.
template <typename Real>
class NetworkStepper final : public Stepper {
 public:
  // `problem` is checked.
  NetworkStepper(const NetworkProblem& problem, const RowWeights& weights);

  std::span<const std::string> metrics() const override {
    return metrics_.names();
  }
  std::span<const Absence> absent() const override { return metrics_.absent(); }
  absl::Status Run(int64_t step, int64_t count) override;
  absl::Status RunFar(double log_step) override;
  absl::StatusOr<std::vector<MetricValue>> Measure(const StepTime& at) override;
  int64_t parameters() const override { return theta_.size(); }
  void ReadParameters(int64_t first, std::span<double> to) const override;
  int64_t outputs() const override { return network_.outputs(); }
  void Predict(std::span<const double> features,
               std::span<double> outputs) override;
  std::vector<HeldRows> held_rows() const override;
  void ReadRows(size_t set, int64_t first, std::span<double> features,
                std::span<double> labels) const override;
  void ReadWeights(int64_t step, int64_t first,
                   std::span<double> to) const override;
  std::vector<double> DualSolution() const override {
    return metrics_.DualSolution();
  }
  std::vector<double> SeparablePart() const override {
    return metrics_.separable().part();
  }
  int64_t state_words() const override;
  void WriteState(std::span<uint64_t> words) const override;
  absl::Status ReadState(const StepTime& at,
                         std::span<const uint64_t> words) override;

 private:
  // Takes `count` real steps after `step`.  Errors: as Run.
  absl::Status RunReal(int64_t step, int64_t count);
  // d, without the constant feature.
  int64_t features() const { return sets_[0].features - (constant_ ? 1 : 0); }
  // What a training row weighs in this step.
  double WeightOf(int64_t row) const {
    return Blend(even_, weights_[static_cast<size_t>(row)], strength_);
  }
  // Adds the gradient of these rows' loss; returns it.
  double AddGradient(std::span<const int64_t> rows, double scale);
  // An iteration of lbfgs_.
  void Iterate();
  // The loss of the batch of the step after `step`; gradient_ is its gradient.
  double TakeGradient(int64_t step);

  const NetworkProblem options_;               // without its rows
  const bool constant_;                        // the rows have the feature 1
  const std::vector<double> weights_;          // [n] normalised
  const double even_;                          // RowWeights::even
  double strength_ = 1;                        // of the weights in this step
  const std::vector<NetworkRows<Real>> sets_;  // the training rows first
  BatchOrder order_;
  Network<Real> network_;
  NetworkMetrics<Real> metrics_;
  UpdateRule<Real> rule_;
  std::optional<Lbfgs> lbfgs_;    // in the place of rule_
  std::unique_ptr<Leaps> leaps_;  // in double precision
  AlignedArray<Real> theta_;
  AlignedArray<Real> gradient_;

  // One chunk of a batch.
  AlignedArray<Real> batch_;
  AlignedArray<Real> slopes_;
  std::vector<double> labels_;
  std::vector<double> coefficients_;
};

extern template class NetworkStepper<float>;
extern template class NetworkStepper<double>;

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_NETWORK_STEPPER_H_
