#include <cstdint>
#include <limits>
#include <vector>

#include "tests/server/bad_specs.h"

namespace steelyard {
namespace {

using Spec = v1::RunSpec;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The labels 0, 1, 2, 2 in both sets.
void ThreeClasses(Spec* s) {
  s->mutable_loss()->mutable_softmax_cross_entropy();
  s->mutable_weighting()->mutable_uniform();
  MakeMlp(s);
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
    {"NoHiddenLayer", [](Spec* s) { MakeMlp(s)->clear_hidden(); },
     "model.mlp.hidden", "want 1 to 63 layers, got 0"},
    {"TooManyLayers",
     [](Spec* s) {
       v1::MlpModel* mlp = MakeMlp(s);
       while (mlp->hidden_size() < 64) mlp->add_hidden(1);
     },
     "model.mlp.hidden", "want 1 to 63 layers, got 64"},
    {"ALayerWithoutUnits", [](Spec* s) { MakeMlp(s)->add_hidden(0); },
     "model.mlp.hidden[1]", "want 1 to 100000000 units, got 0"},
    {"TooManyParameters",
     [](Spec* s) {
       MakeMlp(s)->set_hidden(0, 10'000);
       s->mutable_model()->mutable_mlp()->add_hidden(10'000);
     },
     "model.mlp.hidden", "at most 100000000 parameters"},
    {"AnActivationThatIsUnknown",
     [](Spec* s) {
       MakeMlp(s)->set_activation(static_cast<v1::Activation>(99));
     },
     "model.mlp.activation", "got the number 99"},
    {"ALeakOfRelu", [](Spec* s) { MakeMlp(s)->set_leak(0.1); },
     "model.mlp.leak", "with the activation leaky_relu alone"},
    {"ALeakThatIsNaN",
     [](Spec* s) {
       MakeMlp(s)->set_leak(kNaN);
       s->mutable_model()->mutable_mlp()->set_activation(
           v1::ACTIVATION_LEAKY_RELU);
     },
     "model.mlp.leak", "got nan"},
    {"BiasesThatAreUnknown",
     [](Spec* s) { MakeMlp(s)->set_biases(static_cast<v1::Biases>(99)); },
     "model.mlp.biases", "got the number 99"},
    {"NoDeepLayer",
     [](Spec* s) {
       s->mutable_model()->mutable_deep_linear()->set_biases(v1::BIASES_NONE);
     },
     "model.deep_linear.hidden", "want 1 to 63 layers, got 0"},
    {"DeviationsForTooFewLayers",
     [](Spec* s) {
       MakeMlp(s);
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
       MakeMlp(s);
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
  all.insert(all.end(), std::begin(kBadLabels), std::end(kBadLabels));
  return all;
}

}  // namespace steelyard
