#ifndef STEELYARD_TRAINING_LINEAR_STEPPER_H_
#define STEELYARD_TRAINING_LINEAR_STEPPER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "training/descent.h"
#include "training/leaps.h"
#include "training/learning_rate.h"
#include "training/metrics.h"
#include "training/scaled_descent.h"
#include "training/stepper.h"
#include "training/weight_learner.h"
#include "training/weights.h"

namespace steelyard::training {

// Full-batch gradient descent on a linear model, from theta = 0.
class LinearStepper final : public Stepper {
 public:
  // `problem` is checked.  Solves the hard-margin reference.
  LinearStepper(const LinearProblem& problem, const RowWeights& weights);

  std::span<const std::string> metrics() const override {
    return metrics_.names();
  }
  std::span<const Absence> absent() const override { return metrics_.absent(); }
  absl::Status Run(int64_t step, int64_t count) override;
  absl::Status RunFar(double log_step) override;
  absl::StatusOr<std::vector<MetricValue>> Measure(const StepTime& at) override;
  int64_t parameters() const override {
    return static_cast<int64_t>(theta_.size());
  }
  void ReadParameters(int64_t first, std::span<double> to) const override;
  int64_t outputs() const override { return 1; }
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
  int64_t state_words() const override {
    return static_cast<int64_t>(theta_.size()) + (scaled_ ? 2 : 0) +
           (learner_ ? metrics_.train().rows() : 0) +
           (leaps_ ? leaps_->state_words() : 0);
  }
  void WriteState(std::span<uint64_t> words) const override;
  absl::Status ReadState(const StepTime& at,
                         std::span<const uint64_t> words) override;

 private:
  // Takes `count` real steps after `step`.  Errors: as Run.
  absl::Status RunReal(int64_t step, int64_t count);
  // Puts the weights of the step after `step` into what takes it.
  void SetWeights(int64_t step);
  // Puts the learned weights into what takes the step, and learns from theta.
  void Learn();
  absl::Status ReadLearned(std::span<const uint64_t> words);
  // Takes `count` steps after `step`, whatever theta becomes.
  absl::Status Take(int64_t step, int64_t count);
  // The first parameter that is not finite; d when all are.
  size_t FirstNotFinite() const;

  // d, without the constant feature.
  int64_t features() const {
    return metrics_.train().columns() - (bias_ ? 1 : 0);
  }

  const bool bias_;
  const bool fixed_;
  const LearningRate rate_;
  const WeightSchedule weight_schedule_;
  const std::vector<double> weights_;  // [n] normalised
  const double even_;                  // RowWeights::even
  std::vector<double> coefficients_;   // of the last step whose weights change
  const std::vector<int64_t> kept_;    // RowWeights::kept
  const int64_t steps_;
  Metrics metrics_;
  Descent descent_;                       // reads the rows in metrics_
  std::optional<ScaledDescent> scaled_;   // likewise; where steps are scaled
  std::optional<WeightLearner> learner_;  // likewise; where weights are learned
  std::unique_ptr<Leaps> leaps_;
  std::vector<double> theta_;
  std::vector<double> checked_theta_;  // as last found finite
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_LINEAR_STEPPER_H_
