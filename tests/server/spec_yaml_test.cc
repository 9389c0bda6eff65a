#include "server/spec_yaml.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/spec_defaults.h"
#include "tests/server/spec_samples.h"

namespace steelyard::server {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

v1::RunSpec FromText(const std::string& text) {
  v1::RunSpec spec;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &spec));
  return spec;
}

std::string Difference(const v1::RunSpec& a, const v1::RunSpec& b) {
  std::string report;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&report);
  return differencer.Compare(a, b) ? "" : report;
}

v1::RunSpec D8() {
  return FromText(R"(
    name: "d8-positives-x10" experiment: "d8"
    labels { key: "paper" value: "xu2021" }
    data { inline {
      features { values: [2, 1] } features { values: [1, 3] }
      features { values: [3, 2.5] } features { values: [0.5, 1.5] }
      features { values: [-1, -1] } features { values: [-2, 0.5] }
      features { values: [-0.5, -2.5] } features { values: [0.5, -1] }
      labels: [1, 1, 1, 1, -1, -1, -1, -1]
    } }
    model { linear { bias: true } }
    loss { exponential {} }
    weighting { per_class { ratio: 10 } }
    normalization: NORMALIZATION_MEAN_ONE
    regularizer { l2 { strength: 0 } }
    optimizer { gradient_descent { learning_rate: 0.1 } }
    initial { zeros {} }
    stop { steps: 10000000 }
    evaluate { log { points_per_decade: 10 } }
    precision: PRECISION_DOUBLE
    seed: 1)");
}

TEST(SpecYamlTest, TheInlineExampleBecomesItsMessage) {
  const ParsedSpec parsed = Parse(kD8);
  EXPECT_THAT(Lines(parsed), IsEmpty());
  EXPECT_TRUE(parsed.ok());
  EXPECT_EQ(Difference(D8(), parsed.response.spec()), "");
}

