// Samples, checkpoints and final metrics on their way into the store.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "tests/status_matchers.h"
#include "tests/storage/test_store.h"

namespace steelyard::storage {
namespace {

using absl::StatusCode;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A store in which run 1 has its first attempt.
class ApplyReportTest : public testing::Test {
 protected:
  ApplyReportTest() {
    EXPECT_THAT(store_.Apply(NewRun(1)), IsOk());
    EXPECT_THAT(store_.Apply(Start(1, 1)), IsOk());
  }

  void NextAttempt(int64_t attempt) {
    ASSERT_THAT(store_.Apply(Lose(1, attempt - 1)), IsOk());
    ASSERT_THAT(store_.Apply(Start(1, attempt)), IsOk());
  }

  TestStore store_;
};

TEST_F(ApplyReportTest, SamplesComeBackAsTheyWereReported) {
  const Samples reported = Series(0, 5);
  ASSERT_THAT(store_.Apply(Report(1, 1, reported)), IsOk());
  const Samples stored = store_.AllSamples(1);
  EXPECT_EQ(stored.first_ordinal, 0);
  EXPECT_EQ(stored.step, reported.step);
  EXPECT_EQ(stored.wall_s, reported.wall_s);
  EXPECT_EQ(stored.attempt, reported.attempt);
  EXPECT_EQ(stored.value_count, reported.value_count);
  EXPECT_TRUE(std::isnan(stored.log10_step[0]));
  EXPECT_EQ(stored.log10_step[4], reported.log10_step[4]);
  for (int64_t k = 0; k < 5; ++k) {
    for (const std::string& metric : reported.metrics) {
      EXPECT_EQ(ValueOf(stored, k, metric), ValueOf(reported, k, metric));
    }
  }
}

TEST_F(ApplyReportTest, EveryDoubleSurvivesButMinusZero) {
  const Samples reported =
      Batch(0, {{.step = 1,
                 .values = {{"minus_zero", -0.0},
                            {"nan", kNan},
                            {"infinity", kInfinity},
                            {"minus_infinity", -kInfinity},
                            {"denormal", 5e-324},
                            {"large", 1.7e308},
                            {"largest", std::numeric_limits<double>::max()},
                            {"whole", 9007199254740993.0},
                            {"third", 1.0 / 3}}}});
  ASSERT_THAT(store_.Apply(Report(1, 1, reported)), IsOk());
  store_.Reopen();
  const Samples stored = store_.AllSamples(1);
  EXPECT_EQ(ValueOf(stored, 0, "minus_zero"), 0.0);
  EXPECT_FALSE(std::signbit(ValueOf(stored, 0, "minus_zero")));
  EXPECT_TRUE(std::isnan(ValueOf(stored, 0, "nan")));
  for (const std::string& metric : reported.metrics) {
    if (metric == "nan") continue;
    EXPECT_EQ(ValueOf(stored, 0, metric), ValueOf(reported, 0, metric));
  }
  const auto final_metrics = store_.reader().FinalMetrics(RunId{1}).value();
  for (const auto& [metric, value] : final_metrics) {
    const double reported_value = ValueOf(reported, 0, metric);
    EXPECT_TRUE(value == reported_value ||
                (std::isnan(value) && std::isnan(reported_value)))
        << metric;
    EXPECT_FALSE(value == 0 && std::signbit(value));
  }
}

TEST_F(ApplyReportTest, AStepBeyond63BitsIsAbsent) {
  Samples samples = Batch(0, {{.step = -1, .values = {{"train/loss", 1}}}});
  samples.log10_step[0] = 1000;
  ASSERT_THAT(store_.Apply(Report(1, 1, samples)), IsOk());
  EXPECT_EQ(store_.AllSamples(1).step[0], -1);
  EXPECT_EQ(store_.AllSamples(1).log10_step[0], 1000);

  NextAttempt(2);
  ASSERT_THAT(store_.Apply(Report(1, 2, samples)), IsOk());
  EXPECT_EQ(store_.Run(1).unequal_repeats, 0);
  samples.log10_step[0] = 1001;
  ASSERT_THAT(store_.Apply(Report(1, 2, samples)), IsOk());
  EXPECT_EQ(store_.Run(1).unequal_repeats, 1);
}

TEST_F(ApplyReportTest, AGapIsRefused) {
  ASSERT_THAT(store_.Apply(Report(1, 1, Series(0, 2))), IsOk());
  EXPECT_THAT(store_.Apply(Report(1, 1, Series(3, 1))),
              StatusIs(StatusCode::kInvalidArgument, "want 0 to 2"));
  EXPECT_THAT(store_.Apply(Report(1, 1, Series(2, 1))), IsOk());
  EXPECT_EQ(store_.Run(1).sample_count, 3);
}

TEST_F(ApplyReportTest, AnEqualRepeatIsDropped) {
  ASSERT_THAT(store_.Apply(Report(1, 1, Series(0, 4))), IsOk());
  NextAttempt(2);
  EXPECT_EQ(store_.Run(1).state, RunState::kStarting);
  Samples again = Series(2, 4);
  for (int64_t& attempt : again.attempt) attempt = 2;
  for (double& wall_s : again.wall_s) wall_s += 100;
  ASSERT_THAT(store_.Apply(Report(1, 2, again)), IsOk());
  EXPECT_EQ(store_.Run(1).state, RunState::kRunning);
  EXPECT_EQ(store_.Run(1).sample_count, 6);
  EXPECT_EQ(store_.Run(1).unequal_repeats, 0);
  // What was stored first stays; what is new is the second attempt's.
  EXPECT_EQ(store_.AllSamples(1).attempt,
            (std::vector<int64_t>{1, 1, 1, 1, 2, 2}));
  EXPECT_EQ(store_.AllSamples(1).wall_s[2], 10);
  EXPECT_EQ(store_.AllSamples(1).wall_s[4], 120);
}

TEST_F(ApplyReportTest, MetricsAreComparedByNameAndNanEqualsNan) {
  ASSERT_THAT(store_.Apply(Report(
                  1, 1,
                  Batch(0, {{.step = 1, .values = {{"a", kNan}, {"b", 2}}},
                            {.step = 2, .values = {{"c", -0.0}}}}))),
              IsOk());
  NextAttempt(2);
  ASSERT_THAT(store_.Apply(Report(
                  1, 2,
                  Batch(0, {{.step = 1, .values = {{"b", 2}, {"a", kNan}}},
                            {.step = 2, .values = {{"c", 0.0}}}}))),
              IsOk());
  EXPECT_EQ(store_.Run(1).unequal_repeats, 0);
}

TEST_F(ApplyReportTest, EachUnequalRepeatIsCountedAndDropped) {
  const Samples first =
      Batch(0, {{.step = 1, .values = {{"a", 1}, {"b", kNan}}}});
  ASSERT_THAT(store_.Apply(Report(1, 1, first)), IsOk());
  NextAttempt(2);
  const std::vector<OneSample> others = {
      {.step = 2, .values = {{"a", 1}, {"b", kNan}}},
      {.step = 1, .values = {{"a", std::nextafter(1, 2)}, {"b", kNan}}},
      {.step = 1, .values = {{"a", 1}, {"b", 0}}},
      {.step = 1, .values = {{"a", kNan}, {"b", kNan}}},
      {.step = 1, .values = {{"a", 1}}},
      {.step = 1, .values = {{"a", 1}, {"c", kNan}}},
      {.step = 1, .values = {{"a", 1}, {"b", kNan}, {"c", 3}}},
      {.step = 1, .values = {}}};
  int64_t unequal = 0;
  for (const OneSample& other : others) {
    ASSERT_THAT(store_.Apply(Report(1, 2, Batch(0, {other}))), IsOk());
    EXPECT_EQ(store_.Run(1).unequal_repeats, ++unequal);
  }
  EXPECT_EQ(ValueOf(store_.AllSamples(1), 0, "a"), 1);
  EXPECT_EQ(store_.AllSamples(1).step[0], 1);
  EXPECT_EQ(store_.AllSamples(1).value.size(), 2u);
}

TEST_F(ApplyReportTest, FinalMetricsAreThoseOfTheLastSampleThatHasThem) {
  ASSERT_THAT(store_.Apply(Report(
                  1, 1,
                  Batch(0, {{.step = 0, .values = {{"a", 1}, {"b", 2}}},
                            {.step = 1, .values = {{"a", 3}, {"c", kNan}}}}))),
              IsOk());
  ASSERT_THAT(
      store_.Apply(Report(1, 1, Batch(2, {{.step = 2, .values = {{"a", 5}}}}))),
      IsOk());
  NextAttempt(2);
  // A repeat is not news.
  ASSERT_THAT(
      store_.Apply(Report(1, 2, Batch(1, {{.step = 1, .values = {{"a", 9}}}}))),
      IsOk());
  const auto final_metrics = store_.reader().FinalMetrics(RunId{1}).value();
  ASSERT_EQ(final_metrics.size(), 3u);
  EXPECT_EQ(final_metrics[0], (std::pair<std::string, double>("a", 5)));
  EXPECT_EQ(final_metrics[1], (std::pair<std::string, double>("b", 2)));
  EXPECT_EQ(final_metrics[2].first, "c");
  EXPECT_TRUE(std::isnan(final_metrics[2].second));
}

TEST_F(ApplyReportTest, AReportThatContradictsItselfIsRefused) {
  Samples samples = Series(0, 2);
  samples.wall_s.pop_back();
  EXPECT_THAT(store_.Apply(Report(1, 1, samples)),
              StatusIs(StatusCode::kInvalidArgument,
                       "samples.wall_s: want 2 entries, got 1"));
  samples = Series(0, 2);
  samples.value_count[0] = 1;
  EXPECT_THAT(store_.Apply(Report(1, 1, samples)),
              StatusIs(StatusCode::kInvalidArgument, "samples.metric_index"));
  samples = Series(0, 2);
  samples.metric_index[3] = 2;
  EXPECT_THAT(store_.Apply(Report(1, 1, samples)),
              StatusIs(StatusCode::kInvalidArgument,
                       "samples.metric_index[3]: want less than 2, got 2"));
  samples = Series(0, 2);
  samples.metric_index[3] = 0;
  EXPECT_THAT(store_.Apply(Report(1, 1, samples)),
              StatusIs(StatusCode::kInvalidArgument, "train/loss twice"));
  samples = Series(0, 2);
  samples.metrics[1] = samples.metrics[0];
  EXPECT_THAT(store_.Apply(Report(1, 1, samples)),
              StatusIs(StatusCode::kInvalidArgument, "train/loss twice"));
  EXPECT_EQ(store_.Run(1).sample_count, 0);
  EXPECT_EQ(store_.Run(1).state, RunState::kStarting);
}

TEST_F(ApplyReportTest, AbsentMetricsAreKeptOnceEach) {
  AddReport report = Report(1, 1);
  report.absent_metrics = {{"margin/ratio", "not separable"},
                           {"theory/kl", "not separable"}};
  ASSERT_THAT(store_.Apply(report), IsOk());
  NextAttempt(2);
  report.attempt = AttemptNumber{2};
  ASSERT_THAT(store_.Apply(report), IsOk());
  const RunRow run = store_.Run(1);
  ASSERT_EQ(run.absent_metrics.size(), 2u);
  EXPECT_EQ(run.absent_metrics[0].metric, "margin/ratio");
  EXPECT_EQ(run.absent_metrics[0].reason, "not separable");
}

// Random overlapping reports of a run whose values depend on the ordinal alone
// must leave exactly its series.
TEST_F(ApplyReportTest, AnySequenceOfOverlappingReportsLeavesTheSeries) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  int64_t count = 0;
  for (int i = 0; i < 200; ++i) {
    const auto first = static_cast<int64_t>(random()) % (count + 1);
    const auto size = static_cast<int64_t>(random() % 8);
    ASSERT_THAT(store_.Apply(Report(1, 1, Series(first, size))), IsOk());
    count = std::max(count, first + size);
    ASSERT_EQ(store_.Run(1).sample_count, count);
  }
  EXPECT_EQ(store_.Run(1).unequal_repeats, 0);
  const Samples stored = store_.AllSamples(1);
  const Samples wanted = Series(0, count);
  EXPECT_EQ(stored.step, wanted.step);
  EXPECT_EQ(stored.value_count, wanted.value_count);
  for (int64_t k = 0; k < count; ++k) {
    EXPECT_EQ(ValueOf(stored, k, "train/error"),
              ValueOf(wanted, k, "train/error"));
  }
}

}  // namespace
}  // namespace steelyard::storage
