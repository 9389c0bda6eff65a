#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "client/cli/run_text.h"

namespace steelyard::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::Run QueuedRun() {
  v1::Run run;
  run.set_name("experiments/e/runs/7");
  run.mutable_spec()->mutable_stop()->set_steps(2'000);
  run.set_state(v1::RUN_STATE_QUEUED);
  return run;
}

const Viewer& Anyone() {
  static const Viewer* const kViewer = new Viewer{
      .now = absl::UnixEpoch(), .zone = absl::UTCTimeZone(), .terminal = {}};
  return *kViewer;
}

std::string Row(const v1::Run& run) { return RunTable({run}, Anyone()); }

TEST(RunTextTest, StepsAreThoseTakenOfThoseWanted) {
  v1::Run run = QueuedRun();
  EXPECT_THAT(Row(run), HasSubstr(" -/2,000 "));
  run.mutable_progress()->set_step(1'234);
  EXPECT_THAT(Row(run), HasSubstr(" 1,234/2,000 "));
  run.mutable_result()->set_steps(1'500);
  EXPECT_THAT(Row(run), HasSubstr(" 1,500 "));
}

TEST(RunTextTest, EpochsAreShownWhereStepsAreNotKnown) {
  v1::Run run = QueuedRun();
  run.mutable_spec()->mutable_stop()->set_epochs(1'000);
  EXPECT_THAT(Row(run), HasSubstr(" 1,000 epochs "));
  run.mutable_progress()->set_step(1'234);
  EXPECT_THAT(Row(run), HasSubstr(" 1,234 (1,000 epochs) "));
  EXPECT_THAT(RunText(run, Anyone()),
              HasSubstr("1,234 steps (1,000 epochs), 0 steps/s"));
  run.mutable_result()->set_steps(5'000);
  EXPECT_THAT(Row(run), HasSubstr(" 5,000 "));
  EXPECT_THAT(Row(run), Not(HasSubstr("epochs")));
  run.clear_result();
  run.clear_progress();
  run.mutable_spec()->mutable_stop()->set_epochs(1);
  EXPECT_THAT(Row(run), HasSubstr(" 1 epoch "));
}

TEST(RunTextTest, StepsThatAreNotCountedArePowersOfTen) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  v1::Run run = QueuedRun();
  run.mutable_spec()->mutable_stop()->set_log10_steps(1000);
  EXPECT_THAT(Row(run), HasSubstr(" -/10^1000 "));
  run.mutable_progress()->set_step(kMost);
  EXPECT_THAT(Row(run), HasSubstr(" >10^18/10^1000 "));
  run.mutable_result()->set_steps(kMost);
  EXPECT_THAT(Row(run), HasSubstr(" >10^18 "));
  run.mutable_result()->set_ended_by(v1::ENDED_BY_STEPS);
  EXPECT_THAT(Row(run), HasSubstr(" 10^1000 "));
}

}  // namespace
}  // namespace steelyard::cli
