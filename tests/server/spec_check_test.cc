#include "server/spec_check.h"

#include <gmock/gmock.h>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/spec_defaults.h"
#include "server/spec_rows.h"
#include "tests/server/bad_specs.h"
#include "tests/server/faults.h"

namespace steelyard::server {

void PrintTo(const Fault& fault, std::ostream* out) {
  *out << fault.path << ": " << fault.message;
}

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::vector<Fault> Check(const v1::RunSpec& spec,
                         const SpecLimits& limits = {}) {
  return CheckSpec(spec, limits);
}

class BadSpecTest : public ::testing::TestWithParam<BadSpec> {};

TEST_P(BadSpecTest, IsRefusedForItsOneFault) {
  v1::RunSpec spec = GoodSpec();
  GetParam().spoil(&spec);
  EXPECT_THAT(Check(spec),
              ElementsAre(IsFault(GetParam().path, GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(SpecCheckTest, BadSpecTest,
                         ::testing::ValuesIn(AllBadSpecs()),
                         [](const auto& param) {
                           return std::string(param.param.name);
                         });

TEST(SpecCheckTest, AGoodSpecHasNoFault) {
  EXPECT_THAT(Check(GoodSpec()), IsEmpty());
}

TEST(SpecCheckTest, NothingHasExactlyWhatIsRequired) {
  EXPECT_THAT(Check(v1::RunSpec()),
              UnorderedElementsAre(IsFault("data", "got nothing"),
                                   IsFault("optimizer", "gradient_descent"),
                                   IsFault("stop", "got nothing")));
}

// Fills every field of a message with something that no field wants: unknown
// enum numbers, NaN, the largest numbers, empty and unset messages.
void FillWithRubbish(google::protobuf::Message* message, int depth) {
  using google::protobuf::FieldDescriptor;
  const google::protobuf::Reflection& r = *message->GetReflection();
  const google::protobuf::Descriptor& type = *message->GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* f = type.field(i);
    if (f->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (depth == 0) continue;
      FillWithRubbish(f->is_repeated() ? r.AddMessage(message, f)
                                       : r.MutableMessage(message, f),
                      depth - 1);
      continue;
    }
    const double nan = std::numeric_limits<double>::quiet_NaN();
    switch (f->cpp_type()) {
      case FieldDescriptor::CPPTYPE_DOUBLE:
        f->is_repeated() ? r.AddDouble(message, f, nan)
                         : r.SetDouble(message, f, nan);
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        f->is_repeated() ? r.AddUInt64(message, f, UINT64_MAX)
                         : r.SetUInt64(message, f, UINT64_MAX);
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        f->is_repeated() ? r.AddInt64(message, f, INT64_MIN)
                         : r.SetInt64(message, f, INT64_MIN);
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        r.SetUInt32(message, f, UINT32_MAX);
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        r.SetInt32(message, f, INT32_MIN);
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        r.SetEnumValue(message, f, -7);
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        f->is_repeated() ? r.AddString(message, f, "\xff\n")
                         : r.SetString(message, f, "\xff\n");
        break;
      default:
        break;
    }
  }
}

TEST(SpecCheckTest, AnythingThatAClientCanSendIsOnlyRefused) {
  for (int depth = 0; depth < 6; ++depth) {
    v1::RunSpec spec;
    FillWithRubbish(&spec, depth);
    EXPECT_FALSE(Check(spec).empty()) << depth;
    FillDefaults(&spec);
    EXPECT_FALSE(Check(spec).empty()) << depth;
    CheckAgainstSummaries(spec, {{"\xff\n", {}}});
    DatasetsOf(&spec);
  }
}

TEST(SpecCheckTest, FieldsOfANewerClientAreNotDroppedInSilence) {
  v1::RunSpec spec = GoodSpec();
  v1::LinearModel* model = spec.mutable_model()->mutable_linear();
  model->GetReflection()->MutableUnknownFields(model)->AddVarint(99, 1);
  EXPECT_THAT(Check(spec),
              ElementsAre(IsFault("model.linear", "got the field number 99")));
}

TEST(SpecCheckTest, ReservedNamesOfTestSetsAreThoseOfMetrics) {
  for (const char* name :
       {"train", "margin", "direction", "theory", "weights", "parameters",
        "leap", "dual", "bound", "kkt", "target", "boundary"}) {
    v1::RunSpec spec = GoodSpec();
    (*spec.mutable_test_sets())[name] = spec.data();
    EXPECT_THAT(Check(spec), ElementsAre(IsFault(
                                 absl::StrCat("test_sets.", name), "metrics")))
        << name;
  }
}

TEST(SpecCheckTest, AtMostFiftyLabels) {
  v1::RunSpec spec = GoodSpec();
  const auto add = [&spec](int i) {
    (*spec.mutable_labels())[absl::StrCat("k", i)] = std::string(255, 'x');
  };
  for (int i = 0; i < 50; ++i) add(i);
  (*spec.mutable_labels())["k0"] = "";
  EXPECT_THAT(Check(spec), IsEmpty());
  add(50);
  EXPECT_THAT(Check(spec),
              ElementsAre(IsFault("labels", "want at most 50 labels, got 51")));
}

TEST(SpecCheckTest, NamesHaveAtMostSixtyThreeCharacters) {
  v1::RunSpec spec = GoodSpec();
  spec.set_name(std::string(63, 'a'));
  spec.set_experiment(std::string(63, '.'));
  (*spec.mutable_labels())[std::string(63, '-')] = "x";
  (*spec.mutable_test_sets())[std::string(63, '_')] = spec.data();
  EXPECT_THAT(Check(spec), IsEmpty());
}

TEST(SpecCheckTest, InlineDataIsAtMostAMebibyteOverAllSets) {
  v1::RunSpec spec = GoodSpec();
  const auto size = [&spec] {
    return spec.data().inline_().ByteSizeLong() +
           spec.test_sets().at("test").inline_().ByteSizeLong();
  };
  SpecLimits limits;
  limits.inline_data_bytes = static_cast<int64_t>(size());
  EXPECT_THAT(Check(spec, limits), IsEmpty());
  --limits.inline_data_bytes;
  EXPECT_THAT(Check(spec, limits),
              ElementsAre(IsFault("data.inline", "use file:")));
  EXPECT_EQ(SpecLimits().inline_data_bytes, 1'048'576);
}

TEST(SpecCheckTest, AStoredRunFitsIntoAMessageTwice) {
  v1::RunSpec spec = GoodSpec();
  // What the defaults add counts: the classes are those of each test set.
  for (int i = 0; i < 1'000; ++i) {
    spec.mutable_data()->mutable_classes()->add_positive(1);
    spec.mutable_data()->mutable_classes()->add_negative(-1);
  }
  v1::RunSpec full = spec;
  FillDefaults(&full);
  SpecLimits limits;
  limits.spec_bytes = static_cast<int64_t>(full.ByteSizeLong());
  EXPECT_THAT(Check(full, limits), IsEmpty());
  EXPECT_THAT(Check(spec, limits), IsEmpty());
  limits.spec_bytes -= 100;
  EXPECT_THAT(Check(full, limits), ElementsAre(IsFault("", "as message")));
  EXPECT_THAT(Check(spec, limits), ElementsAre(IsFault("", "as message")));
  EXPECT_LT(2 * SpecLimits().spec_bytes, 20 << 20);
}

TEST(SpecCheckTest, TestSetsHaveNoMoreMetricsThanARunMayHave) {
  v1::RunSpec spec = GoodSpec();
  SpecLimits limits;
  limits.metrics = 48 + 5 * 3;
  (*spec.mutable_test_sets())["b"] = spec.data();
  (*spec.mutable_test_sets())["c"] = spec.data();
  EXPECT_THAT(Check(spec, limits), IsEmpty());
  (*spec.mutable_test_sets())["d"] = spec.data();
  EXPECT_THAT(Check(spec, limits),
              ElementsAre(IsFault("test_sets", "want at most 3 sets, got 4")));
}

// Ten classes are ten fractions in the place of one, the training rows' too.
TEST(SpecCheckTest, TheClassesOfTheTrainingRowsCountAsMetrics) {
  v1::RunSpec spec = GoodSpec();
  spec.mutable_loss()->mutable_softmax_cross_entropy();
  spec.mutable_weighting()->mutable_uniform();
  v1::InlineData* table = spec.mutable_data()->mutable_inline_();
  const v1::Row row = table->features(0);
  table->Clear();
  for (int64_t k = -1; k < 9; ++k) {
    spec.mutable_data()->mutable_classes()->add_each(k);
    *table->add_features() = row;
    table->add_labels(static_cast<double>(k));
  }
  spec.clear_test_sets();
  SpecLimits limits;
  limits.metrics = 43 + 2 * (4 + 10);
  (*spec.mutable_test_sets())["b"] = spec.data();
  EXPECT_THAT(Check(spec, limits), IsEmpty());
  --limits.metrics;
  EXPECT_THAT(Check(spec, limits),
              ElementsAre(IsFault("test_sets", "want at most 0 sets, got 1")));
}

TEST(SpecCheckTest, ListsOfFaultsAreBounded) {
  v1::RunSpec spec = GoodSpec();
  for (int i = 0; i < 100'000; ++i) {
    spec.mutable_weighting()->mutable_per_example()->add_weights(-1);
  }
  const std::vector<Fault> faults = Check(spec);
  EXPECT_EQ(faults.size(), 102U);
  EXPECT_THAT(faults,
              ::testing::Contains(IsFault("weighting.per_example.weights",
                                          "got 99900 more than are named")));
}

// Samples are taken at step 0, at the schedule's steps, and at the last.
TEST(SpecCheckTest, EveryNStepsIsCountedWithoutEnumerating) {
  v1::RunSpec spec = GoodSpec();
  v1::EverySchedule* every = spec.mutable_evaluate()->mutable_every();
  const auto faults = [&](uint64_t steps, uint64_t n) {
    spec.mutable_stop()->set_steps(steps);
    every->set_steps(n);
    return Check(spec);
  };
  EXPECT_THAT(faults(999'999, 1), IsEmpty());
  EXPECT_THAT(faults(1'000'000, 1),
              ElementsAre(IsFault("evaluate.every.steps",
                                  "want at most 1000000 samples, step 0 and "
                                  "the last among them, got 1000001")));
  EXPECT_THAT(faults(9'999'990, 10), IsEmpty());
  EXPECT_THAT(faults(9'999'991, 10),
              ElementsAre(IsFault("evaluate.every.steps", "got 1000001")));
  const uint64_t most = std::numeric_limits<int64_t>::max();
  EXPECT_THAT(faults(most, 1), ElementsAre(IsFault("evaluate.every.steps",
                                                   "got 9223372036854775808")));
  EXPECT_THAT(faults(most, most), IsEmpty());
}

TEST(SpecCheckTest, StepsThatAreNamedAreCountedOnce) {
  v1::RunSpec spec = GoodSpec();
  spec.mutable_stop()->set_steps(5);
  SpecLimits limits;
  limits.samples = 4;
  v1::AtSchedule* at = spec.mutable_evaluate()->mutable_at();
  for (const uint64_t step : {3U, 1U, 3U, 0U}) at->add_steps(step);
  EXPECT_THAT(Check(spec, limits), IsEmpty());  // 0 1 3 5
  at->set_steps(3, 2);
  EXPECT_THAT(Check(spec, limits),
              ElementsAre(IsFault("evaluate.at.steps", "got 5")));
  at->add_steps(3);
  EXPECT_THAT(
      Check(spec, limits),
      ElementsAre(IsFault("evaluate.at.steps", "want at most 4 steps, got 5")));
}

TEST(SpecCheckTest, LogarithmicStepsAreCountedOnce) {
  v1::RunSpec spec = GoodSpec();
  // 0 1 2 3 4 5 6 8 10 13 16 20 25 32 40 50 63 79 100
  spec.mutable_stop()->set_steps(100);
  SpecLimits limits;
  limits.samples = 19;
  EXPECT_THAT(Check(spec, limits), IsEmpty());
  spec.mutable_evaluate()->clear_schedule();
  spec.clear_evaluate();  // the default is the same
  EXPECT_THAT(Check(spec, limits), IsEmpty());
  spec.mutable_stop()->set_steps(101);
  EXPECT_THAT(Check(spec, limits),
              ElementsAre(IsFault("evaluate.log.points_per_decade",
                                  "want at most 19 samples")));
  spec.mutable_stop()->set_steps(std::numeric_limits<int64_t>::max());
  spec.mutable_evaluate()->mutable_log()->set_points_per_decade(100);
  EXPECT_THAT(Check(spec), IsEmpty());
}

TEST(SpecCheckTest, TheLimitsOfNumbersAreWithin) {
  v1::RunSpec spec = GoodSpec();
  spec.mutable_stop()->set_steps(std::numeric_limits<int64_t>::max());
  spec.mutable_stop()->mutable_wall_time()->set_seconds(315'576'000);
  spec.mutable_regularizer()->mutable_l2()->set_strength(1.7e308);
  spec.mutable_optimizer()->mutable_gradient_descent()->set_learning_rate(
      5e-324);
  spec.mutable_weighting()->mutable_per_class()->set_ratio(0);
  EXPECT_THAT(Check(spec), IsEmpty());
  spec.mutable_weighting()->mutable_per_class()->set_ratio(1.7e308);
  EXPECT_THAT(Check(spec), IsEmpty());
  spec.mutable_stop()->mutable_wall_time()->set_seconds(0);
  spec.mutable_stop()->mutable_wall_time()->set_nanos(1);
  EXPECT_THAT(Check(spec), IsEmpty());
}

// Classes and take come before the weights are counted; the classes of a test
// set are those of the data unless it has its own.
TEST(SpecCheckTest, WeightsBelongToTheRowsThatAreLeft) {
  v1::RunSpec spec = GoodSpec();
  v1::InlineData* rows = spec.mutable_data()->mutable_inline_();
  const double labels[] = {7, 8, 9, 7};
  for (int i = 0; i < 4; ++i) rows->set_labels(i, labels[i]);
  spec.mutable_data()->mutable_classes()->add_positive(7);
  spec.mutable_data()->mutable_classes()->add_negative(9);
  *(*spec.mutable_test_sets())["test"].mutable_inline_() = *rows;
  v1::PerExampleWeighting* weights =
      spec.mutable_weighting()->mutable_per_example();
  for (const double weight : {1.0, 0.0, 3.0}) weights->add_weights(weight);
  EXPECT_THAT(Check(spec), IsEmpty());
  spec.mutable_data()->mutable_take()->set_first_per_class(1);
  EXPECT_THAT(Check(spec), ElementsAre(IsFault("weighting.per_example.weights",
                                               "want 2 weights")));
  weights->mutable_weights()->RemoveLast();
  EXPECT_THAT(Check(spec), IsEmpty());
  (*spec.mutable_test_sets())["test"].mutable_classes()->add_positive(1);
  (*spec.mutable_test_sets())["test"].mutable_classes()->add_negative(2);
  EXPECT_THAT(Check(spec), ElementsAre(IsFault("test_sets.test.classes",
                                               "at least one row has")));
}

TEST(SpecCheckTest, EachWrongLabelIsAFaultOfItsOwn) {
  v1::RunSpec spec = GoodSpec();
  spec.mutable_data()->mutable_inline_()->set_labels(1, 0.5);
  spec.mutable_data()->mutable_inline_()->set_labels(3, 7);
  EXPECT_THAT(Check(spec),
              ElementsAre(IsFault("data.inline.labels[1]", "got 0.5"),
                          IsFault("data.inline.labels[3]", "got 7")));
}

// Classes of 1 and 0 would leave out every row that is labelled -1 or 7.
TEST(SpecCheckTest, TheCureForLabelsFitsTheLabels) {
  v1::RunSpec spec = GoodSpec();
  v1::InlineData* rows = spec.mutable_data()->mutable_inline_();
  const auto message = [&](double a, double b, double c) {
    rows->set_labels(1, a);
    rows->set_labels(2, b);
    rows->set_labels(3, c);
    return Check(spec).back().message;
  };
  const std::string must = "labels must be -1 and +1, got ";
  const std::string choose = kUseClasses;
  const std::string cure = "; use classes: {positive: [1], negative: [0]}";
  EXPECT_EQ(message(1, 0, 0), must + "0" + cure);
  EXPECT_EQ(message(1, 0.5, 0), must + "0" + cure);
  EXPECT_EQ(message(1, -1, 0), must + "0" + choose);
  EXPECT_EQ(message(1, 0, 7), must + "7" + choose);
  EXPECT_EQ(message(1, 0, 0.5), must + "0.5");
  EXPECT_EQ(message(1, 0, std::nan("")), must + "nan");
}

// The others are divided by it.
TEST(SpecCheckTest, TheLeastWeightIsToBlameWhenItMakesTheOthersInfinite) {
  v1::RunSpec spec = GoodSpec();
  spec.set_normalization(v1::NORMALIZATION_MIN_ONE);
  const auto faults = [&spec](const std::vector<double>& list) {
    auto* weights = spec.mutable_weighting()->mutable_per_example();
    weights->mutable_weights()->Assign(list.begin(), list.end());
    return Check(spec);
  };
  EXPECT_THAT(
      faults({1e-320, 1, 1, 1}),
      ElementsAre(IsFault("weighting.per_example.weights[0]", "got 1e-320")));
  EXPECT_THAT(
      faults({1e308, 0, 1, 5e-324}),
      ElementsAre(IsFault("weighting.per_example.weights[3]", "got 5e-324")));
  EXPECT_THAT(faults({1e-300, 1, 1, 1}), IsEmpty());
}

TEST(SpecDefaultsTest, EveryDefaultIsFilledIn) {
  v1::RunSpec spec;
  spec.mutable_data()->mutable_classes()->add_positive(2);
  (*spec.mutable_test_sets())["a"].mutable_csv()->set_dataset("d");
  (*spec.mutable_test_sets())["b"].mutable_classes()->add_positive(3);
  (*spec.mutable_test_sets())["b"].mutable_cifar();
  FillDefaults(&spec);
  EXPECT_EQ(spec.test_sets().at("b").cifar().label(), v1::CIFAR_LABEL_FINE);
  EXPECT_EQ(spec.name(), "");
  EXPECT_EQ(spec.experiment(), "default");
  EXPECT_EQ(spec.test_sets().at("a").classes().positive(0), 2);
  EXPECT_EQ(spec.test_sets().at("b").classes().positive(0), 3);
  EXPECT_EQ(spec.test_sets().at("a").csv().label(), "");
  EXPECT_TRUE(spec.model().linear().has_bias());
  EXPECT_TRUE(spec.model().linear().bias());
  EXPECT_TRUE(spec.loss().has_logistic());
  EXPECT_TRUE(spec.weighting().has_uniform());
  EXPECT_EQ(spec.normalization(), v1::NORMALIZATION_MEAN_ONE);
  EXPECT_TRUE(spec.regularizer().has_l2());
  EXPECT_EQ(spec.regularizer().l2().strength(), 0);
  EXPECT_TRUE(spec.initial().has_zeros());
  EXPECT_EQ(spec.evaluate().log().points_per_decade(), 10U);
  EXPECT_EQ(spec.precision(), v1::PRECISION_DOUBLE);
  EXPECT_EQ(spec.seed(), 0U);
  // Required fields have none.
  EXPECT_FALSE(spec.has_optimizer());
  EXPECT_FALSE(spec.has_stop());
  const std::string bytes = SerializeSpec(spec);
  FillDefaults(&spec);
  EXPECT_EQ(SerializeSpec(spec), bytes);
}

TEST(SpecDefaultsTest, WhatIsThereStays) {
  v1::RunSpec spec = GoodSpec();
  spec.mutable_model()->mutable_linear()->set_bias(false);
  const std::string bytes = SerializeSpec(spec);
  FillDefaults(&spec);
  EXPECT_EQ(SerializeSpec(spec), bytes);
}

TEST(SpecDefaultsTest, EqualSpecsHaveEqualBytes) {
  v1::RunSpec a = GoodSpec();
  v1::RunSpec b = GoodSpec();
  for (int i = 0; i < 50; ++i) (*a.mutable_labels())[absl::StrCat(i)] = "x";
  for (int i = 49; i >= 0; --i) (*b.mutable_labels())[absl::StrCat(i)] = "x";
  EXPECT_EQ(SerializeSpec(a), SerializeSpec(b));
  v1::RunSpec back;
  ASSERT_TRUE(back.ParseFromString(SerializeSpec(a)));
  EXPECT_EQ(SerializeSpec(back), SerializeSpec(a));
}

TEST(SpecDefaultsTest, DatasetsAreNamedWithTheirPlacesAndForms) {
  v1::RunSpec spec = GoodSpec();
  spec.mutable_data()->mutable_idx()->mutable_images()->set_dataset("i");
  spec.mutable_data()->mutable_idx()->mutable_labels()->set_dataset("l");
  (*spec.mutable_test_sets())["b"].mutable_csv()->set_dataset("c");
  v1::NpyData* npy = (*spec.mutable_test_sets())["n"].mutable_npy();
  npy->mutable_features()->set_dataset("f");
  npy->mutable_labels()->set_dataset("g");
  v1::CifarData* cifar = (*spec.mutable_test_sets())["o"].mutable_cifar();
  cifar->add_batches()->set_dataset("h");
  cifar->add_batches()->set_dataset("i");
  std::vector<DatasetUse> uses = DatasetsOf(&spec);
  ASSERT_EQ(uses.size(), 7U);
  EXPECT_EQ(uses[0].path, "data.idx.images.dataset");
  EXPECT_EQ(uses[0].form, v1::DATASET_FORM_IDX);
  EXPECT_EQ(*uses[1].dataset, "l");
  EXPECT_EQ(uses[2].path, "test_sets.b.csv.dataset");
  EXPECT_EQ(uses[2].form, v1::DATASET_FORM_CSV);
  EXPECT_EQ(uses[3].path, "test_sets.n.npy.features.dataset");
  EXPECT_EQ(uses[4].form, v1::DATASET_FORM_NPY);
  EXPECT_EQ(uses[6].path, "test_sets.o.cifar.batches[1].dataset");
  EXPECT_EQ(uses[6].form, v1::DATASET_FORM_CIFAR);
  *uses[2].dataset = "d";
  EXPECT_EQ(spec.test_sets().at("b").csv().dataset(), "d");
}

}  // namespace
}  // namespace steelyard::server
