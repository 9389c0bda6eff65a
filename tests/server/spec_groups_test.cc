// Groups by a column, against what workers found in the file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "server/spec_check.h"
#include "tests/server/bad_specs.h"

namespace steelyard::server {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Texts = std::vector<std::pair<std::string, int64_t>>;

auto IsFault(const std::string& path, const std::string& part) {
  return AllOf(Field(&Fault::path, path),
               Field(&Fault::message, HasSubstr(part)));
}

v1::ColumnSummary* AddColumn(KnownDataset& known, const std::string& name,
                             bool numeric) {
  v1::ColumnSummary* column = known.summary.add_columns();
  column->set_name(name);
  column->set_numeric(numeric);
  return column;
}

// A row x, site, y for each group.
KnownDataset Csv(int64_t distinct, const Texts& texts = {}) {
  KnownDataset known{.form = v1::DATASET_FORM_CSV, .summary = {}};
  known.summary.add_shape(distinct);
  known.summary.add_shape(3);
  AddColumn(known, "x", true);
  v1::ColumnSummary* site = AddColumn(known, "site", false);
  site->set_distinct(distinct);
  for (const auto& [text, count] : texts) {
    site->add_texts()->set_text(text);
    site->mutable_texts()->rbegin()->set_count(count);
  }
  v1::ColumnSummary* labels = AddColumn(known, "y", true);
  for (const auto& [label, rows] :
       {std::pair(-1, distinct / 2), {1, distinct - distinct / 2}}) {
    labels->add_values()->set_value(label);
    labels->mutable_values()->rbegin()->set_count(rows);
  }
  return known;
}

v1::Data Data(const std::string& dataset, const std::string& group) {
  v1::Data data;
  data.mutable_csv()->set_dataset(dataset);
  data.mutable_csv()->set_group(group);
  return data;
}

v1::RunSpec Spec(const std::string& group) {
  v1::RunSpec spec = GoodSpec();
  spec.clear_test_sets();
  spec.mutable_weighting()->mutable_uniform();
  *spec.mutable_data() = Data("rows", group);
  return spec;
}

TEST(SpecGroupsTest, AColumnOfGroupsIsNoFeature) {
  const std::map<std::string, KnownDataset> known = {{"rows", Csv(3)}};
  v1::RunSpec spec = Spec("site");
  EXPECT_THAT(CheckAgainstSummaries(spec, known), IsEmpty());
  EXPECT_THAT(CheckAgainstSummaries(Spec("1"), known), IsEmpty());
  // One feature is left.
  (*spec.mutable_test_sets())["wide"] = GoodSpec().data();
  EXPECT_THAT(
      CheckAgainstSummaries(spec, known),
      ElementsAre(IsFault("test_sets.wide",
                          "want rows of 1 features as in data, got 2")));
  // Without it the text is one.
  EXPECT_THAT(CheckAgainstSummaries(Spec(""), known),
              ElementsAre(IsFault("data.csv.dataset", "got text in column 1")));
}

TEST(SpecGroupsTest, TheColumnMayBeTheLabelOrAFeature) {
  const std::map<std::string, KnownDataset> known = {{"rows", Csv(3)}};
  v1::RunSpec spec = Spec("y");
  spec.mutable_data()->mutable_csv()->add_features("x");
  EXPECT_THAT(CheckAgainstSummaries(spec, known), IsEmpty());
  spec.mutable_data()->mutable_csv()->set_group("x");
  EXPECT_THAT(CheckAgainstSummaries(spec, known), IsEmpty());
}

TEST(SpecGroupsTest, TheColumnIsThere) {
  EXPECT_THAT(
      CheckAgainstSummaries(Spec("sit"), {{"rows", Csv(3)}}),
      ElementsAre(IsFault("data.csv.group",
                          "want the name of a column or its number, 0 "
                          "to 2, got \"sit\"; did you mean \"site\"?")));
}

TEST(SpecGroupsTest, AFeatureIsLeft) {
  KnownDataset known = Csv(3);
  known.summary.mutable_columns()->DeleteSubrange(0, 1);
  EXPECT_THAT(CheckAgainstSummaries(Spec("site"), {{"rows", known}}),
              ElementsAre(IsFault("data.csv.features",
                                  "want a column left for features")));
}

TEST(SpecGroupsTest, EveryRowHasATextUnlessRowsAreLeftOut) {
  const std::map<std::string, KnownDataset> known = {
      {"rows", Csv(2, {{"", 4}, {"a", 1}})}};
  EXPECT_THAT(
      CheckAgainstSummaries(Spec("site"), known),
      ElementsAre(IsFault("data.csv.group",
                          "want a text in every row, got 4 rows without")));
  v1::RunSpec spec = Spec("site");
  spec.mutable_data()->mutable_take()->set_first_per_class(1);
  EXPECT_THAT(CheckAgainstSummaries(spec, known), IsEmpty());
}

// 600 in data, which a split may put on both sides, and 400 or 401 elsewhere.
TEST(SpecGroupsTest, AreAtMostAThousandOverAllSets) {
  v1::RunSpec spec = Spec("site");
  (*spec.mutable_test_sets())["a"] = Data("more", "site");
  (*spec.mutable_test_sets())["b"] = Data("more", "");
  (*spec.mutable_test_sets())["b"].mutable_csv()->add_features("x");
  const auto check = [&spec](int64_t more) {
    return CheckAgainstSummaries(spec,
                                 {{"rows", Csv(600)}, {"more", Csv(more)}});
  };
  EXPECT_THAT(check(400), IsEmpty());
  const auto fault = IsFault(
      "test_sets.a", "want at most 1000 groups over all sets, got at least 10");
  EXPECT_THAT(check(401), ElementsAre(fault));
  spec.mutable_data()->mutable_split()->set_test_fraction(0.5);
  EXPECT_THAT(check(401), ElementsAre(fault));
  // It is not known which groups a part of the rows has.
  spec.mutable_data()->mutable_imbalance()->mutable_step()->set_ratio(1);
  EXPECT_THAT(check(401), IsEmpty());
  spec = Spec("site");
  EXPECT_THAT(CheckAgainstSummaries(spec, {{"rows", Csv(1001)}}),
              ElementsAre(IsFault("data", "got at least 1001")));
}

}  // namespace
}  // namespace steelyard::server
