// Checkpoints: rows in the database, states in files.

#include <gtest/gtest.h>

#include <fstream>

#include "tests/status_matchers.h"
#include "tests/storage/test_store.h"

namespace steelyard::storage {
namespace {

using absl::StatusCode;

Checkpoint At3(const std::string& state) {
  return {.numerics_id = "1-x86-64-double",
          .step = 30,
          .next_ordinal = 3,
          .training_s = 2.5,
          .state = state};
}

// Runs 1 and 2 have three samples each.
class CheckpointTest : public testing::Test {
 protected:
  CheckpointTest() {
    for (const int64_t run : {1, 2}) {
      EXPECT_THAT(store_.Apply(NewRun(run)), IsOk());
      EXPECT_THAT(store_.Apply(Start(run, 1)), IsOk());
      EXPECT_THAT(store_.Apply(Report(run, 1, Series(0, 3))), IsOk());
    }
  }

  std::optional<Checkpoint> Last(int64_t run) {
    return store_.reader().LastCheckpoint(RunId{run}).value();
  }
  std::string File(const std::string& state) const {
    return store_.folder().path() + "/checkpoints/" + HashOf(state).hex;
  }

  TestStore store_;
};

TEST_F(CheckpointTest, ACheckpointComesBackAsItWasReported) {
  EXPECT_FALSE(Last(1).has_value());
  const std::string state("a\0b", 3);
  ASSERT_THAT(store_.Apply(CheckpointReport(1, 1, At3(state))), IsOk());
  store_.Reopen();
  const std::optional<Checkpoint> last = Last(1);
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->numerics_id, "1-x86-64-double");
  EXPECT_EQ(last->step, 30);
  EXPECT_EQ(last->next_ordinal, 3);
  EXPECT_EQ(last->training_s, 2.5);
  EXPECT_EQ(last->state, state);
  EXPECT_EQ(store_.Run(1).checkpoint_numerics_id, "1-x86-64-double");
  EXPECT_EQ(store_.Run(1).checkpoint_next_ordinal, 3);
}

TEST_F(CheckpointTest, ANewCheckpointReplacesTheLastAndItsFile) {
  ASSERT_THAT(store_.Apply(CheckpointReport(1, 1, At3("one"))), IsOk());
  ASSERT_THAT(store_.Apply(CheckpointReport(1, 1, At3("two"))), IsOk());
  EXPECT_EQ(Last(1)->state, "two");
  EXPECT_EQ(FilesIn(store_, "checkpoints"),
            std::vector<std::string>{HashOf("two").hex});
  ASSERT_THAT(store_.Apply(CheckpointReport(1, 1, At3("two"))), IsOk());
  EXPECT_EQ(Last(1)->state, "two");
}

TEST_F(CheckpointTest, TheSameStateOfTwoRunsIsKeptUntilBothLetItGo) {
  ASSERT_THAT(store_.Apply(CheckpointReport(1, 1, At3("same"))), IsOk());
  ASSERT_THAT(store_.Apply(CheckpointReport(2, 1, At3("same"))), IsOk());
  ASSERT_THAT(store_.Apply(CheckpointReport(1, 1, At3("other"))), IsOk());
  EXPECT_EQ(Last(2)->state, "same");
  ASSERT_THAT(store_.Apply(CheckpointReport(2, 1, At3("other"))), IsOk());
  EXPECT_EQ(FilesIn(store_, "checkpoints"),
            std::vector<std::string>{HashOf("other").hex});
}

TEST_F(CheckpointTest, OneGroupMayReplaceACheckpointManyTimes) {
  std::vector<Change> changes;
  for (const std::string state : {"a", "b", "a", "c", "b"}) {
    changes.emplace_back(CheckpointReport(1, 1, At3(state)));
  }
  for (const absl::Status& status : store_.Apply(changes)) {
    EXPECT_THAT(status, IsOk());
  }
  EXPECT_EQ(Last(1)->state, "b");
  EXPECT_EQ(FilesIn(store_, "checkpoints").size(), 1u);
}

TEST_F(CheckpointTest, ACheckpointBeyondTheSamplesIsRefused) {
  Checkpoint checkpoint = At3("state");
  checkpoint.next_ordinal = 4;
  EXPECT_THAT(store_.Apply(CheckpointReport(1, 1, checkpoint)),
              StatusIs(StatusCode::kInvalidArgument,
                       "checkpoint.next_ordinal: want 0 to 3"));
  EXPECT_TRUE(FilesIn(store_, "checkpoints").empty());
  // With the sample in the same report it is right.
  AddReport report = CheckpointReport(1, 1, checkpoint);
  report.samples = Series(3, 1);
  EXPECT_THAT(store_.Apply(report), IsOk());
}

TEST_F(CheckpointTest, ARefusedReportLeavesNoFile) {
  ASSERT_THAT(store_.Apply(CheckpointReport(1, 1, At3("kept"))), IsOk());
  AddReport report = CheckpointReport(1, 1, At3("refused"));
  report.result = RunResult{.ended_by = 1, .message = ""};
  report.end_state = RunState::kRunning;
  EXPECT_THAT(store_.Apply(report),
              StatusIs(StatusCode::kInvalidArgument, "ended run"));
  EXPECT_EQ(Last(1)->state, "kept");
  EXPECT_EQ(FilesIn(store_, "checkpoints").size(), 1u);
}

TEST_F(CheckpointTest, TheEndOfARunForgetsItsCheckpoint) {
  ASSERT_THAT(store_.Apply(CheckpointReport(1, 1, At3("one"))), IsOk());
  ASSERT_THAT(store_.Apply(CheckpointReport(2, 1, At3("two"))), IsOk());
  AddReport last = LastReport(1, 1);
  last.checkpoint = At3("three");
  ASSERT_THAT(store_.Apply(last), IsOk());
  ASSERT_THAT(store_.Apply(Cancel(2)), IsOk());
  EXPECT_FALSE(Last(1).has_value());
  EXPECT_FALSE(Last(2).has_value());
  EXPECT_TRUE(FilesIn(store_, "checkpoints").empty());
}

TEST_F(CheckpointTest, OpenRemovesWhatNothingRefersTo) {
  ASSERT_THAT(store_.Apply(CheckpointReport(1, 1, At3("kept"))), IsOk());
  const AddDataset kept = NewDataset(store_, "kept");
  ASSERT_THAT(store_.Apply(kept), IsOk());
  const AddDataset orphan = NewDataset(store_, "orphan");
  store_.Close();
  std::ofstream(File("orphan")) << "orphan";
  std::ofstream(store_.folder().path() + "/checkpoints/unfinished-1-1") << "x";
  std::ofstream(store_.folder().path() + "/files/unfinished-1-1") << "x";
  std::ofstream(store_.folder().path() + "/files/README") << "not ours";
  store_.Open();
  EXPECT_EQ(FilesIn(store_, "checkpoints"),
            std::vector<std::string>{HashOf("kept").hex});
  EXPECT_EQ(FilesIn(store_, "files"),
            (std::vector<std::string>{kept.sha256.hex, "README"}));
  EXPECT_EQ(Last(1)->state, "kept");
}

TEST_F(CheckpointTest, ADamagedOrMissingFileIsDataLoss) {
  ASSERT_THAT(store_.Apply(CheckpointReport(1, 1, At3("state"))), IsOk());
  std::ofstream(File("state")) << "stale";
  EXPECT_THAT(store_.reader().LastCheckpoint(RunId{1}),
              StatusIs(StatusCode::kDataLoss, HashOf("state").hex));
  std::filesystem::remove(File("state"));
  EXPECT_THAT(store_.reader().LastCheckpoint(RunId{1}),
              StatusIs(StatusCode::kDataLoss, "run 1"));
}

}  // namespace
}  // namespace steelyard::storage
