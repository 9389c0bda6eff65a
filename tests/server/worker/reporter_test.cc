#include "server/worker/reporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/worker/session_queue.h"
#include "steelyard/v1/worker_service.pb.h"
#include "tests/server/worker/leases.h"

namespace steelyard::worker {
namespace {

using ::testing::ElementsAre;

class ReporterTest : public testing::Test {
 protected:
  ReporterTest() : reporter_(7, 2, options_, queue_) {
    reporter_.SetMetrics(kMetrics);
  }

  static training::Evaluation Evaluate(
      int64_t ordinal, std::vector<training::MetricValue> values) {
    return {.ordinal = ordinal,
            .step = 10 * ordinal,
            .log10_step = std::log10(10.0 * static_cast<double>(ordinal)),
            .values = std::move(values)};
  }

  v1::RunReport NextReport() { return queue_.Next()->report(); }

  inline static const std::vector<std::string> kMetrics = {"a", "b", "c"};

  LeaseOptions options_;
  SessionQueue queue_;
  Reporter reporter_;
};

TEST_F(ReporterTest, WritesSamplesByColumnsWithTheNamesThatTheyUse) {
  reporter_.Add(Evaluate(4, {{0, 1.5}, {2, 2.5}}), 0.1);
  reporter_.Add(Evaluate(5, {{2, 3.5}}), 0.2);
  EXPECT_EQ(reporter_.Send(nullptr, nullptr), 1);
  const v1::RunReport report = NextReport();
  EXPECT_EQ(report.run_id(), 7);
  EXPECT_EQ(report.attempt(), 2);
  const v1::SampleBatch& batch = report.samples();
  EXPECT_EQ(batch.first_ordinal(), 4);
  EXPECT_THAT(batch.metrics(), ElementsAre("a", "c"));
  EXPECT_THAT(batch.step(), ElementsAre(40, 50));
  EXPECT_THAT(batch.wall_s(), ElementsAre(0.1, 0.2));
  EXPECT_THAT(batch.attempt(), ElementsAre(2, 2));
  EXPECT_THAT(batch.value_count(), ElementsAre(2, 1));
  EXPECT_THAT(batch.metric_index(), ElementsAre(0, 1, 1));
  EXPECT_THAT(batch.value(), ElementsAre(1.5, 2.5, 3.5));
}

TEST_F(ReporterTest, EveryReportNamesItsOwnMetrics) {
  reporter_.Add(Evaluate(0, {{0, 1}}), 0);
  reporter_.Send(nullptr, nullptr);
  reporter_.Add(Evaluate(1, {{2, 1}}), 0);
  reporter_.Send(nullptr, nullptr);
  EXPECT_THAT(NextReport().samples().metrics(), ElementsAre("a"));
  EXPECT_THAT(NextReport().samples().metrics(), ElementsAre("c"));
}

TEST_F(ReporterTest, LeavesTheBitsOfEveryValueAlone) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::vector<double> values = {
      -0.0, 0.0, kInfinity, -kInfinity, std::nan("7"), 5e-324, 1.7e308};
  for (size_t i = 0; i < values.size(); ++i) {
    reporter_.Add(Evaluate(static_cast<int64_t>(i), {{0, values[i]}}), 0);
  }
  reporter_.Send(nullptr, nullptr);
  const v1::RunReport report = NextReport();
  // Through the wire's form too.
  v1::RunReport parsed;
  ASSERT_TRUE(parsed.ParseFromString(report.SerializeAsString()));
  ASSERT_EQ(parsed.samples().value_size(), static_cast<int>(values.size()));
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(
        std::bit_cast<uint64_t>(parsed.samples().value(static_cast<int>(i))),
        std::bit_cast<uint64_t>(values[i]))
        << values[i];
  }
}

TEST_F(ReporterTest, TheFirstSampleIsDueAtOnceAndLaterOnesAfterTheInterval) {
  absl::Duration now;
  options_.now = [&now] { return now; };
  EXPECT_FALSE(reporter_.Due());
  reporter_.Add(Evaluate(0, {{0, 1}}), 0);
  EXPECT_TRUE(reporter_.Due());
  reporter_.Send(nullptr, nullptr);
  EXPECT_FALSE(reporter_.Due());
  reporter_.Add(Evaluate(1, {{0, 1}}), 0);
  now += absl::Milliseconds(99);
  EXPECT_FALSE(reporter_.Due());
  now += absl::Milliseconds(1);
  EXPECT_TRUE(reporter_.Due());
}

TEST_F(ReporterTest, SamplesAreDueWhenThereAreManyValues) {
  options_.values_per_report = 3;
  options_.now = [] { return absl::ZeroDuration(); };
  reporter_.Send(nullptr, nullptr);
  reporter_.Add(Evaluate(0, {{0, 1}, {1, 1}}), 0);
  EXPECT_FALSE(reporter_.Due());
  reporter_.Add(Evaluate(1, {{0, 1}}), 0);
  EXPECT_TRUE(reporter_.Due());
}

TEST_F(ReporterTest, HasRoomForSoManyReportsAndNotOneMore) {
  options_.unacknowledged_reports = 2;
  reporter_.Send(nullptr, nullptr);
  EXPECT_TRUE(reporter_.HasRoom());
  reporter_.Send(nullptr, nullptr);
  EXPECT_FALSE(reporter_.HasRoom());
  reporter_.Acknowledge(1);
  EXPECT_TRUE(reporter_.HasRoom());
  EXPECT_EQ(reporter_.acknowledged(), 1);
}

// One large report alone must not block for ever.
TEST_F(ReporterTest, HasRoomForSoManyBytesAndForOneReportOfAnySize) {
  options_.unacknowledged_bytes = 100;
  v1::Checkpoint checkpoint;
  checkpoint.set_state(std::string(200, 's'));
  reporter_.Send(&checkpoint, nullptr);
  EXPECT_FALSE(reporter_.HasRoom());
  reporter_.Send(nullptr, nullptr);
  reporter_.Acknowledge(1);
  EXPECT_TRUE(reporter_.HasRoom());
  reporter_.Acknowledge(2);
  EXPECT_TRUE(reporter_.HasRoom());
}

}  // namespace
}  // namespace steelyard::worker
