#include "training/problem_check.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "support/status_macros.h"
#include "training/network.h"
#include "training/rows_check.h"
#include "training/schedule_steps.h"

namespace steelyard::training {
namespace {

constexpr size_t kMostLayers = 64;
constexpr int64_t kMostParameters = 100'000'000;

absl::Status CheckArchitecture(const NetworkProblem& problem) {
  const Architecture& architecture = problem.architecture;
  if (architecture.hidden.size() >= kMostLayers) {
    return Want("architecture.hidden",
                absl::StrCat("at most ", kMostLayers, " layers in all"),
                architecture.hidden.size() + 1);
  }
  const bool classes = problem.loss.kind == Loss::kSoftmaxCrossEntropy;
  const bool either = problem.loss.kind == Loss::kFocal;
  if (architecture.outputs < (classes ? 2 : 1) ||
      (!classes && !either && architecture.outputs > 1)) {
    return Want("architecture.outputs",
                classes  ? "at least 2 classes"
                : either ? "at least 1"
                         : "1, as the loss needs",
                architecture.outputs);
  }
  int64_t inputs = problem.train.columns + 1;
  int64_t parameters = 0;
  std::vector<int64_t> units = architecture.hidden;
  units.push_back(architecture.outputs);
  for (const int64_t count : units) {
    if (count < 1 || count > kMostParameters / inputs) {
      return Want("architecture.hidden",
                  absl::StrCat("layers of 1 unit and more, and at most ",
                               kMostParameters, " parameters"),
                  count);
    }
    parameters += count * (inputs + 1);
    inputs = count;
  }
  if (parameters > kMostParameters) {
    return Want("architecture",
                absl::StrCat("at most ", kMostParameters, " parameters"),
                parameters);
  }
  return WantAtLeastZero("architecture.leak", architecture.leak);
}

absl::Status CheckInitial(const NetworkProblem& problem) {
  if (const auto* normal = std::get_if<NormalInitial>(&problem.initial)) {
    const size_t layers = problem.architecture.hidden.size() + 1;
    if (normal->standard_deviations.size() != layers) {
      return Want("initial.standard_deviations",
                  absl::StrCat("one for each of ", layers, " layers"),
                  normal->standard_deviations.size());
    }
    for (size_t l = 0; l < layers; ++l) {
      STEELYARD_RETURN_IF_ERROR(
          WantAtLeastZero(absl::StrCat("initial.standard_deviations[", l, "]"),
                          normal->standard_deviations[l]));
    }
  }
  const auto* given = std::get_if<GivenInitial>(&problem.initial);
  if (given == nullptr) return absl::OkStatus();
  const bool constant = problem.architecture.biases == Biases::kConstantInput;
  const int64_t count = CountParameters(MakeLayers(
      problem.architecture, problem.train.columns + (constant ? 1 : 0)));
  if (std::ssize(given->parameters) != count) {
    return Want("initial.parameters", absl::StrCat(count, " values"),
                given->parameters.size());
  }
  const auto bad =
      std::find_if(given->parameters.begin(), given->parameters.end(),
                   [](double value) { return !std::isfinite(value); });
  if (bad == given->parameters.end()) return absl::OkStatus();
  return Want(
      absl::StrCat("initial.parameters[", bad - given->parameters.begin(), "]"),
      "a finite value", *bad);
}

// What training sees of it must be finite too.
absl::Status CheckSingle(absl::string_view where,
                         std::span<const double> values, int64_t columns) {
  const auto bad = std::find_if(values.begin(), values.end(), [](double value) {
    return std::isinf(static_cast<float>(value));
  });
  if (bad == values.end()) return absl::OkStatus();
  const auto place = bad - values.begin();
  return Want(columns > 0 ? absl::StrCat(where, " row ", place / columns,
                                         ", feature ", place % columns)
                          : absl::StrCat(where, "[", place, "]"),
              "a value within single precision's range, or double precision",
              *bad);
}

absl::Status CheckPrecision(const NetworkProblem& problem) {
  if (problem.precision == Precision::kDouble) return absl::OkStatus();
  STEELYARD_RETURN_IF_ERROR(
      CheckSingle("data", problem.train.features, problem.train.columns));
  for (const TestSet& test : problem.tests) {
    STEELYARD_RETURN_IF_ERROR(CheckSingle(absl::StrCat("test_sets.", test.name),
                                          test.rows.features,
                                          test.rows.columns));
  }
  const auto* given = std::get_if<GivenInitial>(&problem.initial);
  return given == nullptr
             ? absl::OkStatus()
             : CheckSingle("initial.parameters", given->parameters, 0);
}

absl::Status CheckBelowOne(absl::string_view where, double value) {
  if (value >= 0 && value < 1) return absl::OkStatus();
  return Want(where, "a value >= 0 and < 1", value);
}

absl::Status CheckRule(const Rule& rule) {
  if (const auto* momentum = std::get_if<MomentumRule>(&rule)) {
    return CheckBelowOne("rule.momentum", momentum->momentum);
  }
  const auto* adam = std::get_if<AdamRule>(&rule);
  if (adam == nullptr) return absl::OkStatus();
  STEELYARD_RETURN_IF_ERROR(CheckBelowOne("rule.beta1", adam->beta1));
  STEELYARD_RETURN_IF_ERROR(CheckBelowOne("rule.beta2", adam->beta2));
  return WantAboveZero("rule.epsilon", adam->epsilon);
}

absl::Status CheckRate(const LearningRate& rate) {
  STEELYARD_RETURN_IF_ERROR(WantAboveZero("rate.initial", rate.initial));
  if (rate.warm_up_steps < 0) {
    return Want("rate.warm_up_steps", "at least 0", rate.warm_up_steps);
  }
  const auto* falling = std::get_if<StepRate>(&rate.schedule);
  if (const auto* power = std::get_if<PowerRate>(&rate.schedule)) {
    return WantAtLeastZero("rate.exponent", power->exponent);
  }
  if (falling == nullptr) return absl::OkStatus();
  if (!std::is_sorted(falling->at.begin(), falling->at.end())) {
    return Want("rate.at", "steps in ascending order", "others");
  }
  return WantAboveZero("rate.factor", falling->factor);
}

absl::Status CheckPenalty(const Penalty& penalty) {
  STEELYARD_RETURN_IF_ERROR(
      WantAtLeastZero("penalty.strength", penalty.strength));
  if (penalty.kind != Penalty::kPower ||
      (std::isfinite(penalty.exponent) && penalty.exponent >= 1)) {
    return absl::OkStatus();
  }
  return Want("penalty.exponent", "a finite value >= 1", penalty.exponent);
}

absl::Status CheckLbfgs(const NetworkProblem& problem) {
  const auto* lbfgs = std::get_if<LbfgsRule>(&problem.rule);
  if (lbfgs == nullptr) return absl::OkStatus();
  if (lbfgs->memory < 1 || lbfgs->memory > 100) {
    return Want("rule.memory", "1 to 100", lbfgs->memory);
  }
  if (problem.precision != Precision::kDouble) {
    return Want("precision", "double with L-BFGS", "single");
  }
  if (problem.batches.size != 0) {
    return Want("batches.size", "0 with L-BFGS", problem.batches.size);
  }
  if (problem.weight_decay != 0) {
    return Want("weight_decay", "0 with L-BFGS", problem.weight_decay);
  }
  if (!std::holds_alternative<AlwaysWeighted>(problem.weight_schedule)) {
    return Want("weight_schedule", "none with L-BFGS", "one");
  }
  return absl::OkStatus();
}

absl::Status CheckBatches(const NetworkProblem& problem) {
  if (problem.batches.size >= 0 && problem.batches.size <= problem.train.rows) {
    return absl::OkStatus();
  }
  return Want("batches.size",
              absl::StrCat("0 to ", problem.train.rows, ", the training rows"),
              problem.batches.size);
}

LabelKind LabelsOf(const NetworkProblem& problem) {
  if (problem.loss.kind == Loss::kSquared) {
    return {.values = LabelValues::kNumbers};
  }
  const bool focal_classes =
      problem.loss.kind == Loss::kFocal && problem.architecture.outputs > 1;
  if (problem.loss.kind == Loss::kSoftmaxCrossEntropy || focal_classes) {
    return {.values = LabelValues::kClasses,
            .classes = problem.architecture.outputs};
  }
  return {.values = LabelValues::kSigns};
}

absl::Status CheckValues(absl::string_view where,
                         std::span<const double> values, int64_t count,
                         bool above_zero) {
  if (!values.empty() && std::ssize(values) != count) {
    return Want(where, absl::StrCat("none or ", count, " values"),
                values.size());
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const double value = values[i];
    if (std::isfinite(value) && (value > 0 || !above_zero)) continue;
    return Want(absl::StrCat(where, "[", i, "]"),
                above_zero ? "a finite value > 0" : "a finite value", value);
  }
  return absl::OkStatus();
}

absl::Status CheckLoss(const Loss& loss, int64_t outputs) {
  if (loss.kind == Loss::kPolynomial) {
    STEELYARD_RETURN_IF_ERROR(WantAboveZero("loss.alpha", loss.alpha));
    if (!(std::fabs(loss.beta) <= 700)) {
      return Want("loss.beta", "a value of -700 to 700", loss.beta);
    }
  }
  if (loss.kind == Loss::kFocal) {
    STEELYARD_RETURN_IF_ERROR(WantAtLeastZero("loss.gamma", loss.gamma));
  }
  const ClassMargins& margins = loss.margins;
  if (margins.none()) return absl::OkStatus();
  if (loss.kind != Loss::kLogistic && loss.kind != Loss::kFocal &&
      loss.kind != Loss::kSoftmaxCrossEntropy) {
    return Want("loss.margins", "none with this loss", "some");
  }
  const int64_t k = std::max<int64_t>(outputs, 2);
  STEELYARD_RETURN_IF_ERROR(
      CheckValues("loss.margins.scales", margins.scales, k, true));
  STEELYARD_RETURN_IF_ERROR(
      CheckValues("loss.margins.offsets", margins.offsets, k * k, false));
  return CheckValues("loss.margins.factors", margins.factors, k, true);
}

absl::Status CheckWeightSchedule(const WeightSchedule& schedule) {
  if (const auto* deferred = std::get_if<DeferredWeights>(&schedule)) {
    if (deferred->from >= 0) return absl::OkStatus();
    return Want("weight_schedule.from", "at least 0", deferred->from);
  }
  const auto* annealed = std::get_if<AnnealedWeights>(&schedule);
  if (annealed == nullptr) return absl::OkStatus();
  if (annealed->from < 0) {
    return Want("weight_schedule.from", "at least 0", annealed->from);
  }
  if (annealed->until > annealed->from) return absl::OkStatus();
  return Want("weight_schedule.until", "a step after `from`", annealed->until);
}

template <typename Problem>
absl::Status CheckRun(const Problem& problem) {
  if (problem.steps < 1) return Want("steps", "at least 1", problem.steps);
  STEELYARD_RETURN_IF_ERROR(CheckSchedule(problem.schedule, problem.steps));
  for (size_t k = 0; k < problem.weighted_below.size(); ++k) {
    if (std::isfinite(problem.weighted_below[k])) continue;
    return Want(absl::StrCat("weighted_below[", k, "]"), "a finite value",
                problem.weighted_below[k]);
  }
  return absl::OkStatus();
}

absl::Status CheckLearned(const LinearProblem& problem) {
  if (!problem.learned) return absl::OkStatus();
  if (!(problem.learned->bound > 1 && problem.learned->bound <= 1e100)) {
    return Want("learned.bound", "a value > 1 and at most 1e100",
                problem.learned->bound);
  }
  STEELYARD_RETURN_IF_ERROR(
      WantAboveZero("learned.learning_rate", problem.learned->learning_rate));
  if (!problem.weights.empty()) {
    return Want("weights", "none where they are learned", "some");
  }
  if (!std::holds_alternative<AlwaysWeighted>(problem.weight_schedule)) {
    return Want("weight_schedule", "none where weights are learned", "one");
  }
  if (problem.normalization == Normalization::kMinOne) {
    return Want("normalization", "another where weights are learned",
                "min_one");
  }
  return absl::OkStatus();
}

// What all problems that leap have in common.
template <typename Problem>
absl::Status CheckFar(const Problem& problem, const RateSchedule& rate) {
  if (problem.log10_steps != 0) {
    if (!(problem.log10_steps >= 19 && problem.log10_steps <= 100'000)) {
      return Want("log10_steps", "0, or 19 to 100,000", problem.log10_steps);
    }
    if (!problem.leap || problem.steps != Trainer::kFarStep ||
        !std::holds_alternative<LogSchedule>(problem.schedule)) {
      return Want(
          "log10_steps",
          "0 without a leap and a logarithmic schedule of 2^63 - 1 steps",
          problem.log10_steps);
    }
  }
  if (!problem.leap) return absl::OkStatus();
  if (!(problem.leap->tolerance >= 1e-13 && problem.leap->tolerance <= 1e-3)) {
    return Want("leap.tolerance", "1e-13 to 1e-3", problem.leap->tolerance);
  }
  const bool endless = problem.log10_steps != 0;
  if (endless && std::holds_alternative<CosineRate>(rate)) {
    return Want("leap", "a rate that needs no last step", "cosine");
  }
  return absl::OkStatus();
}

absl::Status CheckLeap(const LinearProblem& problem) {
  STEELYARD_RETURN_IF_ERROR(CheckFar(problem, problem.rate_schedule));
  if (!problem.leap) return absl::OkStatus();
  const bool jumps = problem.penalty.strength > 0 &&
                     problem.penalty.kind == Penalty::kAbsolute;
  if (problem.scale != StepScale::kNone || jumps || problem.learned ||
      problem.loss.kind == Loss::kHinge) {
    return Want("leap",
                "a rate and weights by a formula, and a loss and a penalty "
                "that are no hinge and no sum of sizes",
                "others");
  }
  return absl::OkStatus();
}

absl::Status CheckLeap(const NetworkProblem& problem) {
  STEELYARD_RETURN_IF_ERROR(CheckFar(problem, problem.rate.schedule));
  if (!problem.leap) return absl::OkStatus();
  if (!std::holds_alternative<PlainRule>(problem.rule)) {
    return Want("rule", "plain descent with a leap", "another");
  }
  if (problem.precision != Precision::kDouble) {
    return Want("precision", "double with a leap", "single");
  }
  if (problem.weight_decay != 0) {
    return Want("weight_decay", "0 with a leap", problem.weight_decay);
  }
  if (problem.loss.kind == Loss::kHinge) {
    return Want("loss", "no hinge with a leap", "hinge");
  }
  if (problem.penalty.strength > 0 &&
      problem.penalty.kind == Penalty::kAbsolute) {
    return Want("penalty", "no sum of sizes with a leap", "one");
  }
  if (problem.architecture.hidden.empty()) return absl::OkStatus();
  const Activation activation = problem.architecture.activation;
  if (activation == Activation::kRelu || activation == Activation::kLeakyRelu) {
    return Want("architecture.activation", "one without a kink with a leap",
                activation == Activation::kRelu ? "relu" : "leaky_relu");
  }
  if (std::holds_alternative<ZeroInitial>(problem.initial)) {
    return Want("initial", "one that tells hidden units apart with a leap",
                "zeros");
  }
  return absl::OkStatus();
}

absl::Status CheckTarget(const std::optional<Target>& target, int64_t rows,
                         int64_t outputs) {
  if (!target) return absl::OkStatus();
  STEELYARD_RETURN_IF_ERROR(
      CheckTargetWeights("target.weights", target->weights, rows));
  return CheckValues("target.adjustments", target->adjustments,
                     std::max<int64_t>(outputs, 2), false);
}

}  // namespace

absl::Status CheckProblem(const LinearProblem& problem) {
  STEELYARD_RETURN_IF_ERROR(CheckRows(problem.train, problem.tests, {}));
  STEELYARD_RETURN_IF_ERROR(CheckTarget(problem.target, problem.train.rows, 1));
  if (problem.loss.kind == Loss::kSquared ||
      problem.loss.kind == Loss::kSoftmaxCrossEntropy) {
    return Want("loss", "a loss of margins",
                static_cast<int>(problem.loss.kind));
  }
  STEELYARD_RETURN_IF_ERROR(CheckLoss(problem.loss, 1));
  STEELYARD_RETURN_IF_ERROR(CheckPenalty(problem.penalty));
  STEELYARD_RETURN_IF_ERROR(
      WantAboveZero("learning_rate", problem.learning_rate));
  STEELYARD_RETURN_IF_ERROR(CheckRate({.initial = problem.learning_rate,
                                       .warm_up_steps = problem.warm_up_steps,
                                       .schedule = problem.rate_schedule}));
  if (problem.scale != StepScale::kNone && problem.penalty.strength > 0) {
    return Want("penalty.strength", "0 where steps are scaled",
                problem.penalty.strength);
  }
  STEELYARD_RETURN_IF_ERROR(CheckWeightSchedule(problem.weight_schedule));
  STEELYARD_RETURN_IF_ERROR(CheckLearned(problem));
  STEELYARD_RETURN_IF_ERROR(CheckLeap(problem));
  return CheckRun(problem);
}

absl::Status CheckProblem(const NetworkProblem& problem) {
  STEELYARD_RETURN_IF_ERROR(
      CheckRows(problem.train, problem.tests, LabelsOf(problem)));
  STEELYARD_RETURN_IF_ERROR(CheckPrecision(problem));
  STEELYARD_RETURN_IF_ERROR(CheckTarget(problem.target, problem.train.rows,
                                        problem.architecture.outputs));
  STEELYARD_RETURN_IF_ERROR(CheckArchitecture(problem));
  STEELYARD_RETURN_IF_ERROR(
      CheckLoss(problem.loss, problem.architecture.outputs));
  STEELYARD_RETURN_IF_ERROR(CheckInitial(problem));
  STEELYARD_RETURN_IF_ERROR(CheckBatches(problem));
  STEELYARD_RETURN_IF_ERROR(CheckRule(problem.rule));
  STEELYARD_RETURN_IF_ERROR(CheckLbfgs(problem));
  STEELYARD_RETURN_IF_ERROR(CheckRate(problem.rate));
  STEELYARD_RETURN_IF_ERROR(CheckPenalty(problem.penalty));
  STEELYARD_RETURN_IF_ERROR(
      WantAtLeastZero("weight_decay", problem.weight_decay));
  STEELYARD_RETURN_IF_ERROR(CheckWeightSchedule(problem.weight_schedule));
  STEELYARD_RETURN_IF_ERROR(CheckLeap(problem));
  return CheckRun(problem);
}

}  // namespace steelyard::training
