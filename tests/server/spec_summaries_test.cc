// Specs against what workers found in their datasets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "server/spec_check.h"
#include "tests/server/bad_specs.h"

namespace steelyard::server {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using Known = std::map<std::string, KnownDataset>;
using Values = std::vector<std::pair<double, int64_t>>;

auto IsFault(const std::string& path, const std::string& part) {
  return AllOf(Field(&Fault::path, path),
               Field(&Fault::message, HasSubstr(part)));
}

v1::ColumnSummary Column(const std::string& name, const Values& values = {}) {
  v1::ColumnSummary column;
  column.set_name(name);
  column.set_numeric(true);
  for (const auto& [value, count] : values) {
    v1::ValueCount* added = column.add_values();
    added->set_value(value);
    added->set_count(count);
  }
  return column;
}

// Ten rows x0, x1, y with six labels +1 and four -1.
KnownDataset Csv(const Values& labels = {{-1, 4}, {1, 6}}) {
  KnownDataset known{.form = v1::DATASET_FORM_CSV, .summary = {}};
  known.summary.set_dtype("float64");
  known.summary.add_shape(10);
  known.summary.add_shape(3);
  *known.summary.add_columns() = Column("x0");
  *known.summary.add_columns() = Column("x1");
  *known.summary.add_columns() = Column("y", labels);
  return known;
}

KnownDataset Images(int64_t rows, int64_t side, const char* dtype = "uint8") {
  KnownDataset known{.form = v1::DATASET_FORM_IDX, .summary = {}};
  known.summary.set_dtype(dtype);
  for (const int64_t size : {rows, side, side}) known.summary.add_shape(size);
  return known;
}

KnownDataset Labels(const Values& values,
                    v1::DatasetForm form = v1::DATASET_FORM_IDX) {
  KnownDataset known{.form = form, .summary = {}};
  known.summary.set_dtype("uint8");
  int64_t rows = 0;
  for (const auto& [value, count] : values) {
    v1::ValueCount* added = known.summary.add_values();
    added->set_value(value);
    added->set_count(count);
    rows += count;
  }
  known.summary.add_shape(rows);
  return known;
}

v1::RunSpec CsvSpec(const std::string& label = "") {
  v1::RunSpec spec = GoodSpec();
  spec.clear_test_sets();
  spec.mutable_data()->mutable_csv()->set_dataset("rows");
  spec.mutable_data()->mutable_csv()->set_label(label);
  return spec;
}

v1::RunSpec IdxSpec() {
  v1::RunSpec spec = GoodSpec();
  spec.clear_test_sets();
  v1::IdxData* idx = spec.mutable_data()->mutable_idx();
  idx->mutable_images()->set_dataset("images");
  idx->mutable_labels()->set_dataset("labels");
  spec.mutable_data()->mutable_classes()->add_positive(2);
  spec.mutable_data()->mutable_classes()->add_negative(4);
  return spec;
}

v1::RunSpec NpySpec() {
  v1::RunSpec spec = GoodSpec();
  spec.clear_test_sets();
  v1::NpyData* npy = spec.mutable_data()->mutable_npy();
  npy->mutable_features()->set_dataset("features");
  npy->mutable_labels()->set_dataset("labels");
  return spec;
}

KnownDataset NpyFeatures(const std::vector<int64_t>& shape) {
  KnownDataset known{.form = v1::DATASET_FORM_NPY, .summary = {}};
  known.summary.set_dtype("float16");
  known.summary.mutable_shape()->Add(shape.begin(), shape.end());
  return known;
}

TEST(SpecSummariesTest, WhatFitsHasNoFault) {
  EXPECT_THAT(CheckAgainstSummaries(GoodSpec(), {}), IsEmpty());
  EXPECT_THAT(CheckAgainstSummaries(CsvSpec(), {{"rows", Csv()}}), IsEmpty());
  EXPECT_THAT(CheckAgainstSummaries(CsvSpec("y"), {{"rows", Csv()}}),
              IsEmpty());
  EXPECT_THAT(CheckAgainstSummaries(CsvSpec("2"), {{"rows", Csv()}}),
              IsEmpty());
  EXPECT_THAT(CheckAgainstSummaries(
                  IdxSpec(), {{"images", Images(30, 28)},
                              {"labels", Labels({{2, 10}, {3, 10}, {4, 10}})}}),
              IsEmpty());
}

TEST(SpecSummariesTest, WhatIsNotKnownYetIsNotChecked) {
  EXPECT_THAT(CheckAgainstSummaries(CsvSpec("nowhere"), {}), IsEmpty());
  EXPECT_THAT(CheckAgainstSummaries(IdxSpec(), {{"images", Images(30, 28)}}),
              IsEmpty());
  // Of a dataset that waits for its inspection the form is known.
  KnownDataset pending{.form = v1::DATASET_FORM_IDX, .summary = {}};
  EXPECT_THAT(CheckAgainstSummaries(CsvSpec(), {{"rows", pending}}),
              ElementsAre(IsFault("data.csv.dataset",
                                  "want a dataset of the form csv, got idx")));
  pending.form = v1::DATASET_FORM_CSV;
  EXPECT_THAT(CheckAgainstSummaries(CsvSpec("nowhere"), {{"rows", pending}}),
              IsEmpty());
}

TEST(SpecSummariesTest, TheFormFitsTheKey) {
  EXPECT_THAT(
      CheckAgainstSummaries(IdxSpec(), {{"images", Csv()}, {"labels", Csv()}}),
      ElementsAre(IsFault("data.idx.images.dataset",
                          "want a dataset of the "
                          "form idx, got csv"),
                  IsFault("data.idx.labels.dataset", "got csv")));
}

TEST(SpecSummariesTest, TheLabelsColumnIsAName) {
  EXPECT_THAT(CheckAgainstSummaries(CsvSpec("Y"), {{"rows", Csv()}}),
              ElementsAre(IsFault("data.csv.label",
                                  "want the name of a column or its number, 0 "
                                  "to 2, got \"Y\"; did you mean \"y\"?")));
  EXPECT_THAT(CheckAgainstSummaries(CsvSpec("3"), {{"rows", Csv()}}),
              ElementsAre(IsFault("data.csv.label", "got \"3\"")));
  EXPECT_THAT(
      CheckAgainstSummaries(CsvSpec("99999999999999999999"), {{"rows", Csv()}}),
      ElementsAre(IsFault("data.csv.label", "0 to 2")));
  // A name comes before a number.
  KnownDataset known = Csv();
  known.summary.mutable_columns(2)->set_name("0");
  EXPECT_THAT(CheckAgainstSummaries(CsvSpec("0"), {{"rows", known}}),
              IsEmpty());
}

TEST(SpecSummariesTest, FeaturesAreFiniteNumbers) {
  KnownDataset known = Csv();
  known.summary.mutable_columns(0)->set_numeric(false);
  known.summary.mutable_columns(0)->set_first_text("row 3 holds \"a\"");
  known.summary.mutable_columns(1)->set_non_finite(3);
  EXPECT_THAT(
      CheckAgainstSummaries(CsvSpec(), {{"rows", known}}),
      ElementsAre(IsFault("data.csv.dataset",
                          "got text in column 0, \"x0\", of which row 3 holds "
                          "\"a\"; say"),
                  IsFault("data.csv.dataset",
                          "got 3 rows with NaN or an infinity in column 1")));
  known.summary.mutable_columns()->DeleteSubrange(1, 2);
  EXPECT_THAT(CheckAgainstSummaries(CsvSpec(), {{"rows", known}}),
              ElementsAre(IsFault("data.csv.dataset", "at least two columns")));
}

// The columns are x0, x1, y.
TEST(SpecSummariesTest, FeaturesMayBeNamed) {
  KnownDataset known = Csv();
  known.summary.mutable_columns(0)->set_numeric(false);
  v1::RunSpec spec = CsvSpec("y");
  spec.mutable_data()->mutable_csv()->add_features("x1");
  EXPECT_THAT(CheckAgainstSummaries(spec, {{"rows", known}}), IsEmpty());
  for (const char* wrong : {"x0", "x2", "1", "2"}) {
    spec.mutable_data()->mutable_csv()->add_features(wrong);
  }
  EXPECT_THAT(
      CheckAgainstSummaries(spec, {{"rows", known}}),
      ElementsAre(IsFault("data.csv.features[1]",
                          "want a column of finite numbers, got text in "
                          "column 0, \"x0\""),
                  IsFault("data.csv.features[2]", "0 to 2, got \"x2\""),
                  IsFault("data.csv.features[3]",
                          "want another column than features[0], got 1"),
                  IsFault("data.csv.features[4]",
                          "want another column than the label's, got 2")));
}

TEST(SpecSummariesTest, ANamedFeatureCounts) {
  v1::RunSpec spec = CsvSpec("y");
  spec.mutable_data()->mutable_csv()->add_features("x1");
  v1::Data& test = (*spec.mutable_test_sets())["test"];
  test.mutable_csv()->set_dataset("rows");
  EXPECT_THAT(
      CheckAgainstSummaries(spec, {{"rows", Csv()}}),
      ElementsAre(IsFault("test_sets.test", "want rows of 1 features")));
}

// As the worker refuses it.
TEST(SpecSummariesTest, ANameOfTwoColumnsIsAFault) {
  KnownDataset known = Csv();
  known.summary.mutable_columns(0)->set_name("y");
  EXPECT_THAT(CheckAgainstSummaries(CsvSpec("y"), {{"rows", known}}),
              ElementsAre(IsFault("data.csv.label",
                                  "the name of columns 0 and 2; give the")));
}

TEST(SpecSummariesTest, LabelsFitTheClasses) {
  EXPECT_THAT(
      CheckAgainstSummaries(CsvSpec(), {{"rows", Csv({{0, 4}, {1, 6}})}}),
      ElementsAre(IsFault("data.csv.label",
                          "labels must be -1 and +1, got 0; use classes: "
                          "{positive: [1], negative: [0]} (in 4 rows)")));
  EXPECT_THAT(
      CheckAgainstSummaries(CsvSpec(), {{"rows", Csv({{0.5, 1}, {1, 9}})}}),
      ElementsAre(IsFault("data.csv.label", "got 0.5 (in 1 row)")));
  // Too many different labels to be listed.
  EXPECT_THAT(CheckAgainstSummaries(CsvSpec(), {{"rows", Csv({})}}),
              ElementsAre(IsFault("data.csv.label", "more than 1000")));
  v1::RunSpec spec = CsvSpec();
  spec.mutable_data()->mutable_classes()->add_positive(7);
  spec.mutable_data()->mutable_classes()->add_negative(8);
  EXPECT_THAT(CheckAgainstSummaries(spec, {{"rows", Csv({})}}), IsEmpty());
  EXPECT_THAT(
      CheckAgainstSummaries(spec, {{"rows", Csv()}}),
      ElementsAre(IsFault("data.classes.positive[0]", "at least one row has"),
                  IsFault("data.classes.negative[0]", "at least one row has")));
  EXPECT_THAT(CheckAgainstSummaries(spec, {{"rows", Csv({{7, 1}, {0.5, 9}})}}),
              ElementsAre(IsFault("data.csv.label", "want a whole number")));
  KnownDataset text = Csv();
  text.summary.mutable_columns(2)->set_numeric(false);
  EXPECT_THAT(CheckAgainstSummaries(CsvSpec(), {{"rows", text}}),
              ElementsAre(IsFault("data.csv.label", "which has text")));
}

TEST(SpecSummariesTest, ImagesAndLabelsBelongTogether) {
  const Values values = {{2, 10}, {4, 10}};
  const auto check = [](const Known& known) {
    return CheckAgainstSummaries(IdxSpec(), known);
  };
  EXPECT_THAT(check({{"images", Images(21, 28)}, {"labels", Labels(values)}}),
              ElementsAre(IsFault("data.idx.labels.dataset",
                                  "want a label for each of 21 images, got "
                                  "20")));
  EXPECT_THAT(check({{"images", Labels(values)}, {"labels", Images(20, 28)}}),
              ElementsAre(IsFault("data.idx.images.dataset",
                                  "at least two dimensions of uint8, got "
                                  "uint8 [20]"),
                          IsFault("data.idx.labels.dataset",
                                  "one dimension, got uint8 [20, 28, 28]")));
  EXPECT_THAT(check({{"images", Images(20, 28, "float32")}}),
              ElementsAre(IsFault("data.idx.images.dataset",
                                  "got float32 [20, 28, 28]")));
}

TEST(SpecSummariesTest, NpyFeaturesAndLabelsBelongTogether) {
  KnownDataset labels = Labels({{-1, 4}, {1, 6}}, v1::DATASET_FORM_NPY);
  const auto check = [&labels](const KnownDataset& features) {
    return CheckAgainstSummaries(NpySpec(),
                                 {{"features", features}, {"labels", labels}});
  };
  EXPECT_THAT(check(NpyFeatures({10})), IsEmpty());
  EXPECT_THAT(check(NpyFeatures({10, 3, 2, 2})), IsEmpty());
  EXPECT_THAT(check(NpyFeatures({11, 3})),
              ElementsAre(IsFault("data.npy.labels.dataset",
                                  "want a label for each of 11 rows of "
                                  "features, got 10")));
  EXPECT_THAT(check(Images(10, 3)),
              ElementsAre(IsFault("data.npy.features.dataset",
                                  "of the form npy, got idx")));
  KnownDataset features = NpyFeatures({10, 2});
  features.summary.set_non_finite(3);
  labels.summary.set_non_finite(1);
  EXPECT_THAT(check(features),
              ElementsAre(IsFault("data.npy.features.dataset",
                                  "want finite values, got 3 that are NaN"),
                          IsFault("data.npy.labels.dataset", "got 1")));
  labels = NpyFeatures({10, 1});
  EXPECT_THAT(check(NpyFeatures({10, 1})),
              ElementsAre(IsFault("data.npy.labels.dataset",
                                  "want labels, one dimension, got float16 "
                                  "[10, 1]")));
}

// A file of so many rows of each label, by kind of label.
KnownDataset Cifar(const std::vector<Values>& labels) {
  KnownDataset known{.form = v1::DATASET_FORM_CIFAR, .summary = {}};
  for (const int64_t size : {20, 3, 32, 32}) known.summary.add_shape(size);
  for (const Values& values : labels) {
    *known.summary.add_columns() = Column("label", values);
  }
  return known;
}

TEST(SpecSummariesTest, CifarBatchesAreOfOneKind) {
  v1::RunSpec spec = IdxSpec();
  v1::CifarData* cifar = spec.mutable_data()->mutable_cifar();
  cifar->set_label(v1::CIFAR_LABEL_COARSE);
  cifar->add_batches()->set_dataset("a");
  cifar->add_batches()->set_dataset("b");
  const KnownDataset ten = Cifar({{{2, 10}, {4, 10}}});
  const KnownDataset hundred = Cifar({{{2, 10}, {4, 10}}, {{90, 20}}});
  const auto check = [&spec](const KnownDataset& a, const KnownDataset& b) {
    return CheckAgainstSummaries(spec, {{"a", a}, {"b", b}});
  };
  EXPECT_THAT(check(hundred, hundred), IsEmpty());
  EXPECT_THAT(check(hundred, ten),
              ElementsAre(IsFault("data.cifar.batches[1].dataset",
                                  "want CIFAR-100 as in the batches before, "
                                  "got CIFAR-10")));
  EXPECT_THAT(check(ten, Images(20, 3)),
              ElementsAre(IsFault("data.cifar.batches[1].dataset",
                                  "of the form cifar, got idx"),
                          IsFault("data.cifar.label",
                                  "want fine, the only label of CIFAR-10")));
  // The batches are counted together, by the label that is chosen.
  (*spec.mutable_test_sets())["idx"] = IdxSpec().data();
  for (int i = 0; i < 39; ++i) {
    spec.mutable_weighting()->mutable_per_example()->add_weights(1);
  }
  EXPECT_THAT(
      CheckAgainstSummaries(
          spec, {{"a", hundred}, {"b", hundred}, {"images", Images(20, 55)}}),
      ElementsAre(IsFault("test_sets.idx",
                          "want rows of 3072 features as in data, got "
                          "3025"),
                  IsFault("weighting.per_example.weights", "want 40 weights")));
  cifar->set_label(v1::CIFAR_LABEL_FINE);
  EXPECT_THAT(
      check(hundred, hundred),
      ElementsAre(IsFault("data.classes.positive[0]", "at least one row has"),
                  IsFault("data.classes.negative[0]", "at least one row has")));
}

TEST(SpecSummariesTest, TestSetsHaveTheFeaturesOfTheTrainingRows) {
  v1::RunSpec spec = CsvSpec();
  *(*spec.mutable_test_sets())["inline"].mutable_inline_() =
      GoodSpec().data().inline_();
  EXPECT_THAT(CheckAgainstSummaries(spec, {{"rows", Csv()}}), IsEmpty());
  v1::RunSpec wide = IdxSpec();
  (*wide.mutable_test_sets())["csv"] = CsvSpec().data();
  (*wide.mutable_test_sets())["csv"].clear_classes();
  const KnownDataset rows = Csv({{2, 5}, {4, 5}});
  EXPECT_THAT(
      CheckAgainstSummaries(wide, {{"images", Images(20, 3)},
                                   {"labels", Labels({{2, 9}, {4, 11}})},
                                   {"rows", rows}}),
      ElementsAre(IsFault("test_sets.csv",
                          "want rows of 9 features as in data, got "
                          "2")));
}

TEST(SpecSummariesTest, WeightsBelongToTheRowsThatAreLeft) {
  v1::RunSpec spec = IdxSpec();
  spec.mutable_data()->mutable_take()->set_first_per_class(3);
  for (int i = 0; i < 5; ++i) {
    spec.mutable_weighting()->mutable_per_example()->add_weights(1);
  }
  EXPECT_THAT(
      CheckAgainstSummaries(spec, {{"labels", Labels({{2, 2}, {4, 9}})}}),
      IsEmpty());
  EXPECT_THAT(
      CheckAgainstSummaries(spec, {{"labels", Labels({{2, 9}, {4, 9}})}}),
      ElementsAre(IsFault("weighting.per_example.weights",
                          "want 6 weights, one for each row")));
  spec = CsvSpec();
  spec.mutable_weighting()->mutable_per_class()->set_ratio(0);
  EXPECT_THAT(
      CheckAgainstSummaries(spec, {{"rows", Csv({{1, 9}})}}),
      ElementsAre(IsFault("weighting.per_class.ratio", "want a value > 0")));
}

// A summary comes from a worker that read a stranger's file.
TEST(SpecSummariesTest, AnySummaryIsOnlyRefused) {
  KnownDataset odd{.form = v1::DATASET_FORM_IDX, .summary = {}};
  odd.summary.add_shape(-1);
  odd.summary.add_shape(INT64_MAX);
  odd.summary.add_shape(INT64_MAX);
  odd.summary.set_dtype("uint8");
  odd.summary.add_values()->set_value(std::nan(""));
  EXPECT_FALSE(
      CheckAgainstSummaries(IdxSpec(), {{"images", odd}, {"labels", odd}})
          .empty());
  odd.form = v1::DATASET_FORM_CSV;
  EXPECT_FALSE(CheckAgainstSummaries(CsvSpec(), {{"rows", odd}}).empty());
  v1::RunSpec cifar = IdxSpec();
  cifar.mutable_data()->mutable_cifar()->add_batches()->set_dataset("rows");
  odd.form = v1::DATASET_FORM_CIFAR;
  EXPECT_THAT(CheckAgainstSummaries(cifar, {{"rows", odd}}), IsEmpty());
  EXPECT_THAT(CheckAgainstSummaries(v1::RunSpec(), {{"rows", odd}}), IsEmpty());
}

TEST(SpecSummariesTest, EveryLabelOfTheTrainingClassesHasARow) {
  v1::RunSpec spec = IdxSpec();
  spec.mutable_data()->mutable_classes()->add_negative(5);
  (*spec.mutable_test_sets())["test"] = spec.data();
  const Known known = {{"images", Images(30, 28)},
                       {"labels", Labels({{0, 3}, {2, 10}, {4, 17}})}};
  EXPECT_THAT(CheckAgainstSummaries(spec, known),
              ElementsAre(IsFault("data.classes.negative[1]",
                                  "want a label that at least one row has, got "
                                  "5; there are 0, 2, 4")));
  // Labels of too many kinds are not known: the worker looks.
  EXPECT_THAT(CheckAgainstSummaries(
                  spec, {{"images", Images(30, 28)}, {"labels", Labels({})}}),
              Not(Contains(Field(&Fault::path, HasSubstr("classes")))));
}

TEST(SpecSummariesTest, RowsOfLeftOutClassesAreThere) {
  v1::RunSpec spec = IdxSpec();
  v1::Data& rest = (*spec.mutable_test_sets())["rest"];
  *rest.mutable_idx() = spec.data().idx();
  rest.mutable_classes()->set_left_out(true);
  Known known = {{"images", Images(30, 28)},
                 {"labels", Labels({{2, 10}, {4, 15}, {7, 5}})}};
  EXPECT_THAT(CheckAgainstSummaries(spec, known), IsEmpty());
  known["labels"] = Labels({{2, 10}, {4, 20}});
  EXPECT_THAT(CheckAgainstSummaries(spec, known),
              ElementsAre(IsFault("test_sets.rest.classes", "got none")));
}

}  // namespace
}  // namespace steelyard::server
