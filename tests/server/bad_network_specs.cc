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

// An MLP with one hidden layer of 3 units, trained by SGD: 2 * 3 + 3 + 3 + 1
// parameters.
v1::MlpModel* Mlp(Spec* s) {
  v1::MlpModel* mlp = s->mutable_model()->mutable_mlp();
  mlp->add_hidden(3);
  mlp->set_activation(v1::ACTIVATION_RELU);
  mlp->set_biases(v1::BIASES_PER_LAYER);
  s->mutable_initial()->mutable_he();
  s->set_precision(v1::PRECISION_SINGLE);
  return mlp;
}

v1::Sgd* SgdOf(Spec* s) {
  Mlp(s);
  v1::Sgd* sgd = s->mutable_optimizer()->mutable_sgd();
  sgd->set_learning_rate(0.1);
  sgd->set_reduction(v1::REDUCTION_BATCH_MEAN);
  return sgd;
}

v1::Adam* AdamOf(Spec* s) {
  Mlp(s);
  v1::Adam* adam = s->mutable_optimizer()->mutable_adam();
  adam->set_learning_rate(0.1);
  adam->set_reduction(v1::REDUCTION_BATCH_MEAN);
  adam->set_beta1(0.9);
  adam->set_beta2(0.999);
  adam->set_epsilon(1e-8);
  return adam;
}

// The labels 0, 1, 2, 2 in both sets.
void ThreeClasses(Spec* s) {
  s->mutable_loss()->mutable_softmax_cross_entropy();
  s->mutable_weighting()->mutable_uniform();
  Mlp(s);
  for (v1::Data* data :
       {s->mutable_data(), &(*s->mutable_test_sets())["test"]}) {
    for (int i = 0; i < 4; ++i) {
      data->mutable_inline_()->set_labels(i, i < 2 ? i : 2);
    }
  }
}

void Numbers(Spec* s) {
  s->mutable_loss()->mutable_squared();
  s->mutable_weighting()->mutable_uniform();
}

