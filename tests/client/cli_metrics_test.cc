#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <sstream>

#include "client/cli/json.h"
#include "client/cli/metric_text.h"
#include "client/cli/samples.h"
#include "tests/client/sample_batches.h"
#include "tests/status_matchers.h"

namespace steelyard::cli {
namespace {

using absl::StatusCode;
using testing::ElementsAre;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

NamedSeries Series(const std::string& run, const v1::SampleBatch& batch) {
  NamedSeries series = {.run = run, .label = "", .series = {}};
  EXPECT_THAT(series.series.Append(batch), IsOk());
  return series;
}

std::string Csv(const std::vector<NamedSeries>& runs,
                absl::string_view columns = "") {
  std::ostringstream out;
  WriteCsv(runs,
           columns.empty() ? DefaultCsvColumns(runs.size())
                           : *ParseCsvColumns(columns),
           out);
  return out.str();
}

std::vector<int64_t> Ordinals(const v1::SampleBatch& batch) {
  std::vector<int64_t> ordinals;
  EXPECT_THAT(VisitSamples(batch,
                           [&](const SampleHead& head,
                               absl::Span<const SampleValue> /*values*/) {
                             ordinals.push_back(head.ordinal);
                           }),
              IsOk());
  return ordinals;
}

TEST(SamplesTest, SamplesKeepTheirOwnValues) {
  const v1::SampleBatch batch =
      MakeBatch(3, {{0, {{"a", 1}, {"b", 2}}}, {5, {}}, {7, {{"b", 3}}}});
  std::vector<std::string> seen;
  ASSERT_THAT(VisitSamples(batch,
                           [&](const SampleHead& head,
                               absl::Span<const SampleValue> values) {
                             seen.push_back(SampleJson("", head, values));
                           }),
              IsOk());
  EXPECT_THAT(
      seen,
      ElementsAre(
          R"({"sample":"3","step":"0","values":{"a":1,"b":2}})",
          R"({"sample":"4","step":"5","log10Step":0.6989700043360189,"values":{}})",
          R"({"sample":"5","step":"7","log10Step":0.8450980400142568,"values":{"b":3}})"));
}

TEST(SamplesTest, ColumnsThatDoNotFitTogetherAreRefused) {
  const v1::SampleBatch good = MakeBatch(0, {{1, {{"a", 1}}}});
  std::vector<v1::SampleBatch> bad(6, good);
  bad[0].add_step(2);
  bad[1].clear_log10_step();
  bad[2].add_value(2);
  bad[3].set_metric_index(0, 1);
  bad[4].set_value_count(0, 2);
  bad[5].set_value_count(0, 4294967295u);
  for (const v1::SampleBatch& batch : bad) {
    bool called = false;
    EXPECT_THAT(
        VisitSamples(batch,
                     [&](const SampleHead&, absl::Span<const SampleValue>) {
                       called = true;
                     }),
        StatusIs(StatusCode::kInternal, "columns of one length"));
    EXPECT_FALSE(called);
  }
}

TEST(SamplesTest, WhatWasSeenIsDroppedAndTheRestStays) {
  const v1::SampleBatch batch = MakeBatch(
      4, {{1, {{"a", 1}}}, {2, {{"a", 2}, {"b", 3}}}, {3, {{"b", 4}}}});
  v1::SampleBatch rest = batch;
  int64_t cursor = 6;
  ASSERT_THAT(TakeUnseen(rest, cursor), IsOk());
  EXPECT_EQ(cursor, 7);
  EXPECT_THAT(Ordinals(rest), ElementsAre(6));
  EXPECT_EQ(rest.value(0), 4);

  rest = batch;
  cursor = 9;  // all of it was seen
  ASSERT_THAT(TakeUnseen(rest, cursor), IsOk());
  EXPECT_EQ(cursor, 9);
  EXPECT_THAT(Ordinals(rest), ElementsAre());
}

TEST(SamplesTest, AMissingSampleIsSaidAndNotSkipped) {
  v1::SampleBatch batch = MakeBatch(4, {{1, {}}});
  int64_t cursor = 3;
  EXPECT_THAT(TakeUnseen(batch, cursor),
              StatusIs(StatusCode::kDataLoss, "want 3 as the next one, got 4"));
  RunSeries series;
  EXPECT_THAT(series.Append(MakeBatch(0, {{0, {}}})), IsOk());
  EXPECT_THAT(series.Append(MakeBatch(2, {{1, {}}})),
              StatusIs(StatusCode::kDataLoss, "want 1 as the next one, got 2"));
}

TEST(CsvTest, LinesAreSortedByTheBytesOfTheMetricAndThenBySample) {
  EXPECT_EQ(Csv({Series("experiments/d/runs/1",
                        MakeBatch(0, {{0, {{"train/loss", 1}, {"Z", 2}}},
                                      {1, {{"train/loss", .5}}},
                                      {2, {{"Z", 4}, {"test/error", .25}}}}))}),
            "metric,step,value\n"
            "Z,0,2\n"
            "Z,2,4\n"
            "test/error,2,0.25\n"
            "train/loss,0,1\n"
            "train/loss,1,0.5\n");
}

TEST(CsvTest, EveryValueComesThrough) {
  EXPECT_EQ(
      Csv({Series("r", MakeBatch(0, {{1, {{"m", std::nan("")}}},
                                     {2, {{"m", kInfinity}}},
                                     {3, {{"m", -kInfinity}}},
                                     {4, {{"m", 5e-324}}},
                                     {5, {{"m", 1.7e308}}},
                                     {6, {{"m", 0.0}}}}))}),
      "metric,step,value\nm,1,nan\nm,2,inf\nm,3,-inf\n"
      "m,4,4.9406564584124654e-324\nm,5,1.6999999999999999e+308\nm,6,0\n");
}

TEST(CsvTest, ColumnsComeAsTheyWereNamed) {
  const NamedSeries run =
      Series("experiments/d/runs/1",
             MakeBatch(7, {{0, {{"m", 1}}}, {100, {{"m", 2}}}}));
  EXPECT_EQ(
      Csv({run}, "value,log10_step,sample,wall_s,attempt,run,metric,step"),
      "value,log10_step,sample,wall_s,attempt,run,metric,step\n"
      "1,,7,0,1,experiments/d/runs/1,m,0\n"
      "2,2,8,0.5,1,experiments/d/runs/1,m,100\n");
}

TEST(CsvTest, AStepThatNoIntegerHoldsIsEmptyAndItsLogarithmIsNot) {
  EXPECT_EQ(Csv({Series("r", MakeBatch(0, {{-1, {{"m", 1}}, 20.5}}))},
                "step,log10_step,value"),
            "step,log10_step,value\n,20.5,1\n");
}

TEST(CsvTest, SeveralRunsAreToldApart) {
  const v1::SampleBatch batch = MakeBatch(0, {{0, {{"m", 1}}}});
  EXPECT_EQ(Csv({Series("experiments/d/runs/2", batch),
                 Series("experiments/d/runs/1", batch)}),
            "run,metric,step,value\n"
            "experiments/d/runs/2,m,0,1\n"
            "experiments/d/runs/1,m,0,1\n");
}

TEST(CsvTest, AColumnThatDoesNotExistIsNamed) {
  EXPECT_THAT(ParseCsvColumns("metric,loss"),
              StatusIs(StatusCode::kInvalidArgument,
                       "want names among run, metric, step, log10_step, "
                       "sample, wall_s, attempt, value, got loss"));
  EXPECT_THAT(ParseCsvColumns("metric,"),
              StatusIs(StatusCode::kInvalidArgument, "got an empty one"));
  EXPECT_THAT(ParseCsvColumns(""),
              StatusIs(StatusCode::kInvalidArgument, "got an empty one"));
  EXPECT_THAT(ParseCsvColumns("value,step,value"),
              StatusIs(StatusCode::kInvalidArgument, "got value twice"));
}

TEST(JsonTest, AStreamOfSamplesIsALineEach) {
  const std::vector<NamedSeries> runs = {
      Series("experiments/d/runs/1",
             MakeBatch(0, {{0, {{"a", std::nan("")}, {"b", kInfinity}}},
                           {10, {{"a", 0.1}}}}))};
  std::ostringstream out;
  WriteSamplesJson(runs, out);
  EXPECT_EQ(out.str(),
            "{\"sample\":\"0\",\"step\":\"0\","
            "\"values\":{\"a\":\"NaN\",\"b\":\"Infinity\"}}\n"
            "{\"sample\":\"1\",\"step\":\"10\",\"log10Step\":1,"
            "\"values\":{\"a\":0.1}}\n");
}

TEST(JsonTest, TextIsEscapedAndAStepWithoutAnIntegerIsLeftOut) {
  EXPECT_EQ(JsonString("a\"b\\c\n\x01\xff"),
            "\"a\\\"b\\\\c\\u000a\\u0001\\ufffd\"");
  EXPECT_EQ(SampleJson("r", {.ordinal = 4, .log10_step = 30}, {}),
            R"({"run":"r","sample":"4","log10Step":30,"values":{}})");
}

TEST(JsonTest, MessagesAreWrittenAsProtobufDoes) {
  v1::Run run;
  run.set_name("experiments/d/runs/1");
  run.set_state(v1::RUN_STATE_QUEUED);
  run.set_sample_count(7);
  EXPECT_EQ(MessageJson(run),
            R"({"name":"experiments/d/runs/1","state":"RUN_STATE_QUEUED",)"
            R"("sampleCount":"7"})");
}

}  // namespace
}  // namespace steelyard::cli
