// Specs with test sets that come from others: what is right, and what is known
// of them.  What is refused: bad_altered_specs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/spec_check.h"
#include "server/spec_defaults.h"
#include "tests/server/bad_specs.h"
#include "tests/server/spec_samples.h"

namespace steelyard::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

v1::Data* Set(v1::RunSpec* spec, const std::string& name) {
  return &(*spec->mutable_test_sets())[name];
}

TEST(SpecDerivedTest, TheLimitsAreWithin) {
  v1::RunSpec spec = GoodSpec();
  v1::UniformNoiseData* noise = Set(&spec, "noise")->mutable_uniform_noise();
  noise->set_rows(50'000'000);  // of two features
  noise->set_low(-1e100);
  noise->set_high(1e100);
  v1::ShiftedCopyData* copy = Set(&spec, "copy")->mutable_shifted_copy();
  copy->set_of("test");
  copy->add_shift(1e100);
  copy->add_shift(-1e100);
  EXPECT_THAT(Messages(spec), IsEmpty());
}

TEST(SpecDerivedTest, WhatASplitMakesCanBeCopied) {
  v1::RunSpec spec = GoodSpec();
  spec.clear_test_sets();
  v1::ShiftedCopyData* copy = Set(&spec, "copy")->mutable_shifted_copy();
  copy->set_of("test");
  copy->add_shift(1);
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("got \"test\"")));
  spec.mutable_data()->mutable_split()->set_test_fraction(0.5);
  EXPECT_THAT(Messages(spec), IsEmpty());
  copy->mutable_shift()->Resize(3, 1);
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("want one value or 2")));
}

// The labels of the training rows' classes are not those of noise.
TEST(SpecDerivedTest, ClassesAreNotFilledIn) {
  v1::RunSpec spec = GoodSpec();
  spec.set_seed(4);
  spec.mutable_data()->mutable_classes()->add_positive(1);
  spec.mutable_data()->mutable_classes()->add_negative(-1);
  Set(&spec, "noise")->mutable_uniform_noise()->set_rows(3);
  Set(&spec, "copy")->mutable_shifted_copy()->set_of("test");
  Set(&spec, "copy")->mutable_shifted_copy()->add_shift(3);
  EXPECT_THAT(Messages(spec), IsEmpty());
  FillDefaults(&spec);
  EXPECT_THAT(Messages(spec), IsEmpty());
  EXPECT_TRUE(Set(&spec, "test")->has_classes());
  EXPECT_FALSE(Set(&spec, "noise")->has_classes());
  EXPECT_FALSE(Set(&spec, "copy")->has_classes());
  EXPECT_EQ(Set(&spec, "noise")->uniform_noise().seed(), 4U);
  EXPECT_EQ(Set(&spec, "noise")->uniform_noise().high(), 1);
}

// Their lists stay where they are written.
TEST(SpecDerivedTest, ClassesThatAreLeftOutAreThoseOfTheTrainingRows) {
  v1::RunSpec spec = GoodSpec();
  spec.mutable_data()->mutable_classes()->add_positive(1);
  spec.mutable_data()->mutable_classes()->add_negative(-1);
  v1::Data& rest = *Set(&spec, "rest");
  rest.mutable_gaussians()->add_classes()->set_label(7);
  v1::GaussianClass& drawn = *rest.mutable_gaussians()->mutable_classes(0);
  drawn.set_rows(3);
  drawn.mutable_mean()->Resize(2, 0);
  drawn.set_standard_deviation(1);
  rest.mutable_classes()->set_left_out(true);
  EXPECT_THAT(Messages(spec), IsEmpty());
  FillDefaults(&spec);
  EXPECT_THAT(Messages(spec), IsEmpty());
  EXPECT_TRUE(rest.classes().left_out());
  EXPECT_TRUE(rest.classes().positive().empty());
  drawn.set_label(-1);
  EXPECT_THAT(Messages(spec),
              ElementsAre(HasSubstr("test_sets.rest.classes: want classes")));
}

TEST(SpecDerivedTest, TheSameOfSeveralClasses) {
  v1::RunSpec spec = GoodSpec();
  spec.mutable_loss()->mutable_softmax_cross_entropy();
  spec.mutable_weighting()->mutable_uniform();
  spec.mutable_data()->mutable_classes()->add_each(-1);
  spec.mutable_data()->mutable_classes()->add_each(1);
  v1::Data& rest = *Set(&spec, "test");
  rest.mutable_classes()->set_left_out(true);
  EXPECT_EQ(Messages(spec).size(), 1U);
  rest.mutable_inline_()->set_labels(0, -9);
  EXPECT_THAT(Messages(spec), IsEmpty());
}

// Widths come from summaries where the rows lie in files.
TEST(SpecDerivedTest, WidthsAreThoseOfTheOtherRows) {
  v1::RunSpec spec = GoodSpec();
  spec.clear_test_sets();
  v1::NpyData* npy = spec.mutable_data()->mutable_npy();
  npy->mutable_features()->set_dataset("x");
  npy->mutable_labels()->set_dataset("y");
  v1::UniformNoiseData* noise = Set(&spec, "noise")->mutable_uniform_noise();
  noise->set_rows(10'001);
  KnownDataset features{.form = v1::DATASET_FORM_NPY, .summary = {}};
  features.summary.add_shape(5);
  features.summary.add_shape(10'000);
  EXPECT_THAT(Messages(spec), IsEmpty());
  EXPECT_EQ(CheckAgainstSummaries(spec, {{"x", features}}).size(), 1U);
  noise->set_rows(10'000);
  EXPECT_THAT(CheckAgainstSummaries(spec, {{"x", features}}), IsEmpty());
}

TEST(SpecDerivedTest, TheTextIsShort) {
  EXPECT_THAT(Faults(R"(data: {moons: {positive: 9, negative: 9}}
test_sets:
  test: {moons: {positive: 9, negative: 9}}
  noise: {uniform_noise: {rows: 100, low: -2, high: 3}}
  moved: {shifted_copy: {of: test, shift: [0.5, -1]}}
optimizer: {gradient_descent: {learning_rate: 1}}
stop: {steps: 1}
)"),
              IsEmpty());
}

TEST(SpecDerivedTest, WhatIsLeftOutIsShortToo) {
  EXPECT_THAT(
      Faults(
          R"(data: {cifar: {batches: [{dataset: b1}]}, classes: {positive: [5], negative: [3]}}
test_sets:
  test: {cifar: {batches: [{dataset: t}]}}
  others: {cifar: {batches: [{dataset: t}]}, classes: {left_out: true}}
optimizer: {gradient_descent: {learning_rate: 1}}
stop: {steps: 1}
)"),
      IsEmpty());
}

}  // namespace
}  // namespace steelyard::server
