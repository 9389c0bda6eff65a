#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "server/spec_path.h"
#include "server/spec_rows.h"
#include "server/spec_text.h"
#include "server/spec_words.h"

// Optimizer and regularizer.  The limits are the worker's:
// server/worker/make_network.cc, training/problem_check.cc.
namespace steelyard::server {
namespace {

bool IsAboveZero(double value) { return std::isfinite(value) && value > 0; }
bool IsAtLeastZero(double value) { return std::isfinite(value) && value >= 0; }
bool IsBelowOne(double value) { return value >= 0 && value < 1; }

double StrengthOf(const v1::Regularizer& regularizer) {
  if (regularizer.has_l1()) return regularizer.l1().strength();
  if (regularizer.has_power()) return regularizer.power().strength();
  return regularizer.l2().strength();
}

class OptimizerChecker {
 public:
  OptimizerChecker(const v1::RunSpec& spec, std::vector<Fault>* faults)
      : spec_(spec), faults_(faults) {}

  void Check() {
    CheckOptimizer();
    CheckRegularizer();
  }

 private:
  void Add(std::string path, std::string message) {
    faults_->push_back({std::move(path), std::move(message)});
  }

  void Want(bool right, std::string path, absl::string_view want, double got) {
    if (right) return;
    Add(std::move(path),
        absl::StrCat("want ", want, ", got ", ShowNumber(got)));
  }

  // With the defaults that are not there yet.
  bool IsLinear() const {
    return !spec_.has_model() || spec_.model().has_linear();
  }
  bool IsDouble() const {
    return spec_.precision() == v1::PRECISION_DOUBLE ||
           (spec_.precision() == v1::PRECISION_UNSPECIFIED && IsLinear());
  }

  void CheckOptimizer() {
    const v1::Optimizer& optimizer = spec_.optimizer();
    if (optimizer.has_gradient_descent()) {
      CheckDescent(optimizer.gradient_descent());
    }
    if (optimizer.has_sgd()) {
      const std::string path = "optimizer.sgd";
      CheckBatches(path, optimizer.sgd());
      const double momentum = optimizer.sgd().momentum();
      Want(IsBelowOne(momentum), FieldPath(path, "momentum"),
           "a value >= 0 and < 1", momentum);
      if (optimizer.sgd().nesterov() && momentum == 0) {
        Add(FieldPath(path, "nesterov"),
            "want momentum > 0 beside it, got none");
      }
    }
    if (optimizer.has_adam()) CheckAdam(optimizer.adam());
    if (optimizer.has_lbfgs()) CheckLbfgs(optimizer.lbfgs());
  }

  void CheckDescent(const v1::GradientDescent& descent) {
    const std::string path = "optimizer.gradient_descent";
    CheckRate(path, descent);
    CheckSchedule(FieldPath(path, "schedule"), descent.schedule());
    const v1::StepScaling scaling = descent.scaling();
    const std::string field = FieldPath(path, "scaling");
    if (!v1::StepScaling_IsValid(scaling)) {
      Add(field,
          absl::StrCat("want one of none, loss, gradient_norm, adaptive, "
                       "got the number ",
                       static_cast<int>(scaling)));
    }
    if (descent.has_leap()) CheckLeap(descent);
    if (scaling == v1::STEP_SCALING_NONE ||
        scaling == v1::STEP_SCALING_UNSPECIFIED) {
      return;
    }
    if (!IsLinearDescent(spec_)) {
      Add(field,
          "want none, but of a linear model in double precision from zeros "
          "with a loss of margins");
    }
    if (StrengthOf(spec_.regularizer()) > 0) {
      Add(field, "want none beside a regularizer");
    }
  }

  void WantForLeap(bool right, std::string path, absl::string_view want,
                   absl::string_view got) {
    if (right) return;
    Add(std::move(path),
        absl::StrCat("want ", want,
                     " with optimizer.gradient_descent.leap, got ", got));
  }

