#include <cstdint>
#include <limits>
#include <vector>

#include "tests/server/bad_specs.h"

namespace steelyard {
namespace {

using Spec = v1::RunSpec;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr uint64_t kPast = uint64_t{1} << 63;

v1::Weighting* W(Spec* s) { return s->mutable_weighting(); }

// The weight 1 for both classes.
v1::PerClassWeighting* ClassWeights(Spec* s) {
  v1::PerClassWeighting* per_class = W(s)->mutable_per_class();
  per_class->clear_ratio();
  per_class->add_weights(1);
  per_class->add_weights(1);
  return per_class;
}

constexpr BadSpec kBadWeightings[] = {
    {"NoRatioAndNoWeights",
     [](Spec* s) { W(s)->mutable_per_class()->clear_ratio(); },
     "weighting.per_class.ratio", "or weights, got nothing"},
    {"BothRatioAndWeights", [](Spec* s) { ClassWeights(s)->set_ratio(2); },
     "weighting.per_class.ratio", "want it or weights, got both"},
    {"TooManyClassWeights", [](Spec* s) { ClassWeights(s)->add_weights(1); },
     "weighting.per_class.weights", "want 2 values, one for each class, got 3"},
    {"ANegativeClassWeight",
     [](Spec* s) { ClassWeights(s)->set_weights(1, -1); },
     "weighting.per_class.weights[1]", "want a finite value >= 0, got -1"},
    {"NoClassHasAWeight",
     [](Spec* s) {
       v1::PerClassWeighting* per_class = ClassWeights(s);
       per_class->set_weights(0, 0);
       per_class->set_weights(1, 0);
     },
     "weighting.per_class.weights", "want a sum > 0, got only zeros"},
    {"AClassWithoutRowsHasTheWeight",
     [](Spec* s) {
       ClassWeights(s)->set_weights(1, 0);
       for (int i = 0; i < 4; ++i) {
         s->mutable_data()->mutable_inline_()->set_labels(i, 1);
       }
     },
     "weighting.per_class.weights", "want a weight > 0 for a class that has"},
    {"ClassWeightsOfNumbers",
     [](Spec* s) {
       s->mutable_loss()->mutable_squared();
       ClassWeights(s);
     },
     "weighting.per_class", "want labels that are classes"},
    {"BetaOfOne",
     [](Spec* s) { W(s)->mutable_effective_number()->set_beta(1); },
     "weighting.effective_number.beta", "want a value >= 0 and < 1, got 1"},
    {"EffectiveNumbersOfNumbers",
     [](Spec* s) {
       s->mutable_loss()->mutable_squared();
       W(s)->mutable_effective_number()->set_beta(0.5);
     },
     "weighting.effective_number", "want labels that are classes"},
    {"ANegativeFloor",
     [](Spec* s) { W(s)->mutable_dual_optimal()->set_floor(-1); },
     "weighting.dual_optimal.floor", "want a finite value >= 0, got -1"},
    {"TheDualOptimumOfANetwork",
     [](Spec* s) {
       MakeMlp(s);
       W(s)->mutable_dual_optimal()->set_floor(0);
     },
     "weighting.dual_optimal", "want it with a linear model"},
    {"RelativeOfOne", [](Spec* s) { W(s)->set_relative(1); },
     "weighting.relative", "want a value >= 0 and < 1, got 1"},
    {"APowerOfWeightsThatIsNaN", [](Spec* s) { W(s)->set_power(kNaN); },
     "weighting.power", "want a value of 0 to 100, got nan"},
    {"AClipOfZero", [](Spec* s) { W(s)->set_clip(0); }, "weighting.clip",
     "want a finite value > 0, got 0"},
    {"NoScheduleOfWeights",
     [](Spec* s) { W(s)->mutable_schedule()->clear_kind(); },
     "weighting.schedule", "want one of always, deferred, annealed"},
    {"DeferredToNowhere",
     [](Spec* s) { W(s)->mutable_schedule()->mutable_deferred(); },
     "weighting.schedule.deferred.from", "got nothing"},
    {"DeferredForEver",
     [](Spec* s) {
       W(s)->mutable_schedule()->mutable_deferred()->set_from(kPast);
     },
     "weighting.schedule.deferred.from", "got 9223372036854775808"},
    {"AnnealedToNowhere",
     [](Spec* s) { W(s)->mutable_schedule()->mutable_annealed(); },
     "weighting.schedule.annealed.until", "got nothing"},
    {"AnnealedBackwards",
     [](Spec* s) {
       v1::AnnealedWeights* annealed =
           W(s)->mutable_schedule()->mutable_annealed();
       annealed->set_from(10);
       annealed->set_until(10);
     },
     "weighting.schedule.annealed.from",
     "want a step before until, 10, got 10"},
    {"DeferredWithLbfgs",
     [](Spec* s) {
       s->mutable_optimizer()->mutable_lbfgs()->set_memory(10);
       W(s)->mutable_schedule()->mutable_deferred()->set_from(5);
     },
     "weighting.schedule", "want always with the optimizer lbfgs"},
};

}  // namespace

std::vector<BadSpec> BadWeightingSpecs() {
  return {std::begin(kBadWeightings), std::end(kBadWeightings)};
}

}  // namespace steelyard
