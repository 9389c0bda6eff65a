#include "server/spec_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "server/spec_path.h"
#include "server/spec_yaml.h"
#include "tests/server/spec_samples.h"
#include "tests/status_matchers.h"

namespace steelyard::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

v1::RunSpec Set(const std::string& text, const std::vector<std::string>& set) {
  const ParsedSpec parsed = Parse(text, set);
  EXPECT_THAT(Lines(parsed), IsEmpty());
  return parsed.response.spec();
}

TEST(SpecSetTest, AChangeReplacesAValue) {
  const v1::RunSpec spec =
      Set(kD8, {"weighting.per_class.ratio=0.015625", "name=d8-64", "seed=010",
                "data.inline.labels[3]=-1", "data.inline.features[0]=[9, 8]",
                "data.inline.features[1].values[0]=7",
                "data.inline.features[2][1]=6"});
  EXPECT_EQ(spec.weighting().per_class().ratio(), 0.015625);
  EXPECT_EQ(spec.name(), "d8-64");
  EXPECT_EQ(spec.seed(), 10U);
  EXPECT_EQ(spec.data().inline_().labels(3), -1);
  EXPECT_EQ(spec.data().inline_().features(0).values(1), 8);
  EXPECT_EQ(spec.data().inline_().features(1).values(0), 7);
  EXPECT_EQ(spec.data().inline_().features(2).values(1), 6);
}

TEST(SpecSetTest, AChangeMakesWhatIsMissing) {
  const v1::RunSpec spec =
      Set(kLeast, {"stop.wall_time=2h", "evaluate.at.steps=[1]", "labels.a=x",
                   "test_sets.held.inline={features: [[2]], labels: [-1]}"});
  EXPECT_EQ(spec.stop().wall_time().seconds(), 7200);
  EXPECT_EQ(spec.stop().steps(), 1U);
  EXPECT_EQ(spec.evaluate().at().steps(0), 1U);
  EXPECT_EQ(spec.labels().at("a"), "x");
  EXPECT_EQ(spec.test_sets().at("held").inline_().labels(0), -1);
}

TEST(SpecSetTest, ChangesAreMadeFromLeftToRight) {
  EXPECT_EQ(Set(kLeast, {"seed=1", "seed=2"}).seed(), 2U);
  EXPECT_EQ(Set(kLeast, {"evaluate.at.steps=[0, 1]", "evaluate.at.steps[0]=1"})
                .evaluate()
                .at()
                .steps(0),
            1U);
}

TEST(SpecSetTest, ABranchOfAOneofReplacesTheOther) {
  const v1::RunSpec spec =
      Set(kD8, {"loss.logistic={}",
                "weighting.per_example.weights=[1,1,1,1,1,1,1,1]",
                "evaluate.every.steps=100000"});
  EXPECT_TRUE(spec.loss().has_logistic());
  EXPECT_TRUE(spec.weighting().has_per_example());
  EXPECT_TRUE(spec.evaluate().has_every());
  // Two in one text are a fault still.
  EXPECT_THAT(
      Faults(absl::StrCat(kLeast, "loss: {logistic: , exponential: }\n"),
             {"loss.logistic={}"}),
      IsEmpty());
}

TEST(SpecSetTest, FileReplacesDatasetAndTheOtherWayRound) {
  const std::string text =
      "data: {csv: {dataset: d}}\n"
      "optimizer: {gradient_descent: {learning_rate: 1}}\nstop: {steps: 1}\n";
  const ParsedSpec file = Parse(text, {"data.csv.file=rows.csv"});
  EXPECT_THAT(Lines(file), IsEmpty());
  ASSERT_EQ(file.response.unresolved_files_size(), 1);
  EXPECT_EQ(file.response.unresolved_files(0).path(), "rows.csv");
  EXPECT_EQ(file.response.unresolved_files(0).form(), v1::DATASET_FORM_CSV);
  EXPECT_EQ(file.response.unresolved_files(0).set_number(), 1);
  const ParsedSpec dataset =
      Parse(text, {"data.csv.file=rows.csv", "data.csv.dataset=e"});
  EXPECT_TRUE(dataset.ok());
  EXPECT_EQ(dataset.response.spec().data().csv().dataset(), "e");
}

TEST(SpecSetTest, KeysOfAMapMayHoldDotsAndQuotes) {
  const v1::RunSpec spec =
      Set(kLeast, {"labels.a.b=1", "labels[\"c.d\"]=x=y", "labels.7=z"});
  EXPECT_EQ(spec.labels().at("a.b"), "1");
  EXPECT_EQ(spec.labels().at("c.d"), "x=y");
  EXPECT_EQ(spec.labels().at("7"), "z");
}