  void CheckLeap(const v1::GradientDescent& descent) {
    const std::string path = "optimizer.gradient_descent";
    const v1::Leap& leap = descent.leap();
    Want(!leap.has_tolerance() ||
             (leap.tolerance() >= 1e-13 && leap.tolerance() <= 1e-3),
         FieldPath(path, "leap.tolerance"), "1e-13 to 1e-3", leap.tolerance());
    const bool scaled = descent.scaling() != v1::STEP_SCALING_NONE &&
                        descent.scaling() != v1::STEP_SCALING_UNSPECIFIED;
    WantForLeap(!scaled, FieldPath(path, "scaling"), "none",
                ScalingWord(descent.scaling()));
    const bool endless = spec_.stop().log10_steps() > kMostNearLog10;
    if (endless && descent.schedule().has_cosine()) {
      Add(FieldPath(path, "schedule.cosine"),
          absl::StrCat("want constant, step or power with stop.log10_steps "
                       "above ",
                       kMostNearLog10, ", got cosine"));
    }
    if (endless) CheckLateChanges(descent.schedule());
    WantForLeap(IsDouble(), "precision", "double",
                IsLinear() ? "single" : "single, the default of networks");
    WantForLeap(!spec_.loss().has_hinge(), "loss.hinge", "another loss",
                "hinge");
    WantForLeap(!spec_.weighting().has_learned(), "weighting.learned",
                "weights that are not learned", "learned ones");
    const bool corners = spec_.regularizer().l1().strength() > 0;
    WantForLeap(!corners, "regularizer.l1.strength", "0, or l2 or power,",
                ShowNumber(spec_.regularizer().l1().strength()));
    CheckLeapOfUnits();
  }

  // As a spec has it: "loss".
  static std::string ScalingWord(v1::StepScaling scaling) {
    return absl::AsciiStrToLower(
        absl::StripPrefix(v1::StepScaling_Name(scaling), "STEP_SCALING_"));
  }

  // Above 10^18 steps a run has places, but no step at which anything changes.
  void CheckLateChanges(const v1::LearningRateSchedule& schedule) {
    const auto check = [this](const std::string& field, uint64_t step) {
      constexpr uint64_t kLast = 1'000'000'000'000'000'000;
      if (step <= kLast) return;
      Add(field, absl::StrCat("want at most 10^18 with stop.log10_steps above ",
                              kMostNearLog10, ", got ", step));
    };
    const std::string path = "optimizer.gradient_descent.schedule";
    check(FieldPath(path, "warm_up_steps"), schedule.warm_up_steps());
    for (int k = 0; k < schedule.step().at_size(); ++k) {
      check(absl::StrCat(path, ".step.at[", k, "]"), schedule.step().at(k));
    }
    const v1::WeightSchedule& weights = spec_.weighting().schedule();
    check("weighting.schedule.deferred.from", weights.deferred().from());
    check("weighting.schedule.annealed.until", weights.annealed().until());
  }

  // What leaps need of hidden layers.
  void CheckLeapOfUnits() {
    if (IsLinear()) return;
    const v1::Activation activation = spec_.model().mlp().activation();
    const bool smooth = !spec_.model().has_mlp() ||
                        activation == v1::ACTIVATION_TANH ||
                        activation == v1::ACTIVATION_QUADRATIC;
    const bool leaky = activation == v1::ACTIVATION_LEAKY_RELU;
    WantForLeap(smooth, "model.mlp.activation", "tanh or quadratic",
                leaky ? "leaky_relu" : "relu");
    WantForLeap(!spec_.initial().has_zeros(), "initial.zeros",
                "a start that tells hidden units apart", "zeros");
  }

  void CheckLbfgs(const v1::Lbfgs& lbfgs) {
    if (lbfgs.has_memory() && (lbfgs.memory() < 1 || lbfgs.memory() > 100)) {
      Add("optimizer.lbfgs.memory",
          absl::StrCat("want 1 to 100, got ", lbfgs.memory()));
    }
    if (!IsDouble()) {
      Add("precision", "want double with the optimizer lbfgs, got single");
    }
  }

