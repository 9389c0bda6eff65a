#ifndef STEELYARD_TRAINING_LOOP_H_
#define STEELYARD_TRAINING_LOOP_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "training/run_state.h"
#include "training/schedule_steps.h"
#include "training/stepper.h"
#include "training/trainer.h"

namespace steelyard::training {

// The training loop of any model: steps up to the next evaluation, evaluates,
// and so on to the last step.  Adds one metric, of the run and not of a step:
//   train/separation_step  the first step that was evaluated and had
//                          train/error 0
class Loop final : public Trainer {
 public:
  // How long a run is: fields of its problem.
  struct Length {
    Schedule schedule;
    int64_t steps = 0;
    double log10_steps = 0;
  };

  // `fingerprint` tells this problem's states from those of others.
  // `early`: checked.
  Loop(std::unique_ptr<Stepper> stepper, const Length& length,
       const std::optional<EarlyStopping>& early, uint64_t fingerprint);

  std::span<const std::string> metrics() const override { return metrics_; }
  std::span<const Absence> absent() const override {
    return stepper_->absent();
  }
  int64_t step() const override { return place_.step; }
  int64_t next_ordinal() const override { return place_.next_ordinal; }
  bool stopped() const override { return place_.ended == RunEnd::kStopped; }
  bool done() const override {
    return place_.ended != RunEnd::kNot ||
           (place_.evaluated_step == steps_ && place_.far == FarCount());
  }
  bool stopped_early() const override { return place_.ended == RunEnd::kEarly; }

  absl::StatusOr<std::optional<Evaluation>> Advance(int64_t max_steps) override;
  absl::StatusOr<std::optional<Evaluation>> Stop() override;
  int64_t parameters() const override { return stepper_->parameters(); }
  void ReadParameters(int64_t first, std::span<double> to) const override {
    stepper_->ReadParameters(first, to);
  }
  int64_t outputs() const override { return stepper_->outputs(); }
  void Predict(std::span<const double> features,
               std::span<double> outputs) override {
    stepper_->Predict(features, outputs);
  }
  std::vector<HeldRows> held_rows() const override {
    return stepper_->held_rows();
  }
  void ReadRows(size_t set, int64_t first, std::span<double> features,
                std::span<double> labels) const override {
    stepper_->ReadRows(set, first, features, labels);
  }
  void ReadWeights(int64_t first, std::span<double> to) const override {
    stepper_->ReadWeights(place_.step, first, to);
  }
  std::vector<double> DualSolution() const override {
    return stepper_->DualSolution();
  }
  std::vector<double> SeparablePart() const override {
    return stepper_->SeparablePart();
  }
  std::string SaveState() const override;
  absl::Status RestoreState(absl::string_view state) override;

 private:
  // The step of the evaluation after that of `step`; the last has none.
  int64_t DueAfter(int64_t step) const {
    return step < steps_ ? schedule_.After(step) : steps_;
  }
  int64_t FarCount() const {
    return static_cast<int64_t>(schedule_.far().size());
  }
  // Where the run stands.
  StepTime Now() const;
  absl::StatusOr<std::optional<Evaluation>> Evaluate();
  absl::Status Failed(absl::Status error);
  // Appends train/separation_step, once there is one.
  void AddSeparation(std::vector<MetricValue>& values);
  // Ends the run when its metric has not fallen for too long.
  void CheckEarly(const std::vector<MetricValue>& values);

  const std::unique_ptr<Stepper> stepper_;
  const int64_t steps_;
  const ScheduleSteps schedule_;
  const std::optional<EarlyStopping> early_;
  const uint64_t fingerprint_;
  std::vector<std::string> metrics_;  // the stepper's, train/separation_step
  std::optional<uint32_t> error_metric_;  // train/error, of classes
  uint32_t early_metric_ = 0;
  RunPlace place_;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_LOOP_H_
