// Specs that change their training rows: what is known of them before.  What is
// refused: bad_data_specs.
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

// 30 rows of +1 and 50 of -1 in the plane, and so many weights.
v1::RunSpec MoonsSpec(int weights) {
  v1::RunSpec spec = GoodSpec();
  spec.clear_test_sets();
  spec.mutable_data()->mutable_moons()->set_positive(30);
  spec.mutable_data()->mutable_moons()->set_negative(50);
  spec.mutable_weighting()->mutable_per_example()->mutable_weights()->Resize(
      weights, 1);
  return spec;
}

void SetRatio(v1::RunSpec* spec, double ratio) {
  spec->mutable_data()->mutable_imbalance()->mutable_step()->set_ratio(ratio);
}

TEST(SpecAlterationsTest, RowsAreCountedAfterEachOfThem) {
  v1::RunSpec spec = MoonsSpec(60);  // 80 less 7.5 and 12.5, rounded half up
  spec.mutable_data()->mutable_split()->set_test_fraction(0.25);
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("want 59 weights")));
  SetRatio(&spec, 0.1);  // of 22 and 37: 3.7 and 37
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("want 41 weights")));
  SetRatio(&spec, 10);  // 22 and 2.2
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("want 24 weights")));
  spec.mutable_data()->mutable_take()->set_first_per_class(20);  // 15 and 15
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("want 17 weights")));
  for (const bool pair : {false, true}) {
    v1::LabelNoise* noise = spec.mutable_data()->mutable_label_noise();
    pair ? noise->mutable_pair()->set_fraction(0.3)
         : noise->mutable_symmetric()->set_fraction(0.3);
    EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("want 17 weights")));
  }
  EXPECT_THAT(CheckAgainstSummaries(spec, {}).size(), 1);
}

// A ratio of 0 leaves rows as long as one is labelled -1.
TEST(SpecAlterationsTest, PairNoiseMovesRowsBetweenTheClasses) {
  v1::RunSpec spec = MoonsSpec(0);
  spec.mutable_data()->mutable_moons()->set_negative(0);
  spec.mutable_weighting()->mutable_per_class()->set_ratio(0);
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("want a value > 0")));
  v1::LabelNoise* noise = spec.mutable_data()->mutable_label_noise();
  noise->mutable_pair()->set_fraction(0.1);
  EXPECT_THAT(Messages(spec), IsEmpty());
  noise->mutable_pair()->set_fraction(0.01);  // 0.3 rows
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("want a value > 0")));
  noise->mutable_symmetric()->set_fraction(0.01);  // which rows is not known
  EXPECT_THAT(Messages(spec), IsEmpty());
}

TEST(SpecAlterationsTest, TheSetThatASplitMakesIsOneOfTheTestSets) {
  v1::RunSpec spec = MoonsSpec(40);
  spec.mutable_data()->mutable_split()->set_test_fraction(0.5);
  SpecLimits limits;
  limits.metrics = 48 + 5;
  EXPECT_THAT(Messages(spec, limits), IsEmpty());
  (*spec.mutable_test_sets())["other"].mutable_moons()->set_positive(1);
  EXPECT_THAT(Messages(spec), IsEmpty());
  EXPECT_THAT(Messages(spec, limits),
              ElementsAre("test_sets: want at most 1 sets, got 2"));
}

// A stored table x, fold, y with the texts a, b, c in fold.
v1::RunSpec FoldSpec(const std::vector<std::string>& texts) {
  v1::RunSpec spec = GoodSpec();
  spec.clear_test_sets();
  spec.mutable_data()->mutable_csv()->set_dataset("rows");
  v1::ColumnSplit* by = spec.mutable_data()->mutable_split()->mutable_by();
  by->set_column("fold");
  by->mutable_test()->Assign(texts.begin(), texts.end());
  return spec;
}

KnownDataset Folds() {
  KnownDataset known{.form = v1::DATASET_FORM_CSV, .summary = {}};
  known.summary.add_shape(30);
  known.summary.add_shape(3);
  for (const char* name : {"x", "fold", "y"}) {
    v1::ColumnSummary* column = known.summary.add_columns();
    column->set_name(name);
    column->set_numeric(std::string(name) != "fold");
  }
  for (const int sign : {-1, 1}) {
    v1::ValueCount* label = known.summary.mutable_columns(2)->add_values();
    label->set_value(sign);
    label->set_count(15);
  }
  for (const char* text : {"fold-a", "fold-b", "c"}) {
    known.summary.mutable_columns(1)->add_texts()->set_text(text);
  }
  return known;
}