constexpr BadSpec kBadModels[] = {
    {"NoHiddenLayer", [](Spec* s) { Mlp(s)->clear_hidden(); },
     "model.mlp.hidden", "want 1 to 63 layers, got 0"},
    {"TooManyLayers",
     [](Spec* s) {
       v1::MlpModel* mlp = Mlp(s);
       while (mlp->hidden_size() < 64) mlp->add_hidden(1);
     },
     "model.mlp.hidden", "want 1 to 63 layers, got 64"},
    {"ALayerWithoutUnits", [](Spec* s) { Mlp(s)->add_hidden(0); },
     "model.mlp.hidden[1]", "want 1 to 100000000 units, got 0"},
    {"TooManyParameters",
     [](Spec* s) {
       Mlp(s)->set_hidden(0, 10'000);
       s->mutable_model()->mutable_mlp()->add_hidden(10'000);
     },
     "model.mlp.hidden", "at most 100000000 parameters"},
    {"AnActivationThatIsUnknown",
     [](Spec* s) { Mlp(s)->set_activation(static_cast<v1::Activation>(99)); },
     "model.mlp.activation", "got the number 99"},
    {"ALeakOfRelu", [](Spec* s) { Mlp(s)->set_leak(0.1); }, "model.mlp.leak",
     "with the activation leaky_relu alone"},
    {"ALeakThatIsNaN",
     [](Spec* s) {
       Mlp(s)->set_leak(kNaN);
       s->mutable_model()->mutable_mlp()->set_activation(
           v1::ACTIVATION_LEAKY_RELU);
     },
     "model.mlp.leak", "got nan"},
    {"BiasesThatAreUnknown",
     [](Spec* s) { Mlp(s)->set_biases(static_cast<v1::Biases>(99)); },
     "model.mlp.biases", "got the number 99"},
    {"NoDeepLayer",
     [](Spec* s) {
       s->mutable_model()->mutable_deep_linear()->set_biases(v1::BIASES_NONE);
     },
     "model.deep_linear.hidden", "want 1 to 63 layers, got 0"},
    {"DeviationsForTooFewLayers",
     [](Spec* s) {
       Mlp(s);
       s->mutable_initial()->mutable_normal()->add_standard_deviations(1);
     },
     "initial.normal.standard_deviations", "want 2, one for each layer, got 1"},
    {"ANegativeDeviationOfALayer",
     [](Spec* s) {
       s->mutable_initial()->mutable_normal()->add_standard_deviations(-1);
     },
     "initial.normal.standard_deviations[0]", "got -1"},
    {"AParameterTooFew",
     [](Spec* s) {
       Mlp(s);
       for (int j = 0; j < 12; ++j) {
         s->mutable_initial()->mutable_parameters()->add_values(j);
       }
     },
     "initial.parameters.values", "want 13 values"},
    {"AParameterTooManyOfALinearModel",
     [](Spec* s) {
       for (int j = 0; j < 4; ++j) {
         s->mutable_initial()->mutable_parameters()->add_values(j);
       }
     },
     "initial.parameters.values", "want 3 values"},
    {"AnInfiniteParameter",
     [](Spec* s) {
       for (int j = 0; j < 3; ++j) {
         s->mutable_initial()->mutable_parameters()->add_values(kInfinity * j);
       }
       s->mutable_initial()->mutable_parameters()->set_values(0, 0);
       s->mutable_initial()->mutable_parameters()->set_values(1, 1);
     },
     "initial.parameters.values[2]", "got inf"},
};

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
};

constexpr BadSpec kBadLabels[] = {
    {"AClassBelowZero",
     [](Spec* s) {
       ThreeClasses(s);
       s->mutable_data()->mutable_inline_()->set_labels(0, -1);
     },
     "data.inline.labels[0]", "want a class from 0 to 999"},
    {"ATestClassThatIsNotTrained",
     [](Spec* s) {
       ThreeClasses(s);
       (*s->mutable_test_sets())["test"].mutable_inline_()->set_labels(0, 3);
     },
     "test_sets.test", "below 3, got 3"},
    {"OneClass",
     [](Spec* s) {
       ThreeClasses(s);
       s->clear_test_sets();
       for (int i = 0; i < 4; ++i) {
         s->mutable_data()->mutable_inline_()->set_labels(i, 0);
       }
     },
     "data", "want at least two classes"},
    {"PositiveClassesOfSoftmax",
     [](Spec* s) {
       ThreeClasses(s);
       s->mutable_data()->mutable_classes()->add_positive(1);
       s->mutable_data()->mutable_classes()->add_negative(2);
       s->clear_test_sets();
     },
     "data.classes.positive", "want each"},
    {"AClassTwice",
     [](Spec* s) {
       ThreeClasses(s);
       for (const int label : {0, 1, 0}) {
         s->mutable_data()->mutable_classes()->add_each(label);
       }
       s->clear_test_sets();
     },
     "data.classes.each[2]", "want each label once, got 0"},
    {"OneClassOfEach",
     [](Spec* s) {
       ThreeClasses(s);
       s->mutable_data()->mutable_classes()->add_each(1);
       s->clear_test_sets();
     },
     "data.classes.each", "want 2 to 1000 labels, got 1"},
    {"EachOfTheLogisticLoss",
     [](Spec* s) {
       s->mutable_data()->mutable_classes()->add_each(1);
       s->mutable_data()->mutable_classes()->add_each(-1);
       s->clear_test_sets();
     },
     "data.classes.each", "want it with softmax_cross_entropy, focal"},
    {"ARatioOfClasses",
     [](Spec* s) {
       ThreeClasses(s);
       s->mutable_weighting()->mutable_per_class()->set_ratio(2);
     },
     "weighting.per_class", "want labels of +1 and -1"},
    {"AnInfiniteNumber",
     [](Spec* s) {
       Numbers(s);
       s->mutable_data()->mutable_inline_()->set_labels(2, kInfinity);
     },
     "data.inline.labels[2]", "want a finite label, got inf"},
    {"FrequenciesOfNumbers",
     [](Spec* s) {
       Numbers(s);
       s->mutable_weighting()->mutable_inverse_frequency()->set_power(1);
     },
     "weighting.inverse_frequency", "want labels that are classes"},
    {"ANegativePower",
     [](Spec* s) {
       s->mutable_weighting()->mutable_inverse_frequency()->set_power(-1);
     },
     "weighting.inverse_frequency.power", "want a value of 0 to 100, got -1"},
    {"ATakeOfNumbers",
     [](Spec* s) {
       Numbers(s);
       s->mutable_data()->mutable_take()->set_first_per_class(2);
     },
     "data.take.first_per_class", "want labels that are classes"},
    {"NoiseOfNumbers",
     [](Spec* s) {
       Numbers(s);
       s->mutable_data()->mutable_label_noise()->mutable_pair()->set_fraction(
           0.5);
     },
     "data.label_noise", "want labels that are classes"},
    {"ARatioOfImbalanceOfClasses",
     [](Spec* s) {
       ThreeClasses(s);
       s->mutable_data()->mutable_imbalance()->mutable_step()->set_ratio(2);
     },
     "data.imbalance.step", "want labels of +1 and -1"},
    {"ALongTailOfSigns",
     [](Spec* s) {
       s->mutable_data()->mutable_imbalance()->mutable_long_tailed()->set_ratio(
           2);
     },
     "data.imbalance.long_tailed", "want several classes"},
    {"ALongTailThatGrows",
     [](Spec* s) {
       ThreeClasses(s);
       s->mutable_data()->mutable_imbalance()->mutable_long_tailed()->set_ratio(
           0.5);
     },
     "data.imbalance.long_tailed.ratio", "want a finite value >= 1, got 0.5"},
};

}  // namespace

std::vector<BadSpec> BadNetworkSpecs() {
  std::vector<BadSpec> all(std::begin(kBadModels), std::end(kBadModels));
  all.insert(all.end(), std::begin(kBadOptimizers), std::end(kBadOptimizers));
  all.insert(all.end(), std::begin(kBadLabels), std::end(kBadLabels));
  return all;
}

}  // namespace steelyard
