// Bad specs: what is done to rows, and rows that come from others.
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "tests/server/bad_specs.h"

namespace steelyard {
namespace {

using Spec = v1::RunSpec;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

v1::Data* Alone(Spec* s) {
  s->clear_test_sets();
  return s->mutable_data();
}

v1::Data* TestSet(Spec* s) { return &(*s->mutable_test_sets())["test"]; }

// Stored rows, of which those with one of `texts` in the column fold are
// tested.
v1::Data* SplitBy(Spec* s, const std::vector<std::string>& texts) {
  v1::Data* data = Alone(s);
  data->mutable_csv()->set_dataset("rows");
  v1::ColumnSplit* by = data->mutable_split()->mutable_by();
  by->set_column("fold");
  by->mutable_test()->Assign(texts.begin(), texts.end());
  return data;
}

constexpr BadSpec kBadAlterations[] = {
    {"SplitWithoutAWay", [](Spec* s) { Alone(s)->mutable_split(); },
     "data.split", "want one of test_fraction, by, got nothing"},
    {"ASplitByAColumnOfAnInlineTable",
     [](Spec* s) {
       *SplitBy(s, {"a"})->mutable_inline_() = GoodSpec().data().inline_();
     },
     "data.split.by", "want it with csv, got another source"},
    {"ASplitByNoColumn",
     [](Spec* s) {
       SplitBy(s, {"a"})->mutable_split()->mutable_by()->clear_column();
     },
     "data.split.by.column", "got nothing"},
    {"ASplitByAColumnWithALongName",
     [](Spec* s) {
       SplitBy(s, {"a"})->mutable_split()->mutable_by()->set_column(
           std::string(256, 'x'));
     },
     "data.split.by.column", "of at most 255 bytes", false},
    {"ASplitByNoText", [](Spec* s) { SplitBy(s, {}); }, "data.split.by.test",
     "want at least one text, got none"},
    {"ASplitByATextTwice",
     [](Spec* s) {
       SplitBy(s, {"a", "b", "a"});
     },
     "data.split.by.test[2]", "want each text once, got \"a\""},
    {"ASplitByALongText", [](Spec* s) { SplitBy(s, {std::string(256, 'x')}); },
     "data.split.by.test[0]", "want at most 255 bytes, got 256", false},
    {"ASplitByAColumnWithASeed",
     [](Spec* s) { SplitBy(s, {"a"})->mutable_split()->set_seed(1); },
     "data.split.seed", "want it with test_fraction alone"},
    {"ASplitOfAll",
     [](Spec* s) { Alone(s)->mutable_split()->set_test_fraction(1); },
     "data.split.test_fraction", "want a value > 0 and < 1, got 1"},
    {"ASplitThatIsNaN",
     [](Spec* s) {
       Alone(s)->mutable_split()->set_test_fraction(std::nan(""));
     },
     "data.split.test_fraction", "got nan"},
    {"ASplitThatLeavesNoTestRow",
     [](Spec* s) { Alone(s)->mutable_split()->set_test_fraction(0.2); },
     "data.split.test_fraction", "a row on both sides, got 0.2 of 4 rows"},
    {"ASplitThatLeavesNoTrainingRow",
     [](Spec* s) { Alone(s)->mutable_split()->set_test_fraction(0.75); },
     "data.split.test_fraction", "a row on both sides, got 0.75 of 4 rows"},
    {"ASplitBesideASetNamedTest",
     [](Spec* s) {
       s->mutable_data()->mutable_split()->set_test_fraction(0.5);
     },
     "data.split", "want no test set named test"},
    {"ASplitOfATestSet",
     [](Spec* s) { TestSet(s)->mutable_split()->set_test_fraction(0.5); },
     "test_sets.test.split", "want it in data alone"},
    {"AnImbalanceWithoutAKind",
     [](Spec* s) { s->mutable_data()->mutable_imbalance(); }, "data.imbalance",
     "want one of step, long_tailed"},
    {"AnImbalanceWithoutARatio",
     [](Spec* s) { s->mutable_data()->mutable_imbalance()->mutable_step(); },
     "data.imbalance.step.ratio", "want a finite value > 0, got nothing"},
    {"AnImbalanceThatIsInfinite",
     [](Spec* s) {
       s->mutable_data()->mutable_imbalance()->mutable_step()->set_ratio(
           kInfinity);
     },
     "data.imbalance.step.ratio", "want a finite value > 0, got inf"},
    {"AnImbalanceThatLeavesNoRow",
     [](Spec* s) {
       s->mutable_data()->mutable_imbalance()->mutable_step()->set_ratio(0.2);
     },
     "data.imbalance.step.ratio",
     "want a ratio that leaves a row of each class, got 0.2 for 2 rows of +1 "
     "and 2 of -1"},
    {"AnImbalanceOfATestSet", [](Spec* s) { TestSet(s)->mutable_imbalance(); },
     "test_sets.test.imbalance", "want it in data alone"},
    {"LabelNoiseWithoutAKind",
     [](Spec* s) { s->mutable_data()->mutable_label_noise(); },
     "data.label_noise", "want one of symmetric, pair, got nothing"},
    {"LabelNoiseWithoutAFraction",
     [](Spec* s) {
       s->mutable_data()->mutable_label_noise()->mutable_symmetric();
     },
     "data.label_noise.symmetric.fraction",
     "want a value of 0 to 1, got nothing"},
    {"LabelNoisePastAll",
     [](Spec* s) {
       s->mutable_data()->mutable_label_noise()->mutable_pair()->set_fraction(
           1.1);
     },
     "data.label_noise.pair.fraction", "want a value of 0 to 1, got 1.1"},
    {"LabelNoiseOfATestSet", [](Spec* s) { TestSet(s)->mutable_label_noise(); },
     "test_sets.test.label_noise", "want it in data alone"},
    {"WeightsForTheRowsBeforeASplit",
     [](Spec* s) {
       Alone(s)->mutable_split()->set_test_fraction(0.5);
       s->mutable_weighting()->mutable_per_example()->mutable_weights()->Resize(
           4, 1);
     },
     "weighting.per_example.weights", "want 2 weights"},
    {"TooFewWeightsForNoisyRows",
     [](Spec* s) {
       s->mutable_data()
           ->mutable_label_noise()
           ->mutable_symmetric()
           ->set_fraction(0.5);
       s->mutable_weighting()->mutable_per_example()->mutable_weights()->Resize(
           3, 1);
     },
     "weighting.per_example.weights", "want 4 weights"},
};

v1::UniformNoiseData* Noise(Spec* s) {
  v1::UniformNoiseData* noise =
      (*s->mutable_test_sets())["noise"].mutable_uniform_noise();
  noise->set_rows(5);
  noise->set_high(1);
  return noise;
}

v1::ShiftedCopyData* MovedCopy(Spec* s) {
  v1::ShiftedCopyData* copy =
      (*s->mutable_test_sets())["moved"].mutable_shifted_copy();
  copy->set_of("test");
  copy->add_shift(0.5);
  return copy;
}

constexpr BadSpec kBadDerived[] = {
    {"NoiseInTheTrainingData",
     [](Spec* s) { s->mutable_data()->mutable_uniform_noise(); },
     "data.uniform_noise", "want it in a test set alone"},
    {"ACopyInTheTrainingData",
     [](Spec* s) { s->mutable_data()->mutable_shifted_copy(); },
     "data.shifted_copy", "want it in a test set alone"},
    {"NoiseWithoutRows", [](Spec* s) { Noise(s)->clear_rows(); },
     "test_sets.noise.uniform_noise.rows", "want at least 1, got 0"},
    {"TooMuchNoise", [](Spec* s) { Noise(s)->set_rows(50'000'001); },
     "test_sets.noise.uniform_noise.rows",
     "want at most 100000000 values, rows times features, got 50000001 rows "
     "of 2"},
    {"NoiseWithoutExtent", [](Spec* s) { Noise(s)->set_low(1); },
     "test_sets.noise.uniform_noise.high", "want a value above low, 1, got 1"},
    {"NoiseOfLowNaN", [](Spec* s) { Noise(s)->set_low(std::nan("")); },
     "test_sets.noise.uniform_noise.low", "got nan"},
    {"NoiseOfHighInfinity", [](Spec* s) { Noise(s)->set_high(kInfinity); },
     "test_sets.noise.uniform_noise.high", "got inf"},
    {"NoiseWithClasses",
     [](Spec* s) {
       Noise(s);
       v1::Classes* classes =
           (*s->mutable_test_sets())["noise"].mutable_classes();
       classes->add_positive(1);
       classes->add_negative(-1);
     },
     "test_sets.noise.classes", "want none where the labels come from"},
    {"NoiseWithTake",
     [](Spec* s) {
       Noise(s);
       (*s->mutable_test_sets())["noise"].mutable_take()->set_first_per_class(
           1);
     },
     "test_sets.noise.take", "want none where the labels come from"},
    {"ACopyOfNothing", [](Spec* s) { MovedCopy(s)->clear_of(); },
     "test_sets.moved.shifted_copy.of", "got nothing"},
    {"ACopyOfAnUnknownSet", [](Spec* s) { MovedCopy(s)->set_of("tset"); },
     "test_sets.moved.shifted_copy.of",
     "want the name of a test set that comes from no other, got \"tset\"; did "
     "you mean test?"},
    {"ACopyOfItself", [](Spec* s) { MovedCopy(s)->set_of("moved"); },
     "test_sets.moved.shifted_copy.of", "comes from no other"},
    {"ACopyWithoutAShift", [](Spec* s) { MovedCopy(s)->clear_shift(); },
     "test_sets.moved.shifted_copy.shift", "got none"},
    {"AShiftOfOtherLength",
     [](Spec* s) {
       MovedCopy(s)->add_shift(1);
       MovedCopy(s);
     },
     "test_sets.moved.shifted_copy.shift",
     "want one value or 2, one for each feature, got 3"},
    {"AShiftThatIsInfinite",
     [](Spec* s) { MovedCopy(s)->set_shift(0, -kInfinity); },
     "test_sets.moved.shifted_copy.shift[0]",
     "of at most 1e+100 in magnitude, got -inf"},
};

}  // namespace

std::vector<BadSpec> BadAlteredSpecs() {
  std::vector<BadSpec> all(std::begin(kBadAlterations),
                           std::end(kBadAlterations));
  all.insert(all.end(), std::begin(kBadDerived), std::end(kBadDerived));
  return all;
}

}  // namespace steelyard