TEST(SpecSetTest, AValueIsYaml) {
  EXPECT_EQ(Set(kLeast, {"name=\"quoted\""}).name(), "quoted");
  EXPECT_EQ(Set(kLeast, {"labels={a: b, c: d}"}).labels().size(), 2U);
  EXPECT_THAT(
      Faults(kLeast, {"name=", "seed=[1", "seed=*x", "seed=1\n---\n2"}),
      ElementsAre("--set 1: name: want a text, got nothing; write \"\" "
                  "for an empty one",
                  HasSubstr("--set 2: seed: not YAML: "),
                  HasSubstr("--set 3: seed: not YAML: "),
                  "--set 4: seed: want one document, got a second one"));
}

TEST(SpecSetTest, EachWrongPathIsNamedWithItsNumber) {
  EXPECT_THAT(
      Faults(kLeast, {"seed", "=1", "loss.cubed={}", "seed.x=1", "stop[0]=1",
                      "data.inline.labels.x=1", "data.inline.labels[1]=1",
                      "evaluate.at.steps[0]=1", "a b=1", "labels[x]=1",
                      "data.inline.labels[0=1",
                      "optimizer.gradient_descent.learning_rte=1"}),
      ElementsAre(
          "--set 1: want path=value, got \"seed\"",
          "--set 2: want a name at character 1 of the path in \"=1\"",
          absl::StrCat("--set 3: loss.cubed: no such field; want one of ",
                       kLossNames),
          "--set 4: seed: has no fields of its own: want path=value with a "
          "path that ends here",
          "--set 5: stop: is not a list: want the name of a field",
          "--set 6: data.inline.labels: is a list: want "
          "data.inline.labels[0]=..., got \"x\"",
          "--set 7: data.inline.labels[1]: want an element that is there, got "
          "1 in a list of 1 (they count from 0)",
          "--set 8: evaluate.at.steps[0]: want an element that is there, got 0 "
          "in a list of 0 (they count from 0)",
          "--set 9: want ., [ or the end at character 2 of the path in \"a "
          "b=1\"",
          HasSubstr("--set 10: want a number or a key in quotes"),
          HasSubstr("--set 11: want ] at character 21"),
          "--set 12: optimizer.gradient_descent.learning_rte: no such field; "
          "did you mean learning_rate?"));
}

// A change can't mend what is of a wrong kind on its way: the text's fault is
// told, once.
TEST(SpecSetTest, AFaultOfTheTextIsNotRepeatedByAChange) {
  EXPECT_THAT(Faults(absl::StrCat(kLeast, "loss: exponential\n"),
                     {"loss.exponential={}"}),
              ElementsAre(absl::StrCat("4:7: loss: want {", kLossNames,
                                       "}, got \"exponential\"")));
  EXPECT_THAT(Faults(absl::StrCat(kLeast, "loss: exponential\n"),
                     {"loss={logistic: }"}),
              IsEmpty());
}

TEST(SpecSetTest, AtMostAThousandChanges) {
  std::vector<std::string> set(1'000, "seed=1");
  EXPECT_THAT(Faults(kLeast, set), IsEmpty());
  set.push_back("seed=1");
  EXPECT_THAT(Faults(kLeast, set),
              ElementsAre("0:0: want at most 1000 changes (--set), got 1001"));
}

TEST(SpecPathTest, PathsComeBackFromTheirSteps) {
  EXPECT_EQ(FieldPath("", "data"), "data");
  EXPECT_EQ(IndexPath(FieldPath("data", "labels"), 3), "data.labels[3]");
  EXPECT_EQ(KeyPath("labels", "a-b_7"), "labels.a-b_7");
  const std::string key = "a.\"\\] b";
  const auto steps = ParsePath(IndexPath(KeyPath("labels", key), 12));
  ASSERT_THAT(steps, IsOk());
  ASSERT_EQ(steps->size(), 3U);
  EXPECT_EQ((*steps)[0].name, "labels");
  EXPECT_EQ((*steps)[1].name, key);
  EXPECT_EQ((*steps)[2].index, 12U);
}

TEST(SpecPathTest, WhatIsNoPathIsRefused) {
  for (const char* path :
       {"", ".", "a.", "a..b", "a[", "a[]", "a[\"", "a[\"b\"", "a[1", "a]",
        "[1]", "a b", "a[-1]", "a[99999999999999999999999]"}) {
    EXPECT_THAT(ParsePath(path),
                StatusIs(absl::StatusCode::kInvalidArgument, "at character"))
        << path;
  }
}

}  // namespace
}  // namespace steelyard::server
