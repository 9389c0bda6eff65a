#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "absl/strings/str_split.h"
#include "client/cli/progress_display.h"
#include "client/cli/progress_line.h"
#include "client/cli/utf8.h"

namespace steelyard::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

RunProgress Training() {
  RunProgress progress;
  progress.title = "d8/12 exp";
  progress.state = v1::RUN_STATE_RUNNING;
  progress.total_steps = 320000;
  progress.step = 198400;
  progress.steps_per_second = 85300;
  progress.metrics = {{"train/error", 0}, {"test/error", 0.2187}};
  return progress;
}

TEST(ProgressLineTest, ATrainingRunShowsBarStepsRateRemainingTimeAndMetrics) {
  EXPECT_EQ(ProgressLine(Training(), 12, {.width = 120}),
            "d8/12 exp     ██████████████░░░░░░░░░  62%  "
            "198,400/320,000  85.3k steps/s  1.4 s left  train/error 0  "
            "test/error 0.2187");
  EXPECT_EQ(
      ProgressLine(Training(), 0, {.utf8 = false, .width = 80}),
      "d8/12 exp  ############........  62%  198,400/320,000  85.3k steps/s  "
      "1.4 s left");
}

TEST(ProgressLineTest, NoLineIsWiderThanTheTerminal) {
  RunProgress progress = Training();
  for (int width = 20; width < 160; ++width) {
    for (const v1::RunState state :
         {v1::RUN_STATE_QUEUED, v1::RUN_STATE_RUNNING, v1::RUN_STATE_FAILED}) {
      progress.state = state;
      progress.note = "DIVERGED: train/loss is not finite at step 198,400";
      const std::string line =
          ProgressLine(progress, 20, {.colour = true, .width = width});
      EXPECT_LE(DisplayWidth(line), width) << line;
    }
  }
}

TEST(ProgressLineTest, AHundredPercentIsSaidWhenItIsDone) {
  RunProgress progress = Training();
  progress.step = 319999;
  EXPECT_THAT(PlainProgressLine(progress), HasSubstr("  99%  "));
  progress.step = 320000;
  EXPECT_THAT(PlainProgressLine(progress), HasSubstr("  100%  "));
}

TEST(ProgressLineTest, StepsThatAreNotCountedArePowersOfTen) {
  RunProgress progress;
  progress.title = "d8/12 far";
  progress.state = v1::RUN_STATE_RUNNING;
  progress.total_log10_steps = 1000;
  progress.step = 1000;
  EXPECT_EQ(PlainProgressLine(progress),
            "d8/12 far  RUNNING  0%  1,000/10^1000");
  progress.log10_step = 250.5;
  EXPECT_EQ(PlainProgressLine(progress),
            "d8/12 far  RUNNING  25%  10^250.5/10^1000");
  progress.state = v1::RUN_STATE_SUCCEEDED;
  progress.log10_step = 1000;
  progress.training = absl::Seconds(1.5);
  EXPECT_EQ(PlainProgressLine(progress),
            "d8/12 far  SUCCEEDED  10^1000 steps in 1.5 s");
}

TEST(ProgressLineTest, TheTimeThatIsLeftIsUnknownWithoutARate) {
  RunProgress progress = Training();
  progress.steps_per_second = 0;
  EXPECT_EQ(Remaining(progress), std::nullopt);
  EXPECT_THAT(PlainProgressLine(progress), Not(HasSubstr("left")));
}

TEST(ProgressLineTest, TheNearerOfTwoLimitsCounts) {
  RunProgress progress = Training();
  progress.wall_limit = absl::Seconds(10);
  progress.training = absl::Seconds(9.5);
  EXPECT_EQ(Remaining(progress), absl::Seconds(0.5));
  EXPECT_THAT(PlainProgressLine(progress), HasSubstr("95%"));
}

TEST(ProgressLineTest, AWaitingRunSaysWhy) {
  RunProgress progress = Training();
  progress.state = v1::RUN_STATE_QUEUED;
  progress.step = 0;
  progress.note = "2 of 2 workers are busy; 3 runs are before it";
  EXPECT_EQ(PlainProgressLine(progress),
            "d8/12 exp  QUEUED  2 of 2 workers are busy; 3 runs are before it");
}

