#include "tests/server/bad_specs.h"

#include <cstdint>
#include <limits>
#include <string>

namespace steelyard {
namespace {

using Spec = v1::RunSpec;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr uint64_t kPast = uint64_t{1} << 63;

constexpr BadSpec kBadWeights[] = {
    {"NoWeighting", [](Spec* s) { s->mutable_weighting()->clear_kind(); },
     "weighting", "want one of uniform, per_class, per_example"},
    {"NoRatio",
     [](Spec* s) {
       s->mutable_weighting()->mutable_per_class()->clear_ratio();
     },
     "weighting.per_class.ratio", "got nothing"},
    {"ANegativeRatio",
     [](Spec* s) {
       s->mutable_weighting()->mutable_per_class()->set_ratio(-1);
     },
     "weighting.per_class.ratio", "want a finite value >= 0, got -1"},
    {"AnInfiniteRatio",
     [](Spec* s) {
       s->mutable_weighting()->mutable_per_class()->set_ratio(kInfinity);
     },
     "weighting.per_class.ratio", "got inf"},
    {"ARatioThatLeavesNoRow",
     [](Spec* s) {
       s->mutable_weighting()->mutable_per_class()->set_ratio(0);
       s->mutable_data()->mutable_inline_()->set_labels(2, 1);
       s->mutable_data()->mutable_inline_()->set_labels(3, 1);
     },
     "weighting.per_class.ratio", "want a value > 0, got 0"},
    {"ARatioThatIsLost",
     [](Spec* s) {
       s->mutable_weighting()->mutable_per_class()->set_ratio(5e-324);
       s->set_normalization(v1::NORMALIZATION_MIN_ONE);
     },
     "weighting.per_class.ratio", "not lost beside the others"},
    {"NoWeights",
     [](Spec* s) { s->mutable_weighting()->mutable_per_example(); },
     "weighting.per_example.weights", "want a weight for each row, got none"},
    {"AWeightTooFew",
     [](Spec* s) {
       for (int i = 0; i < 3; ++i) {
         s->mutable_weighting()->mutable_per_example()->add_weights(1);
       }
     },
     "weighting.per_example.weights", "want 4 weights"},
    {"AWeightTooManyAfterTake",
     [](Spec* s) {
       s->mutable_data()->mutable_take()->set_first_per_class(1);
       for (int i = 0; i < 4; ++i) {
         s->mutable_weighting()->mutable_per_example()->add_weights(1);
       }
     },
     "weighting.per_example.weights", "want 2 weights"},
    {"AWeightThatIsNaN",
     [](Spec* s) {
       for (int i = 0; i < 4; ++i) {
         s->mutable_weighting()->mutable_per_example()->add_weights(
             i == 2 ? std::numeric_limits<double>::quiet_NaN() : 1);
       }
     },
     "weighting.per_example.weights[2]", "want a finite value >= 0, got nan"},
    {"ANegativeWeight",
     [](Spec* s) {
       for (int i = 0; i < 4; ++i) {
         s->mutable_weighting()->mutable_per_example()->add_weights(
             i == 3 ? -0.5 : 1);
       }
     },
     "weighting.per_example.weights[3]", "got -0.5"},
    {"WeightsThatAreAllZero",
     [](Spec* s) {
       for (int i = 0; i < 4; ++i) {
         s->mutable_weighting()->mutable_per_example()->add_weights(0);
       }
     },
     "weighting.per_example.weights", "want a sum > 0"},
    {"AWeightThatIsLost",
     [](Spec* s) {
       for (const double weight : {1e308, 1.0, 1e-308, 1.0}) {
         s->mutable_weighting()->mutable_per_example()->add_weights(weight);
       }
     },
     "weighting.per_example.weights[2]", "not lost beside the others"},
    {"ANormalizationThatIsUnknown",
     [](Spec* s) { s->set_normalization(static_cast<v1::Normalization>(99)); },
     "normalization", "got the number 99"},
};

constexpr BadSpec kBadTraining[] = {
    {"FramesWithoutSteps",
     [](Spec* s) { s->mutable_artifacts()->mutable_frames(); },
     "artifacts.frames.at.steps", "want 1 to 1000 steps, got none"},
    {"TooManyFrames",
     [](Spec* s) {
       for (int i = 0; i < 1001; ++i) {
         s->mutable_artifacts()->mutable_frames()->mutable_at()->add_steps(1);
       }
     },
     "artifacts.frames.at.steps", "want 1 to 1000 steps, got 1001"},
    {"AFrameBeyondTheEnd",
     [](Spec* s) {
       s->mutable_artifacts()->mutable_frames()->mutable_at()->add_steps(100);
       s->mutable_artifacts()->mutable_frames()->mutable_at()->add_steps(101);
     },
     "artifacts.frames.at.steps[1]",
     "want at most the last step, 100, got 101"},
    {"FramesOfThreeFeatures",
     [](Spec* s) {
       s->mutable_artifacts()->mutable_frames()->mutable_at()->add_steps(1);
       for (v1::Data* data :
            {s->mutable_data(), &(*s->mutable_test_sets())["test"]}) {
         for (v1::Row& row : *data->mutable_inline_()->mutable_features()) {
           row.add_values(1);
         }
       }
     },
     "artifacts.frames", "want it for rows of 2 features"},
    {"NoModel", [](Spec* s) { s->mutable_model()->clear_kind(); }, "model",
     "want one of linear, mlp, deep_linear"},
    {"NoLoss", [](Spec* s) { s->mutable_loss()->clear_kind(); }, "loss",
     "want one of exponential, logistic"},
    {"NoRegularizer", [](Spec* s) { s->mutable_regularizer()->clear_kind(); },
     "regularizer", "want one of l2, l1, power"},
    {"ANegativeStrength",
     [](Spec* s) {
       s->mutable_regularizer()->mutable_l2()->set_strength(-0.5);
     },
     "regularizer.l2.strength", "want a finite value >= 0, got -0.5"},
    {"AStrengthThatIsNaN",
     [](Spec* s) {
       s->mutable_regularizer()->mutable_l2()->set_strength(
           std::numeric_limits<double>::quiet_NaN());
     },
     "regularizer.l2.strength", "got nan"},
    {"NoOptimizer", [](Spec* s) { s->clear_optimizer(); }, "optimizer",
     "want one of gradient_descent, sgd, adam"},
    {"NoLearningRate",
     [](Spec* s) {
       s->mutable_optimizer()
           ->mutable_gradient_descent()
           ->clear_learning_rate();
     },
     "optimizer.gradient_descent.learning_rate", "got nothing"},
    {"ALearningRateOfZero",
     [](Spec* s) {
       s->mutable_optimizer()->mutable_gradient_descent()->set_learning_rate(0);
     },
     "optimizer.gradient_descent.learning_rate",
     "want a finite value > 0, got 0"},
    {"AnInfiniteLearningRate",
     [](Spec* s) {
       s->mutable_optimizer()->mutable_gradient_descent()->set_learning_rate(
           std::numeric_limits<double>::infinity());
     },
     "optimizer.gradient_descent.learning_rate", "got inf"},
    {"NoInitial", [](Spec* s) { s->mutable_initial()->clear_kind(); },
     "initial", "want one of zeros, he"},
    {"NoSteps", [](Spec* s) { s->mutable_stop()->clear_limit(); }, "stop",
     "want one of steps, epochs, log10_steps, got nothing"},
    {"ZeroSteps", [](Spec* s) { s->mutable_stop()->set_steps(0); },
     "stop.steps", "want 1 to 9223372036854775807, got 0"},
    {"TooManySteps", [](Spec* s) { s->mutable_stop()->set_steps(kPast); },
     "stop.steps", "got 9223372036854775808"},
    {"NoWallTime", [](Spec* s) { s->mutable_stop()->mutable_wall_time(); },
     "stop.wall_time", "want more than 0s"},
    {"ANegativeWallTime",
     [](Spec* s) {
       s->mutable_stop()->mutable_wall_time()->set_seconds(5);
       s->mutable_stop()->mutable_wall_time()->set_nanos(-1);
     },
     "stop.wall_time", "want more than 0s"},
    {"AWallTimePastTenYears",
     [](Spec* s) {
       s->mutable_stop()->mutable_wall_time()->set_seconds(315'576'000);
       s->mutable_stop()->mutable_wall_time()->set_nanos(1);
     },
     "stop.wall_time", "at most 315576000s (10 years)"},
    {"NoSchedule", [](Spec* s) { s->mutable_evaluate()->clear_schedule(); },
     "evaluate", "want one of log, every, at"},
    {"NoPointsADecade",
     [](Spec* s) {
       s->mutable_evaluate()->mutable_log()->set_points_per_decade(0);
     },
     "evaluate.log.points_per_decade", "want 1 to 100, got 0"},
    {"TooManyPointsADecade",
     [](Spec* s) {
       s->mutable_evaluate()->mutable_log()->set_points_per_decade(101);
     },
     "evaluate.log.points_per_decade", "want 1 to 100, got 101"},
    {"EveryWithoutSteps",
     [](Spec* s) { s->mutable_evaluate()->mutable_every(); },
     "evaluate.every.steps", "want at least 1, got nothing"},
    {"EveryZeroSteps",
     [](Spec* s) { s->mutable_evaluate()->mutable_every()->set_steps(0); },
     "evaluate.every.steps", "want at least 1, got 0"},
    {"AtNoStep", [](Spec* s) { s->mutable_evaluate()->mutable_at(); },
     "evaluate.at.steps", "want at least one step"},
    {"AtAStepPastTheLast",
     [](Spec* s) {
       s->mutable_evaluate()->mutable_at()->add_steps(100);
       s->mutable_evaluate()->mutable_at()->add_steps(101);
     },
     "evaluate.at.steps[1]", "want at most the last step, 100, got 101"},
    {"APrecisionThatIsUnknown",
     [](Spec* s) { s->set_precision(static_cast<v1::Precision>(99)); },
     "precision", "want double or single, got the number 99"},
};

constexpr BadSpec kBadNames[] = {
    {"AName", [](Spec* s) { s->set_name("A b"); }, "name",
     "want 1 to 63 characters of [a-z0-9-_.], got \"A b\"", false},
    {"ALongName", [](Spec* s) { s->set_name(std::string(64, 'a')); }, "name",
     "want 1 to 63 characters", false},
    {"AnExperiment", [](Spec* s) { s->set_experiment("a/b"); }, "experiment",
     "want 1 to 63 characters", false},
    {"TheExperimentThatMeansAll", [](Spec* s) { s->set_experiment("-"); },
     "experiment", "stands for all experiments", false},
    {"ALabelKey", [](Spec* s) { (*s->mutable_labels())[""] = "x"; },
     "labels[\"\"]", "want a key of 1 to 63 characters", false},
    {"ALabelValue",
     [](Spec* s) { (*s->mutable_labels())["k"] = std::string(256, 'x'); },
     "labels.k", "want at most 255 bytes, got 256", false},
    {"ALabelValueThatIsNotUtf8",
     [](Spec* s) { (*s->mutable_labels())["k"] = "\xff"; }, "labels.k",
     "want UTF-8", false},
    {"ATestSetsName",
     [](Spec* s) {
       (*s->mutable_test_sets())["a.b"] = s->test_sets().at("test");
     },
     "test_sets[\"a.b\"]", "want a name of 1 to 63 characters of [a-z0-9-_]",
     false},
    {"ATestSetNamedTrain",
     [](Spec* s) {
       (*s->mutable_test_sets())["train"] = s->test_sets().at("test");
     },
     "test_sets.train", "want another name", false},
    {"ADatasetsName",
     [](Spec* s) { s->mutable_data()->mutable_csv()->set_dataset("/etc"); },
     "data.csv.dataset", "want a dataset's label", false},
    {"ADatasetsHash",
     [](Spec* s) {
       s->mutable_data()->mutable_csv()->set_dataset("sha256/ABC");
     },
     "data.csv.dataset", "or sha256/ and 64 of [0-9a-f]", false},
    {"TheNameOfLabels",
     [](Spec* s) {
       s->mutable_data()->mutable_npy()->mutable_features()->set_dataset("x");
       s->mutable_data()->mutable_npy()->mutable_labels()->set_dataset("Y");
     },
     "data.npy.labels.dataset", "want a dataset's label", false},
    {"ALongColumnName",
     [](Spec* s) {
       s->mutable_data()->mutable_csv()->set_dataset("d");
       s->mutable_data()->mutable_csv()->set_label(std::string(256, 'x'));
     },
     "data.csv.label", "want at most 255 bytes", false},
    {"ALongGroupColumn",
     [](Spec* s) {
       s->mutable_data()->mutable_csv()->set_dataset("a");
       s->mutable_data()->mutable_csv()->set_group(std::string(256, 'x'));
     },
     "data.csv.group", "want at most 255 bytes, got 256", false},
    {"ALongFeatureName",
     [](Spec* s) {
       s->mutable_data()->mutable_csv()->set_dataset("d");
       s->mutable_data()->mutable_csv()->add_features(std::string(256, 'x'));
     },
     "data.csv.features[0]", "want at most 255 bytes, got 256", false},
    {"AFeatureWithoutName",
     [](Spec* s) {
       s->mutable_data()->mutable_csv()->set_dataset("d");
       s->mutable_data()->mutable_csv()->add_features("");
     },
     "data.csv.features[0]", "got nothing", false},
    {"AFeatureTwice",
     [](Spec* s) {
       s->mutable_data()->mutable_csv()->set_dataset("d");
       for (const char* name : {"a", "b", "a"}) {
         s->mutable_data()->mutable_csv()->add_features(name);
       }
     },
     "data.csv.features[2]", "want another column than those before", false},
    {"AFeatureThatIsTheLabel",
     [](Spec* s) {
       s->mutable_data()->mutable_csv()->set_dataset("d");
       s->mutable_data()->mutable_csv()->set_label("y");
       s->mutable_data()->mutable_csv()->add_features("y");
     },
     "data.csv.features[0]", "want another column than the label's", false},
};

}  // namespace

v1::RunSpec GoodSpec() {
  v1::RunSpec spec;
  spec.set_name("good");
  spec.set_experiment("default");
  const auto fill = [](v1::Data* data) {
    const double rows[4][2] = {{2, 1}, {1, 3}, {-1, -1}, {-2, 0.5}};
    for (const auto& row : rows) {
      v1::Row* values = data->mutable_inline_()->add_features();
      values->add_values(row[0]);
      values->add_values(row[1]);
    }
    for (const double label : {1.0, 1.0, -1.0, -1.0}) {
      data->mutable_inline_()->add_labels(label);
    }
  };
  fill(spec.mutable_data());
  fill(&(*spec.mutable_test_sets())["test"]);
  spec.mutable_model()->mutable_linear()->set_bias(true);
  spec.mutable_loss()->mutable_logistic();
  spec.mutable_weighting()->mutable_per_class()->set_ratio(10);
  spec.mutable_weighting()->set_power(1);
  spec.mutable_weighting()->mutable_schedule()->mutable_always();
  spec.set_normalization(v1::NORMALIZATION_MEAN_ONE);
  spec.mutable_regularizer()->mutable_l2()->set_strength(0.5);
  v1::GradientDescent* descent =
      spec.mutable_optimizer()->mutable_gradient_descent();
  descent->set_learning_rate(0.1);
  descent->mutable_schedule()->mutable_constant();
  descent->set_scaling(v1::STEP_SCALING_NONE);
  spec.mutable_initial()->mutable_zeros();
  spec.mutable_stop()->set_steps(100);
  spec.mutable_evaluate()->mutable_log()->set_points_per_decade(10);
  spec.set_precision(v1::PRECISION_DOUBLE);
  return spec;
}

v1::MlpModel* MakeMlp(v1::RunSpec* s) {
  v1::MlpModel* mlp = s->mutable_model()->mutable_mlp();
  mlp->add_hidden(3);
  mlp->set_activation(v1::ACTIVATION_RELU);
  mlp->set_biases(v1::BIASES_PER_LAYER);
  s->mutable_initial()->mutable_he();
  s->set_precision(v1::PRECISION_SINGLE);
  return mlp;
}

std::vector<BadSpec> AllBadSpecs() {
  std::vector<BadSpec> all = BadDataSpecs();
  for (const std::vector<BadSpec>& part :
       {BadAlteredSpecs(), BadPolynomialSpecs(), BadLossSpecs(),
        BadOptimizerSpecs(), BadWeightingSpecs(), BadResamplingSpecs(),
        BadShiftSpecs(), BadNetworkSpecs()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  all.insert(all.end(), std::begin(kBadWeights), std::end(kBadWeights));
  all.insert(all.end(), std::begin(kBadTraining), std::end(kBadTraining));
  all.insert(all.end(), std::begin(kBadNames), std::end(kBadNames));
  return all;
}

}  // namespace steelyard
