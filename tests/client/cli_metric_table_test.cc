#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/str_split.h"
#include "client/cli/metric_table.h"
#include "client/cli/utf8.h"
#include "tests/client/sample_batches.h"
#include "tests/status_matchers.h"

namespace steelyard::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

NamedSeries Series(const std::string& run,
                   const std::vector<TestSample>& samples) {
  NamedSeries series = {.run = run, .label = "", .series = {}};
  EXPECT_THAT(series.series.Append(MakeBatch(0, samples)), IsOk());
  return series;
}

// Samples at 0 and at 1, 3, 10, 30, ... up to `last`; the value is the step.
std::vector<TestSample> Powers(int64_t last) {
  std::vector<TestSample> samples = {{0, {{"m", 0}}}};
  for (int64_t power = 1; power <= last; power *= 10) {
    samples.push_back({power, {{"m", static_cast<double>(power)}}});
    if (3 * power > last) break;
    samples.push_back({3 * power, {{"m", static_cast<double>(3 * power)}}});
  }
  return samples;
}

TEST(MetricTableTest, StepsArePowersOfTenAndTheLast) {
  EXPECT_EQ(MetricTable({{Series("experiments/d/runs/1", Powers(3000))}}, {}),
            "d/1\n"
            "METRIC  0  1  10  100    1k  LAST\n"
            "m       0  1  10  100  1000  3000\n");
}

TEST(MetricTableTest, APowerOfTenThatIsTheLastStepIsShownOnce) {
  EXPECT_EQ(MetricTable({{Series("experiments/d/runs/1", Powers(1000))}}, {}),
            "d/1\n"
            "METRIC  0  1  10  100  LAST\n"
            "m       0  1  10  100  1000\n");
  // Another run goes on behind it.
  EXPECT_THAT(MetricTable({{Series("experiments/d/runs/1", Powers(1000)),
                            Series("experiments/d/runs/2", Powers(3000))}},
                          {}),
              StartsWith("RUN  METRIC  0  1  10  100    1k  LAST\n"));
}

TEST(MetricTableTest, ANarrowTerminalThinsThePowersAndKeepsTheEnds) {
  const NamedSeries run = Series("experiments/d/runs/1", Powers(30000000));
  const auto titles = [&run](int width) {
    const std::vector<std::string> lines =
        absl::StrSplit(MetricTable({{run}}, {.width = width}), '\n');
    EXPECT_LE(DisplayWidth(lines[2]), width);
    std::string title = lines[1];
    absl::RemoveExtraAsciiWhitespace(&title);
    return title;
  };
  EXPECT_EQ(titles(80), "METRIC 0 1 10 100 1k 10k 100k 1M 10M LAST");
  EXPECT_EQ(titles(50), "METRIC 0 1 100 10k 1M LAST");
  EXPECT_EQ(titles(30), "METRIC 0 1 1k 1M LAST");
  EXPECT_EQ(titles(16), "METRIC 0 LAST");
  EXPECT_EQ(titles(12), "METRIC LAST");
}

// As a run on images has them: the widest names and numbers there are.
TEST(MetricTableTest, EightyColumnsHoldTheFirstStepsOfALongRun) {
  std::vector<TestSample> samples = Powers(10000000);
  for (TestSample& sample : samples) {
    const double step = static_cast<double>(sample.step);
    sample.values["weights/effective_sample_size"] = 103.14;
    sample.values["train/log_loss"] = 0 - std::log1p(step);
    sample.values["train/loss"] = 1.2345 / (1 + step);
    sample.values["margin/normalized"] = -0.87654 / (10 + step);
  }
  EXPECT_THAT(
      MetricTable({{Series("experiments/d/runs/1", samples)}}, {.width = 80}),
      testing::ContainsRegex("METRIC +0 +1 +100 +10k +1M +LAST\n"));
}

TEST(MetricTableTest, WithFewPowersOfTenOtherStepsStandThere) {
  std::vector<TestSample> samples;
  for (int64_t step = 2000; step <= 2004; ++step) {
    samples.push_back({step, {{"m", 1}}});
  }
  EXPECT_THAT(MetricTable({{Series("experiments/d/runs/1", samples)}}, {}),
              HasSubstr("METRIC  2,000  2,001  2,002  2,003  LAST\n"));
}

TEST(MetricTableTest, AMetricThatIsNotDefinedThereHasNoValue) {
  const std::vector<TestSample> samples = {{1, {{"m", 1}}},
                                           {10, {{"m", 2}, {"n", 3}}},
                                           {100, {{"m", 4}}},
                                           {1000, {{"m", 5}, {"n", 6}}}};
  EXPECT_THAT(MetricTable({{Series("experiments/d/runs/1", samples)}}, {}),
              HasSubstr("METRIC  1  10  100  LAST\n"
                        "m       1   2    4     5\n"
                        "n           3          6\n"));
}

TEST(MetricTableTest, ANameCannotMoveTheCursor) {
  const NamedSeries run = {.run = "\x1b[2J", .label = "\x1b[2J", .series = {}};
  EXPECT_THAT(MetricTable({{run}}, {}), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace steelyard::cli
