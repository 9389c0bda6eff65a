#include <cstdint>
#include <limits>
#include <vector>

#include "tests/server/bad_specs.h"

namespace steelyard {
namespace {

using Spec = v1::RunSpec;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr uint64_t kPast = uint64_t{1} << 63;

v1::Sgd* SgdOf(Spec* s) {
  MakeMlp(s);
  v1::Sgd* sgd = s->mutable_optimizer()->mutable_sgd();
  sgd->set_learning_rate(0.1);
  sgd->set_reduction(v1::REDUCTION_BATCH_MEAN);
  return sgd;
}

v1::Adam* AdamOf(Spec* s) {
  MakeMlp(s);
  v1::Adam* adam = s->mutable_optimizer()->mutable_adam();
  adam->set_learning_rate(0.1);
  adam->set_reduction(v1::REDUCTION_BATCH_MEAN);
  adam->set_beta1(0.9);
  adam->set_beta2(0.999);
  adam->set_epsilon(1e-8);
  return adam;
}

v1::GradientDescent* Descent(Spec* s) {
  s->mutable_regularizer()->mutable_l2()->set_strength(0);
  return s->mutable_optimizer()->mutable_gradient_descent();
}

constexpr BadSpec kBadOptimizers[] = {
    {"ARateOfSgd", [](Spec* s) { SgdOf(s)->clear_learning_rate(); },
     "optimizer.sgd.learning_rate", "got nothing"},
    {"MomentumOfOne", [](Spec* s) { SgdOf(s)->set_momentum(1); },
     "optimizer.sgd.momentum", "want a value >= 0 and < 1, got 1"},
    {"NesterovWithoutMomentum", [](Spec* s) { SgdOf(s)->set_nesterov(true); },
     "optimizer.sgd.nesterov", "want momentum > 0"},
    {"ALargeBatch", [](Spec* s) { SgdOf(s)->set_batch_size(5); },
     "optimizer.sgd.batch_size", "want at most 4"},
    {"AVeryLargeBatch", [](Spec* s) { SgdOf(s)->set_batch_size(kPast); },
     "optimizer.sgd.batch_size", "got 9223372036854775808"},
    {"ABatchOfRowsWithoutWeight",
     [](Spec* s) {
       SgdOf(s)->set_batch_size(3);
       s->mutable_weighting()->mutable_per_class()->set_ratio(0);
     },
     "optimizer.sgd.batch_size", "want at most 2"},
    {"ANegativeDecay", [](Spec* s) { SgdOf(s)->set_weight_decay(-1); },
     "optimizer.sgd.weight_decay", "got -1"},
    {"AReductionThatIsUnknown",
     [](Spec* s) { SgdOf(s)->set_reduction(static_cast<v1::Reduction>(99)); },
     "optimizer.sgd.reduction", "got the number 99"},
    {"AScheduleWithoutSteps",
     [](Spec* s) {
       SgdOf(s)->mutable_schedule()->mutable_step()->set_factor(0.5);
     },
     "optimizer.sgd.schedule.step.at", "want at least one step"},
    {"AScheduleThatGoesBack",
     [](Spec* s) {
       v1::StepRate* step = SgdOf(s)->mutable_schedule()->mutable_step();
       step->set_factor(0.5);
       step->add_at(10);
       step->add_at(9);
     },
     "optimizer.sgd.schedule.step.at[1]", "got 9 after 10"},
    {"AFactorOfZero",
     [](Spec* s) {
       v1::StepRate* step = SgdOf(s)->mutable_schedule()->mutable_step();
       step->set_factor(0);
       step->add_at(10);
     },
     "optimizer.sgd.schedule.step.factor", "want a finite value > 0, got 0"},
    {"ALongWarmUp",
     [](Spec* s) { SgdOf(s)->mutable_schedule()->set_warm_up_steps(kPast); },
     "optimizer.sgd.schedule.warm_up_steps", "got 9223372036854775808"},
    {"ABetaOfOne", [](Spec* s) { AdamOf(s)->set_beta1(1); },
     "optimizer.adam.beta1", "got 1"},
    {"ABetaThatIsNaN", [](Spec* s) { AdamOf(s)->set_beta2(kNaN); },
     "optimizer.adam.beta2", "got nan"},
    {"AnEpsilonOfZero", [](Spec* s) { AdamOf(s)->set_epsilon(0); },
     "optimizer.adam.epsilon", "want a finite value > 0, got 0"},
    {"NoEpoch", [](Spec* s) { s->mutable_stop()->set_epochs(0); },
     "stop.epochs", "want 1 to 9223372036854775807, got 0"},
    {"NoPatience",
     [](Spec* s) {
       s->mutable_stop()->mutable_early()->set_metric("test/loss");
     },
     "stop.early.patience", "want 1 to 1000000, got 0"},
    {"AMetricOfNoSet",
     [](Spec* s) {
       s->mutable_stop()->mutable_early()->set_metric("tset/loss");
       s->mutable_stop()->mutable_early()->set_patience(1);
     },
     "stop.early.metric", "got \"tset/loss\""},
    {"AMetricThatNeedNotFall",
     [](Spec* s) {
       s->mutable_stop()->mutable_early()->set_metric("margin/normalized");
       s->mutable_stop()->mutable_early()->set_patience(1);
     },
     "stop.early.metric", "want NAME/loss, NAME/log_loss or NAME/error"},
    {"AnInfiniteDelta",
     [](Spec* s) {
       s->mutable_stop()->mutable_early()->set_metric("train/loss");
       s->mutable_stop()->mutable_early()->set_patience(1);
       s->mutable_stop()->mutable_early()->set_min_delta(kInfinity);
     },
     "stop.early.min_delta", "got inf"},
    {"AStepBeyondTheEpochs",
     [](Spec* s) {
       s->mutable_stop()->set_epochs(5);
       s->mutable_evaluate()->mutable_at()->add_steps(6);
     },
     "evaluate.at.steps[0]", "want at most the last step, 5, got 6"},
    {"AFrameBeyondTheEpochs",
     [](Spec* s) {
       SgdOf(s)->set_batch_size(3);
       s->mutable_optimizer()->mutable_sgd()->set_keep_last(true);
       s->mutable_stop()->set_epochs(5);
       s->mutable_artifacts()->mutable_frames()->mutable_at()->add_steps(11);
     },
     "artifacts.frames.at.steps[0]", "want at most the last step, 10, got 11"},
    {"TooManySamplesOfEpochs",
     [](Spec* s) {
       s->mutable_stop()->set_epochs(1'000'000);
       s->mutable_evaluate()->mutable_every()->set_steps(1);
     },
     "evaluate.every.steps", "want at most 1000000 samples"},
    {"TooManyStepsOfEpochs",
     [](Spec* s) {
       SgdOf(s)->set_batch_size(2);
       s->mutable_stop()->set_epochs(kPast / 2);
     },
     "stop.epochs", "of 2 steps each"},
    {"TooManyEpochs", [](Spec* s) { s->mutable_stop()->set_epochs(kPast); },
     "stop.epochs", "got 9223372036854775808"},
    {"APowerThatGrows",
     [](Spec* s) {
       SgdOf(s)->mutable_schedule()->mutable_power()->set_exponent(-0.5);
     },
     "optimizer.sgd.schedule.power.exponent",
     "want a finite value >= 0, got -0.5"},
    {"AWarmUpOfDescent",
     [](Spec* s) { Descent(s)->mutable_schedule()->set_warm_up_steps(kPast); },
     "optimizer.gradient_descent.schedule.warm_up_steps",
     "got 9223372036854775808"},
    {"AScalingThatIsUnknown",
     [](Spec* s) { Descent(s)->set_scaling(static_cast<v1::StepScaling>(9)); },
     "optimizer.gradient_descent.scaling", "got the number 9"},
    {"AScalingOfANetwork",
     [](Spec* s) {
       MakeMlp(s);
       Descent(s)->set_scaling(v1::STEP_SCALING_LOSS);
     },
     "optimizer.gradient_descent.scaling", "but of a linear model in double"},
    {"AScalingInSinglePrecision",
     [](Spec* s) {
       s->set_precision(v1::PRECISION_SINGLE);
       Descent(s)->set_scaling(v1::STEP_SCALING_GRADIENT_NORM);
     },
     "optimizer.gradient_descent.scaling", "but of a linear model in double"},
    {"AScalingOfSquares",
     [](Spec* s) {
       s->mutable_loss()->mutable_squared();
       s->mutable_weighting()->mutable_uniform();
       Descent(s)->set_scaling(v1::STEP_SCALING_ADAPTIVE);
     },
     "optimizer.gradient_descent.scaling", "with a loss of margins"},
    {"AScalingWithAPenalty",
     [](Spec* s) {
       Descent(s)->set_scaling(v1::STEP_SCALING_ADAPTIVE);
       s->mutable_regularizer()->mutable_l1()->set_strength(0.1);
     },
     "optimizer.gradient_descent.scaling", "want none beside a regularizer"},
    {"ALooseLeap",
     [](Spec* s) { Descent(s)->mutable_leap()->set_tolerance(0.1); },
     "optimizer.gradient_descent.leap.tolerance",
     "want 1e-13 to 1e-3, got 0.1"},
    {"ALeapOfReluUnits",
     [](Spec* s) {
       MakeMlp(s)->set_activation(v1::ACTIVATION_RELU);
       s->set_precision(v1::PRECISION_DOUBLE);
       Descent(s)->mutable_leap()->set_tolerance(1e-10);
     },
     "model.mlp.activation",
     "want tanh or quadratic with optimizer.gradient_descent.leap, got relu"},
    {"ALeapInSinglePrecision",
     [](Spec* s) {
       s->set_precision(v1::PRECISION_SINGLE);
       Descent(s)->mutable_leap()->set_tolerance(1e-10);
     },
     "precision",
     "want double with optimizer.gradient_descent.leap, got single"},
    {"ALeapInTheDefaultPrecision",
     [](Spec* s) {
       MakeMlp(s)->set_activation(v1::ACTIVATION_TANH);
       s->mutable_initial()->mutable_normal()->add_standard_deviations(1);
       s->mutable_initial()->mutable_normal()->add_standard_deviations(1);
       Descent(s)->mutable_leap()->set_tolerance(1e-10);
     },
     "precision",
     "want double with optimizer.gradient_descent.leap, got single, the "
     "default of networks"},
    {"ALeapOfUnitsFromZeros",
     [](Spec* s) {
       MakeMlp(s)->set_activation(v1::ACTIVATION_TANH);
       s->mutable_initial()->mutable_zeros();
       s->set_precision(v1::PRECISION_DOUBLE);
       Descent(s)->mutable_leap()->set_tolerance(1e-10);
     },
     "initial.zeros",
     "want a start that tells hidden units apart with "
     "optimizer.gradient_descent.leap, got zeros"},
    {"ALeapOverKinks",
     [](Spec* s) {
       s->mutable_loss()->mutable_hinge();
       Descent(s)->mutable_leap()->set_tolerance(1e-10);
     },
     "loss.hinge",
     "want another loss with optimizer.gradient_descent.leap, got hinge"},
    {"ALeapThatIsScaled",
     [](Spec* s) {
       Descent(s)->mutable_leap()->set_tolerance(1e-10);
       Descent(s)->set_scaling(v1::STEP_SCALING_LOSS);
     },
     "optimizer.gradient_descent.scaling",
     "want none with optimizer.gradient_descent.leap, got loss"},
    {"ALeapWhoseRateHasNoEnd",
     [](Spec* s) {
       Descent(s)->mutable_leap()->set_tolerance(1e-10);
       Descent(s)->mutable_schedule()->mutable_cosine();
       s->mutable_stop()->set_log10_steps(100);
       s->mutable_evaluate()->mutable_log()->set_points_per_decade(1);
     },
     "optimizer.gradient_descent.schedule.cosine",
     "want constant, step or power with stop.log10_steps above 18.96, got "
     "cosine"},
    {"ALeapWithAPenaltyOfSizes",
     [](Spec* s) {
       Descent(s)->mutable_leap()->set_tolerance(1e-10);
       s->mutable_regularizer()->mutable_l1()->set_strength(0.1);
     },
     "regularizer.l1.strength",
     "want 0, or l2 or power, with optimizer.gradient_descent.leap, got 0.1"},
    {"NoLogarithmOfSteps",
     [](Spec* s) { s->mutable_stop()->set_log10_steps(0); }, "stop.log10_steps",
     "want above 0 and at most 18.96, or 19 to 100000, got 0"},
    {"StepsBeyondCounting",
     [](Spec* s) { s->mutable_stop()->set_log10_steps(100); },
     "stop.log10_steps", "without optimizer.gradient_descent.leap, got 100"},
    {"FarPlacesOneByOne",
     [](Spec* s) {
       Descent(s)->mutable_leap();
       s->mutable_stop()->set_log10_steps(100);
       s->mutable_evaluate()->mutable_every()->set_steps(1000);
     },
     "evaluate", "want log with stop.log10_steps above 18.96"},
    {"NoMemory",
     [](Spec* s) { s->mutable_optimizer()->mutable_lbfgs()->set_memory(0); },
     "optimizer.lbfgs.memory", "want 1 to 100, got 0"},
    {"TooMuchMemory",
     [](Spec* s) { s->mutable_optimizer()->mutable_lbfgs()->set_memory(101); },
     "optimizer.lbfgs.memory", "want 1 to 100, got 101"},
    {"LbfgsInSinglePrecision",
     [](Spec* s) {
       s->mutable_optimizer()->mutable_lbfgs()->set_memory(10);
       s->set_precision(v1::PRECISION_SINGLE);
     },
     "precision", "want double with the optimizer lbfgs"},
    {"ANegativeL1",
     [](Spec* s) { s->mutable_regularizer()->mutable_l1()->set_strength(-1); },
     "regularizer.l1.strength", "want a finite value >= 0, got -1"},
    {"AnInfinitePower",
     [](Spec* s) {
       s->mutable_regularizer()->mutable_power()->set_exponent(2);
       s->mutable_regularizer()->mutable_power()->set_strength(kInfinity);
     },
     "regularizer.power.strength", "want a finite value >= 0, got inf"},
    {"APowerWithoutExponent",
     [](Spec* s) { s->mutable_regularizer()->mutable_power(); },
     "regularizer.power.exponent", "want a finite value >= 1, got nothing"},
    {"ASmallPower",
     [](Spec* s) {
       s->mutable_regularizer()->mutable_power()->set_exponent(0.5);
     },
     "regularizer.power.exponent", "want a finite value >= 1, got 0.5"},
};

}  // namespace

std::vector<BadSpec> BadOptimizerSpecs() {
  return {std::begin(kBadOptimizers), std::end(kBadOptimizers)};
}

}  // namespace steelyard