TEST(ProgressLineTest, AnEndedRunKeepsItsResult) {
  RunProgress progress = Training();
  progress.state = v1::RUN_STATE_SUCCEEDED;
  progress.step = 320000;
  progress.training = absl::Seconds(3.9);
  EXPECT_EQ(ProgressLine(progress, 0, {.width = 100}),
            "d8/12 exp  SUCCEEDED  320,000 steps in 3.9 s  train/error 0  "
            "test/error 0.2187");
}

TEST(ProgressLineTest, ErrorsComeFirstAndWhatFewLookAtIsLeftOut) {
  EXPECT_THAT(MetricsOfInterest({{"direction/gap", 1},
                                 {"parameters/0", 2},
                                 {"test/error", 3},
                                 {"train/error", 4},
                                 {"train/loss", 5}}),
              ElementsAre(Pair("train/error", 4), Pair("test/error", 3),
                          Pair("train/loss", 5), Pair("direction/gap", 1)));
}

TEST(ProgressLineTest, ANoteCannotMoveTheCursor) {
  RunProgress progress = Training();
  progress.note = "\x1b[2J";
  progress.title = "\x1b[2J";
  EXPECT_THAT(ProgressLine(progress, 0, {}), Not(HasSubstr("\x1b")));
}

int64_t Lines(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n');
}

const absl::Time kStart = absl::FromUnixSeconds(1000);

TEST(ProgressDisplayTest, AFileGetsALineWhenAStateChangesAndOneInTenSeconds) {
  std::ostringstream out;
  ProgressDisplay display(out, {}, {Training()});
  display.run(0).state = v1::RUN_STATE_QUEUED;
  display.Draw(kStart);
  display.Draw(kStart + absl::Seconds(20));  // nothing new
  display.run(0).state = v1::RUN_STATE_RUNNING;
  display.Draw(kStart + absl::Seconds(21));
  display.Draw(kStart + absl::Seconds(30));
  display.Draw(kStart + absl::Seconds(31));
  display.run(0).state = v1::RUN_STATE_SUCCEEDED;
  display.Finish(kStart + absl::Seconds(32));
  display.Finish(kStart + absl::Seconds(33));
  std::vector<std::string> states;
  for (const absl::string_view line :
       absl::StrSplit(out.str(), '\n', absl::SkipEmpty())) {
    const std::vector<std::string> parts = absl::StrSplit(line, "  ");
    states.push_back(parts[1]);
  }
  EXPECT_THAT(states, ElementsAre("QUEUED", "RUNNING", "RUNNING", "SUCCEEDED"));
  EXPECT_THAT(out.str(), Not(HasSubstr("\x1b")));
}

TEST(ProgressDisplayTest, ATerminalsLinesAreDrawnInTheirPlace) {
  std::ostringstream out;
  ProgressDisplay display(out, {.is_terminal = true}, {Training(), Training()});
  display.Draw(kStart);
  EXPECT_THAT(out.str(), Not(HasSubstr("\x1b[2A")));
  out.str("");
  display.Draw(kStart + absl::Milliseconds(50));
  EXPECT_EQ(out.str(), "") << "ten times a second are enough";
  display.Draw(kStart + absl::Milliseconds(100));
  EXPECT_THAT(out.str(), testing::StartsWith("\x1b[2A\r"));
  out.str("");
  display.Finish(kStart + absl::Seconds(1));
  EXPECT_THAT(out.str(), testing::StartsWith("\x1b[2A\r\x1b[J"));
  EXPECT_EQ(Lines(out.str()), 2);
}

TEST(ProgressDisplayTest, MoreRunsThanLinesShowThoseThatTrain) {
  std::ostringstream out;
  std::vector<RunProgress> runs(10, Training());
  for (RunProgress& run : runs) run.state = v1::RUN_STATE_QUEUED;
  runs[9].state = v1::RUN_STATE_RUNNING;
  ProgressDisplay display(out, {.is_terminal = true, .height = 5}, runs);
  display.Draw(kStart);
  EXPECT_THAT(out.str(), HasSubstr("62%"));
  EXPECT_THAT(out.str(), HasSubstr("and 7 more"));
  EXPECT_EQ(Lines(out.str()), 4);
}

TEST(ProgressDisplayTest, AMessageStandsAboveTheBars) {
  std::ostringstream out;
  ProgressDisplay display(out, {.is_terminal = true}, {Training()});
  display.Draw(kStart);
  out.str("");
  display.Say("connection lost");
  EXPECT_THAT(out.str(),
              testing::StartsWith("\x1b[1A\r\x1b[Jconnection lost\nd8/12"));
}

}  // namespace
}  // namespace steelyard::cli