TEST(SpecYamlTest, TheImageExampleNamesItsFilesAndTakesTheirHashes) {
  const ParsedSpec first = Parse(kFashion);
  EXPECT_THAT(Lines(first), IsEmpty());
  EXPECT_FALSE(first.ok());
  ASSERT_EQ(first.response.unresolved_files_size(), 4);
  const v1::SpecFile& labels = first.response.unresolved_files(1);
  EXPECT_EQ(labels.path(), "train-labels-idx1-ubyte.gz");
  EXPECT_EQ(labels.form(), v1::DATASET_FORM_IDX);
  EXPECT_EQ(labels.field(), "data.idx.labels.dataset");
  EXPECT_EQ(labels.line(), 4);
  EXPECT_EQ(labels.column(), 68);
  EXPECT_EQ(first.response.unresolved_files(2).field(),
            "test_sets.test.idx.images.dataset");

  v1::ParseSpecRequest request;
  request.set_text(kFashion);
  (*request.mutable_files())["train-images-idx3-ubyte.gz"] = Hash('a');
  (*request.mutable_files())["train-labels-idx1-ubyte.gz"] = Hash('b');
  (*request.mutable_files())["t10k-images-idx3-ubyte.gz"] = Hash('c');
  (*request.mutable_files())["t10k-labels-idx1-ubyte.gz"] = Hash('d');
  const ParsedSpec second = ParseSpec(request, {});
  EXPECT_TRUE(second.ok());
  const auto dataset = [](const std::string& hash) {
    return absl::StrCat("{ dataset: \"", hash, "\" }");
  };
  const v1::RunSpec want = FromText(absl::StrCat(
      R"(name: "fashion-64" experiment: "fashion"
         data { idx { images )",
      dataset(Hash('a')), " labels ", dataset(Hash('b')), R"( }
           classes { positive: 2 negative: 4 }
           take { first_per_class: 100 } }
         test_sets { key: "test" value { idx { images )",
      dataset(Hash('c')), " labels ", dataset(Hash('d')), R"( } } }
         model { linear { bias: true } } loss { logistic {} }
         weighting { per_class { ratio: 64 } }
         optimizer { gradient_descent { learning_rate: 0.1 } }
         stop { steps: 320000 }
         evaluate { log { points_per_decade: 10 } })"));
  EXPECT_EQ(Difference(want, second.response.spec()), "");
}

// The walk and protobuf's own JSON writer agree on every field that they write
// alike: JSON is YAML.
TEST(SpecYamlTest, ASpecComesBackFromItsJson) {
  v1::RunSpec spec = D8();
  spec.set_seed(std::numeric_limits<uint64_t>::max());
  spec.mutable_stop()->mutable_wall_time()->set_seconds(5400);
  spec.mutable_evaluate()->mutable_at()->add_steps(7);
  (*spec.mutable_labels())["a.b"] = "\"x\": {y}\n\u00fc\t,";
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  for (const bool whitespace : {false, true}) {
    options.add_whitespace = whitespace;
    std::string json;
    ASSERT_TRUE(
        google::protobuf::util::MessageToJsonString(spec, &json, options).ok());
    // Where protobuf's JSON is not a spec: quoted 64-bit numbers, enum names.
    json = absl::StrReplaceAll(
        json, {{"NORMALIZATION_MEAN_ONE", "mean_one"},
               {"PRECISION_DOUBLE", "double"},
               {"\"18446744073709551615\"", "18446744073709551615"},
               {"\"10000000\"", "10000000"},
               {"\"7\"", "7"}});
    const ParsedSpec parsed = Parse(json);
    EXPECT_THAT(Lines(parsed), IsEmpty()) << json;
    EXPECT_EQ(Difference(spec, parsed.response.spec()), "");
  }
}

TEST(SpecYamlTest, AMisspelledFieldIsNamedWithWhatWasMeant) {
  EXPECT_THAT(Faults(absl::StrReplaceAll(kD8, {{"exponential", "exponetial"}})),
              ElementsAre("7:8: loss.exponetial: no such field; did you mean "
                          "exponential?"));
  EXPECT_THAT(
      Faults(absl::StrCat(kLeast, "loss: {absolute: {}}\n")),
      ElementsAre(absl::StrCat(
          "4:8: loss.absolute: no such field; want one of ", kLossNames)));
  // What was meant is not said to be missing as well.
  EXPECT_THAT(Faults("dta: {inline: {features: [[1]], labels: [1]}}\n"
                     "optimizer: {gradientDescent: {learning_rate: 1}}\n"
                     "stop: {steps: 1}\n"),
              ElementsAre("1:1: dta: no such field; did you mean data?",
                          "2:13: optimizer.gradientDescent: no such field; did "
                          "you mean gradient_descent?"));
}

TEST(SpecYamlTest, TheFieldsOfAMessageAreListedOnce) {
  EXPECT_THAT(
      Faults(absl::StrCat(kLeast,
                          "loss: {third: {}, cubic: {}, logistc: {}}\n"
                          "evaluate: {hourly: 1}\nzzzzzz: 1\n")),
      ElementsAre(absl::StrCat("4:8: loss.third: no such field; want one of ",
                               kLossNames),
                  "4:19: loss.cubic: no such field",
                  "4:30: loss.logistc: no such field; did you mean "
                  "logistic?",
                  "5:12: evaluate.hourly: no such field; want one of "
                  "log, every, at, weighted_below",
                  StartsWith("6:1: zzzzzz: no such field; want one")));
}

TEST(SpecYamlTest, EveryFaultIsNamedAtOnceInTheOrderOfTheirPlaces) {
  EXPECT_THAT(
      Faults("seed: -1\n"
             "name: A b\n"
             "data:\n"
             "  inline:\n"
             "    features: [[1, .nan], [2, x], [3]]\n"
             "    labels: [1, -1, 0]\n"
             "loss: {logistc: {}}\n"
             "weighting:\n"
             "  per_class: {ratio: -1}\n"
             "stop: {steps: 1e7, wall_time: 90}\n",
             {"precision=half", "loss.logistic.x=1", "seeed=1"}),
      ElementsAre(
          "0:0: optimizer: want one of gradient_descent, sgd, adam, lbfgs, got "
          "nothing",
          "1:7: seed: want a whole number >= 0, got -1",
          "2:7: name: want 1 to 63 characters of [a-z0-9-_.], got \"A b\"",
          "5:20: data.inline.features[0].values[1]: want a finite value, got "
          "nan",
          "5:31: data.inline.features[1].values[1]: want a number, got \"x\"",
          "5:35: data.inline.features[2]: want 2 values as in the first row, "
          "got 1",
          "6:21: data.inline.labels[2]: labels must be -1 and +1, got 0; say "
          "which are +1 and which -1 with classes: {positive: [...], negative: "
          "[...]}",
          "7:8: loss.logistc: no such field; did you mean logistic?",
          "9:22: weighting.per_class.ratio: want a finite value >= 0, got -1",
          "10:15: stop.steps: want a whole number, got 1e7; write 10000000",
          "10:31: stop.wall_time: want a duration such as 90s, 5m, 2h or "
          "1h30m, got 90; write 90s",
          "--set 1: precision: want one of double, single, got \"half\"",
          "--set 2: loss.logistic.x: no such field; want none",
          "--set 3: seeed: no such field; did you mean seed?"));
}

// 0 and -1 are as wrong as each other.
TEST(SpecYamlTest, ANumbersLimitsAreThoseOfItsFieldWhateverItIs) {
  // Beside it what is missing from the message that the change makes.
  const auto expect = [](const std::string& field, const std::string& value,
                         const std::string& want) {
    EXPECT_THAT(
        Faults(kLeast, {absl::StrCat(field, "=", value)}),
        Contains(absl::StrCat("--set 1: ", field, ": want a whole number ",
                              want, ", got ", value)));
  };
  for (const char* low : {"-5", "0"}) {
    expect("stop.steps", low, ">= 1");
    expect("stop.epochs", low, ">= 1");
    expect("evaluate.every.steps", low, ">= 1");
    expect("data.take.first_per_class", low, ">= 1");
    expect("evaluate.log.points_per_decade", low, "from 1 to 100");
    expect("stop.early.patience", low, "from 1 to 1000000");
  }
  expect("optimizer.sgd.schedule.warm_up_steps", "-1", ">= 0");
  expect("optimizer.adam.batch_size", "-1", ">= 0");
  expect("data.moons.positive", "-1", ">= 0");
  expect("data.polynomial.rows", "-1", "from 1 to 100000000");
  expect("evaluate.log.points_per_decade", "101", "from 1 to 100");
  for (const char* steps : {"stop.steps", "stop.epochs"}) {
    expect(steps, "9223372036854775808", "from 1 to 9223372036854775807");
  }
  expect("data.take.first_per_class", "18446744073709551616",
         "from 1 to 18446744073709551615");
}

TEST(SpecYamlTest, WrongStepsOrEpochsAreNotMissingToo) {
  EXPECT_THAT(Faults(kLeast, {"stop.epochs=0"}),
              ElementsAre(HasSubstr("stop.epochs: want a whole number >= 1")));
  EXPECT_THAT(Faults(kLeast, {"stop.steps=-1"}),
              ElementsAre(HasSubstr("stop.steps: want a whole number >= 1")));
}

TEST(SpecYamlTest, NamesAHundredFaultsAndCountsTheOthers) {
  std::string labels = "a";
  for (int i = 0; i < 150; ++i) absl::StrAppend(&labels, ",\n a");
  const ParsedSpec parsed =
      Parse(absl::StrCat(kLeast, "evaluate: {at: {steps: [", labels, "]}}\n"));
  EXPECT_EQ(parsed.response.faults_size(), 100);
  EXPECT_EQ(parsed.response.more_faults(), 51);
  EXPECT_EQ(parsed.response.faults(99).line(), 4 + 99);
}

// A walk that stores no more than 10,000 faults still counts them.
TEST(SpecYamlTest, CountsAHundredThousandFaults) {
  std::string list = "a";
  for (int i = 0; i < 99'999; ++i) absl::StrAppend(&list, ",a");
  const ParsedSpec parsed =
      Parse(absl::StrCat(kLeast, "evaluate: {at: {steps: [", list, "]}}\n"));
  EXPECT_EQ(parsed.response.faults_size(), 100);
  EXPECT_EQ(parsed.response.more_faults(), 99'900);
}

TEST(SpecYamlTest, AKeyGivenTwiceIsAFaultAtTheSecond) {
  EXPECT_THAT(
      Faults(absl::StrCat(kLeast, "seed: 1\nname: x\nseed: 2\n")),
      ElementsAre("6:1: seed: want the key once, got it again; first in "
                  "line 4"));
  EXPECT_THAT(Faults(absl::StrCat(kLeast, "labels: {a: b, c: d, a: b}\n")),
              ElementsAre("4:22: labels.a: want the key once, got it again; "
                          "first in line 4"));
}

TEST(SpecYamlTest, TwoBranchesOfAOneofAreAFaultThatNamesBoth) {
  EXPECT_THAT(
      Faults(absl::StrCat(kLeast, "loss: {exponential: {}, logistic: {}}\n")),
      ElementsAre("4:25: loss.logistic: want either exponential or logistic, "
                  "got both"));
  EXPECT_THAT(
      Faults("data: {csv: {dataset: d, file: f.csv}}\n"
             "optimizer: {gradient_descent: {learning_rate: 1}}\n"
             "stop: {steps: 1}\n"),
      ElementsAre("1:26: data.csv.dataset: want either dataset or file, got "
                  "both"));
}

TEST(SpecYamlTest, AliasesAnchorsAndTagsAreRefused) {
  EXPECT_THAT(
      Faults(absl::StrCat(kLeast,
                          "name: &n x\nexperiment: *n\n"
                          "seed: !!int 3\n")),
      ElementsAre("4:7: an anchor (&) is not allowed here: leave it out",
                  "5:13: an alias (*) is not allowed here: write the "
                  "value again",
                  "6:7: a tag (!) is not allowed here: leave it out"));
  EXPECT_THAT(Faults(absl::StrCat(kLeast, "name: ! x\n")),
              ElementsAre(HasSubstr("a tag (!) is not allowed")));
}

TEST(SpecYamlTest, AnAliasBombIsRefusedWithoutGrowing) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 30; ++i) {
    absl::StrAppend(&bomb, "a", i, ": &a", i, " [");
    for (int k = 0; k < 10; ++k) absl::StrAppend(&bomb, "*a", i - 1, ",");
    absl::StrAppend(&bomb, "]\n");
  }
  const ParsedSpec parsed = Parse(bomb);
  EXPECT_EQ(parsed.response.faults_size(), 100);
  EXPECT_THAT(Lines(parsed), ::testing::Contains(StartsWith("1:5: an anchor")));
}

TEST(SpecYamlTest, ATextIsOneDocumentThatHoldsFields) {
  EXPECT_THAT(Faults(""), ElementsAre("0:0: want a spec, got an empty text"));
  EXPECT_THAT(Faults("# nothing\n"),
              ElementsAre("0:0: want a spec, got an empty text"));
  EXPECT_THAT(Faults("[1]"),
              ElementsAre(HasSubstr("want the fields of a spec")));
  EXPECT_THAT(Faults("d8"), ElementsAre(HasSubstr("got \"d8\"")));
  EXPECT_THAT(Faults(absl::StrCat(kLeast, "---\n", kLeast)),
              ElementsAre("4:1: want one document, got a second one"));
  EXPECT_THAT(Faults(absl::StrCat("--- # ours\n", kLeast, "...\n")), IsEmpty());
}

TEST(SpecYamlTest, WhatIsNoYamlIsOneFaultWithItsPlace) {
  EXPECT_THAT(Faults("name: [a\n"), ElementsAre(HasSubstr("not YAML")));
  EXPECT_THAT(Faults("a: 1\n b: 2\n"),
              ElementsAre("2:3: not YAML: illegal map value"));
  // The library takes the end of the text for the closing quote.
  EXPECT_THAT(Faults("name: \"x\n"), ElementsAre("1:7: want a closing quote"));
  EXPECT_THAT(Faults("name: 'it''s\n"),
              ElementsAre("1:7: want a closing quote"));
}

TEST(SpecYamlTest, OnlyTextIsRead) {
  EXPECT_THAT(Faults(std::string("name: a\0b", 9)),
              ElementsAre("1:8: want text, got the control character 0x00"));
  EXPECT_THAT(Faults("seed: 1\nname: a\x04"),
              ElementsAre("2:8: want text, got the control character 0x04"));
  EXPECT_THAT(Faults("name: \xC3\x28"),
              ElementsAre("1:7: want UTF-8, got the byte 0xc3"));
  EXPECT_THAT(Faults(absl::StrCat("\xEF\xBB\xBF", kLeast)), IsEmpty());
  EXPECT_THAT(Faults(absl::StrReplaceAll(kLeast, {{"\n", "\r\n"}})), IsEmpty());
}

TEST(SpecYamlTest, ColumnsCountCharacters) {
  EXPECT_THAT(
      Faults(absl::StrCat(kLeast, "labels: {a: \"\u00fc\u20ac\", b: [1]}\n")),
      ElementsAre("4:19: labels.b: want a text, got a list"));
}

TEST(SpecYamlTest, NothingIsNotAValue) {
  EXPECT_THAT(
      Faults(absl::StrCat(kLeast,
                          "seed:\nmodel: ~\nname: null\n"
                          "evaluate: {at: {steps: [1,]}}\n"
                          "labels:\n")),
      ElementsAre("4:1: seed: want a whole number, got nothing",
                  "5:1: model: want {linear, mlp, deep_linear}, got nothing",
                  "6:1: name: want a text, got nothing; write \"\" for "
                  "an empty one",
                  "8:1: labels: want keys and values, got nothing"));
  // In a list the dash without a value is shown.
  EXPECT_THAT(Faults(absl::StrCat(kLeast,
                                  "evaluate:\n  at:\n    steps:\n"
                                  "    - 1\n    -\n\n    - 1\n")),
              ElementsAre("8:5: evaluate.at.steps[1]: want a whole number, got "
                          "nothing"));
}

TEST(SpecYamlTest, AMessageWithoutFieldsMayBeEmptyOrMissing) {
  for (const char* value : {"{}", "", "~"}) {
    const ParsedSpec parsed =
        Parse(absl::StrCat(kLeast, "loss:\n  exponential: ", value, "\n"));
    EXPECT_THAT(Lines(parsed), IsEmpty()) << value;
    EXPECT_TRUE(parsed.response.spec().loss().has_exponential());
  }
  EXPECT_THAT(Faults(absl::StrCat(kLeast, "loss: {exponential: 3}\n")),
              ElementsAre("4:21: loss.exponential: want {}, got 3"));
}

TEST(SpecYamlTest, ARowIsAListOrAMessage) {
  const ParsedSpec parsed = Parse(
      "data: {inline: {features: [[1, 2], {values: [3, 4]}], labels: [1, "
      "-1]}}\n"
      "optimizer: {gradient_descent: {learning_rate: 1}}\nstop: {steps: 1}\n"
      "weighting: {per_example: [1, 2]}\n");
  EXPECT_THAT(Lines(parsed), IsEmpty());
  EXPECT_EQ(parsed.response.spec().data().inline_().features(1).values(1), 4);
  EXPECT_EQ(parsed.response.spec().weighting().per_example().weights(1), 2);
}

TEST(SpecYamlTest, KindsAreNamedWhereTheyDoNotFit) {
  EXPECT_THAT(
      Faults(absl::StrCat(kLeast,
                          "labels: [a]\nevaluate: {at: {steps: 3}}\n"
                          "model: [linear]\nloss: logistic\n"
                          "seed: {a: 1}\n? [a]\n: b\n")),
      ElementsAre(
          "4:1: labels: want keys and values, got a list",
          "5:24: evaluate.at.steps: want a list, got 3",
          "6:1: model: want {linear, mlp, deep_linear}, got a list",
          absl::StrCat("7:7: loss: want {", kLossNames, "}, got \"logistic\""),
          "8:1: seed: want a whole number, got fields",
          "9:3: want the name of a field, got a list"));
}

TEST(SpecYamlTest, AFaultInPartOfASetDoesNotHideItsPlace) {
  // Both columns of the fault of CheckSpec are those of the value.
  const ParsedSpec parsed = Parse(
      absl::StrReplaceAll(kLeast, {{"learning_rate: 1", "learning_rate: 0"}}));
  EXPECT_THAT(
      Lines(parsed),
      ElementsAre("2:47: optimizer.gradient_descent.learning_rate: want "
                  "a finite value > 0, got 0"));
}

TEST(SpecYamlTest, FaultsThatAreAddedTakeTheirPlaces) {
  ParsedSpec parsed = Parse(kFashion, {"seed=3"});
  AddFaults(std::vector<Fault>{{"seed", "a"},
                               {"nowhere.at.all", "b"},
                               {"test_sets.test", "c"},
                               {"data.classes.negative[0]", "d"},
                               {"data.idx.images.dataset", "e"},
                               {"data.classes.negative[7]", "f"},
                               {"", "g"}},
            {}, &parsed);
  EXPECT_THAT(Lines(parsed),
              ElementsAre("0:0: nowhere.at.all: b", "0:0: g",
                          "4:24: data.idx.images.dataset: e",
                          "5:28: data.classes.negative[7]: f",
                          "5:39: data.classes.negative[0]: d",
                          "8:3: test_sets.test: c", "--set 1: seed: a"));
}

}  // namespace
}  // namespace steelyard::server