  void CheckRegularizer() {
    const v1::Regularizer& regularizer = spec_.regularizer();
    const double strength = StrengthOf(regularizer);
    Want(IsAtLeastZero(strength),
         regularizer.has_l1()      ? "regularizer.l1.strength"
         : regularizer.has_power() ? "regularizer.power.strength"
                                   : "regularizer.l2.strength",
         "a finite value >= 0", strength);
    if (!regularizer.has_power()) return;
    const double exponent = regularizer.power().exponent();
    if (std::isfinite(exponent) && exponent >= 1) return;
    Add("regularizer.power.exponent",
        absl::StrCat("want a finite value >= 1, got ",
                     regularizer.power().has_exponent() ? ShowNumber(exponent)
                                                        : "nothing"));
  }

  template <typename Message>
  void CheckRate(const std::string& path, const Message& message) {
    if (IsAboveZero(message.learning_rate())) return;
    Add(FieldPath(path, "learning_rate"),
        absl::StrCat("want a finite value > 0, got ",
                     message.has_learning_rate()
                         ? ShowNumber(message.learning_rate())
                         : "nothing"));
  }

  template <typename Message>
  void CheckBatches(const std::string& path, const Message& message) {
    CheckRate(path, message);
    CheckSchedule(FieldPath(path, "schedule"), message.schedule());
    if (message.batch_size() > kMostSteps) {
      Add(FieldPath(path, "batch_size"),
          absl::StrCat("want at most the rows that are trained on, got ",
                       message.batch_size()));
    }
    Want(IsAtLeastZero(message.weight_decay()), FieldPath(path, "weight_decay"),
         "a finite value >= 0", message.weight_decay());
    if (v1::Reduction_IsValid(message.reduction())) return;
    Add(FieldPath(path, "reduction"),
        absl::StrCat("want batch_mean or weighted_mean, got the number ",
                     static_cast<int>(message.reduction())));
  }

  void CheckSchedule(const std::string& path,
                     const v1::LearningRateSchedule& schedule) {
    if (schedule.warm_up_steps() > kMostSteps) {
      Add(FieldPath(path, "warm_up_steps"),
          absl::StrCat("want at most ", kMostSteps, ", got ",
                       schedule.warm_up_steps()));
    }
    if (schedule.power().has_exponent()) {
      const double exponent = schedule.power().exponent();
      Want(IsAtLeastZero(exponent), FieldPath(path, "power.exponent"),
           "a finite value >= 0", exponent);
    }
    if (!schedule.has_step()) return;
    const v1::StepRate& falling = schedule.step();
    const std::string step = FieldPath(path, "step");
    if (falling.has_factor()) {
      Want(IsAboveZero(falling.factor()), FieldPath(step, "factor"),
           "a finite value > 0", falling.factor());
    }
    const std::string at = FieldPath(step, "at");
    if (falling.at().empty()) {
      return Add(at, "want at least one step, got none");
    }
    uint64_t before = 0;
    for (int i = 0; i < falling.at_size(); ++i) {
      if (falling.at(i) < before || falling.at(i) > kMostSteps) {
        return Add(IndexPath(at, static_cast<size_t>(i)),
                   absl::StrCat("want steps in ascending order, got ",
                                falling.at(i), " after ", before));
      }
      before = falling.at(i);
    }
  }

  void CheckAdam(const v1::Adam& adam) {
    const std::string path = "optimizer.adam";
    CheckBatches(path, adam);
    if (adam.has_beta1()) {
      Want(IsBelowOne(adam.beta1()), FieldPath(path, "beta1"),
           "a value >= 0 and < 1", adam.beta1());
    }
    if (adam.has_beta2()) {
      Want(IsBelowOne(adam.beta2()), FieldPath(path, "beta2"),
           "a value >= 0 and < 1", adam.beta2());
    }
    if (adam.has_epsilon()) {
      Want(IsAboveZero(adam.epsilon()), FieldPath(path, "epsilon"),
           "a finite value > 0", adam.epsilon());
    }
  }

  const v1::RunSpec& spec_;
  std::vector<Fault>* const faults_;
};

}  // namespace

void CheckOptimizer(const v1::RunSpec& spec, std::vector<Fault>* faults) {
  OptimizerChecker(spec, faults).Check();
}

}  // namespace steelyard::server