std::vector<std::string> AgainstFolds(const v1::RunSpec& spec,
                                      const KnownDataset& known = Folds()) {
  std::vector<std::string> messages;
  for (const Fault& fault : CheckAgainstSummaries(spec, {{"rows", known}})) {
    messages.push_back(absl::StrCat(fault.path, ": ", fault.message));
  }
  return messages;
}

TEST(SpecAlterationsTest, TheColumnOfASplitIsNoFeature) {
  EXPECT_THAT(Messages(FoldSpec({"c"})), IsEmpty());
  EXPECT_THAT(AgainstFolds(FoldSpec({"c", "fold-a"})), IsEmpty());
  v1::RunSpec spec = FoldSpec({"c"});
  (*spec.mutable_test_sets())["wide"] = GoodSpec().data();
  EXPECT_THAT(AgainstFolds(spec),
              ElementsAre(HasSubstr("want rows of 1 features as in data")));
  // Not even how many rows there are is known then.
  spec = FoldSpec({"c"});
  spec.mutable_weighting()->mutable_per_example()->add_weights(1);
  EXPECT_THAT(AgainstFolds(spec), IsEmpty());
}

TEST(SpecAlterationsTest, ASplitsTextsAreInTheColumnAndNotAll) {
  EXPECT_THAT(AgainstFolds(FoldSpec({"c", "folda", "d"})),
              ElementsAre("data.split.by.test[1]: want a text of the column "
                          "\"fold\", got \"folda\"; did you mean "
                          "\"fold-a\"?",
                          "data.split.by.test[2]: want a text of the column "
                          "\"fold\", got \"d\""));
  EXPECT_THAT(AgainstFolds(FoldSpec({"c", "fold-a", "fold-b"})),
              ElementsAre("data.split.by.test: want texts that leave a row on "
                          "both sides, got all of the column's"));
  // Of more than a hundred texts none is listed.
  KnownDataset many = Folds();
  many.summary.mutable_columns(1)->clear_texts();
  EXPECT_THAT(AgainstFolds(FoldSpec({"folda"}), many), IsEmpty());
  v1::RunSpec spec = FoldSpec({"c"});
  spec.mutable_data()->mutable_split()->mutable_by()->set_column("folds");
  EXPECT_THAT(AgainstFolds(spec),
              ElementsAre("data.split.by.column: want the name of a column or "
                          "its number, 0 to 2, got \"folds\"; did you mean "
                          "\"fold\"?"));
}

// A seed that nothing draws by is not filled in.
TEST(SpecAlterationsTest, ASplitByAColumnHasNoSeed) {
  v1::RunSpec spec = FoldSpec({"c"});
  spec.set_seed(4);
  FillDefaults(&spec);
  EXPECT_FALSE(spec.data().split().has_seed());
  EXPECT_THAT(Messages(spec), IsEmpty());
}

TEST(SpecAlterationsTest, TheLimitsAreWithin) {
  v1::RunSpec spec = MoonsSpec(1);
  spec.mutable_weighting()->mutable_uniform();
  v1::LabelNoise* noise = spec.mutable_data()->mutable_label_noise();
  for (const double fraction : {0.0, 1.0}) {
    noise->mutable_symmetric()->set_fraction(fraction);
    EXPECT_THAT(Messages(spec), IsEmpty());
    noise->mutable_pair()->set_fraction(fraction);
    EXPECT_THAT(Messages(spec), IsEmpty());
  }
}

TEST(SpecAlterationsTest, DrawsHaveTheRunsSeedUnlessTheyHaveTheirOwn) {
  v1::RunSpec spec = MoonsSpec(1);
  spec.set_seed(9);
  spec.mutable_data()->mutable_split();
  spec.mutable_data()->mutable_label_noise()->set_seed(0);
  FillDefaults(&spec);
  EXPECT_EQ(spec.data().split().seed(), 9U);
  EXPECT_EQ(spec.data().label_noise().seed(), 0U);
  EXPECT_FALSE(spec.data().has_imbalance());
}

}  // namespace
}  // namespace steelyard::server
