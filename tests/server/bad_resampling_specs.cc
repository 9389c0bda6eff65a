#include <cstdint>
#include <limits>
#include <vector>

#include "tests/server/bad_specs.h"

namespace steelyard {
namespace {

using Spec = v1::RunSpec;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Of a spec that may have them.
v1::LearnedWeighting* LearnedOf(Spec* s) {
  s->mutable_weighting()->clear_kind();
  v1::LearnedWeighting* learned = s->mutable_weighting()->mutable_learned();
  learned->set_bound(10);
  learned->set_learning_rate(1);
  learned->set_goal(v1::LEARNING_GOAL_MINIMIZE);
  return learned;
}

v1::DualPath* DualPathOf(Spec* s) {
  v1::DualPath* path = s->mutable_weighting()->mutable_dual_path();
  path->set_share(0.5);
  path->set_floor(0.01);
  return path;
}

constexpr BadSpec kBadResampling[] = {
    {"ABoxOfOnePoint", [](Spec* s) { LearnedOf(s)->set_bound(1); },
     "weighting.learned.bound", "want a value > 1 and at most 1e100, got 1"},
    {"ABoxWithoutEnd", [](Spec* s) { LearnedOf(s)->set_bound(1e101); },
     "weighting.learned.bound", "at most 1e100, got 1e+101"},
    {"ALearnedRateOfZero", [](Spec* s) { LearnedOf(s)->set_learning_rate(0); },
     "weighting.learned.learning_rate", "want a finite value > 0, got 0"},
    {"AGoalThatIsUnknown",
     [](Spec* s) { LearnedOf(s)->set_goal(static_cast<v1::LearningGoal>(9)); },
     "weighting.learned.goal", "want minimize or maximize"},
    {"LearnedWeightsThatLeap",
     [](Spec* s) {
       LearnedOf(s);
       s->mutable_optimizer()
           ->mutable_gradient_descent()
           ->mutable_leap()
           ->set_tolerance(1e-10);
     },
     "weighting.learned",
     "want weights that are not learned with optimizer.gradient_descent.leap, "
     "got learned ones"},
    {"LearnedWeightsOfANetwork",
     [](Spec* s) {
       LearnedOf(s);
       MakeMlp(s);
     },
     "weighting.learned", "want it with a linear model"},
    {"LearnedWeightsInSinglePrecision",
     [](Spec* s) {
       LearnedOf(s);
       s->set_precision(v1::PRECISION_SINGLE);
     },
     "weighting.learned", "gradient_descent from zeros in double precision"},
    {"LearnedWeightsThatAreClipped",
     [](Spec* s) {
       LearnedOf(s);
       s->mutable_weighting()->set_clip(2);
     },
     "weighting.learned", "want it without relative, power, clip"},
    {"LearnedWeightsThatAreDrawn",
     [](Spec* s) {
       LearnedOf(s);
       s->mutable_resampling()->mutable_multinomial();
     },
     "weighting.learned", "want it without relative, power, clip"},
    {"LearnedWeightsOfLeastOne",
     [](Spec* s) {
       LearnedOf(s);
       s->set_normalization(v1::NORMALIZATION_MIN_ONE);
     },
     "normalization", "with learned weights, got min_one"},
    {"NoShareOfThePath", [](Spec* s) { DualPathOf(s)->clear_share(); },
     "weighting.dual_path.share", "want a value of 0 to 1, got nothing"},
    {"AShareAboveOne", [](Spec* s) { DualPathOf(s)->set_share(1.5); },
     "weighting.dual_path.share", "want a value of 0 to 1, got 1.5"},
    {"APathWithANegativeFloor", [](Spec* s) { DualPathOf(s)->set_floor(-1); },
     "weighting.dual_path.floor", "want a finite value >= 0, got -1"},
    {"APathOfANetwork",
     [](Spec* s) {
       DualPathOf(s);
       MakeMlp(s);
     },
     "weighting.dual_path", "want it with a linear model"},
    {"ResamplingOfNoKind", [](Spec* s) { s->mutable_resampling(); },
     "resampling", "got nothing"},
    {"UnderSamplingOfNumbers",
     [](Spec* s) {
       s->mutable_loss()->mutable_squared();
       s->mutable_weighting()->mutable_uniform();
       s->mutable_resampling()->mutable_under();
     },
     "resampling.under", "want labels that are classes"},
    {"ADrawOfWeightsThatChange",
     [](Spec* s) {
       s->mutable_resampling()->mutable_bernoulli();
       s->mutable_weighting()->mutable_schedule()->mutable_deferred()->set_from(
           3);
     },
     "weighting.schedule", "want always where the weights become rows"},
    {"AThresholdThatIsNaN",
     [](Spec* s) { s->mutable_evaluate()->add_weighted_below(kNaN); },
     "evaluate.weighted_below[0]", "want a finite value, each once, got nan"},
    {"AThresholdTwice",
     [](Spec* s) {
       s->mutable_evaluate()->add_weighted_below(0);
       s->mutable_evaluate()->add_weighted_below(-0.0);
     },
     "evaluate.weighted_below[1]", "want a finite value, each once"},
    {"TooManyThresholds",
     [](Spec* s) {
       for (int k = 0; k <= 100; ++k) {
         s->mutable_evaluate()->add_weighted_below(k);
       }
     },
     "evaluate.weighted_below", "want at most 100 values, got 101"},
    {"MarginsAtNoStep",
     [](Spec* s) { s->mutable_artifacts()->mutable_margins(); },
     "artifacts.margins.at.steps", "want 1 to 1000 steps, got none"},
    {"MarginsBeyondTheLastStep",
     [](Spec* s) {
       s->mutable_artifacts()->mutable_margins()->mutable_at()->add_steps(101);
     },
     "artifacts.margins.at.steps[0]", "want at most the last step, 100"},
    {"MarginsOfNumbers",
     [](Spec* s) {
       s->mutable_loss()->mutable_squared();
       s->mutable_weighting()->mutable_uniform();
       s->mutable_artifacts()->mutable_margins()->mutable_at()->add_steps(1);
     },
     "artifacts.margins", "want labels that are classes"},
    {"WeightsThatDoNotChange",
     [](Spec* s) {
       s->mutable_artifacts()->mutable_weights()->mutable_at()->add_steps(1);
     },
     "artifacts.weights", "want it with weights that change"},
};

}  // namespace

std::vector<BadSpec> BadResamplingSpecs() {
  return {std::begin(kBadResampling), std::end(kBadResampling)};
}

}  // namespace steelyard
