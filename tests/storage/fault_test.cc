// What the store says and keeps when the disk fails under it.

#include <gtest/gtest.h>

#include <fstream>

#include "storage/database.h"
#include "tests/status_matchers.h"
#include "tests/storage/fault_vfs.h"
#include "tests/storage/test_store.h"

namespace steelyard::storage {
namespace {

using absl::StatusCode;

class FaultTest : public testing::Test {
 protected:
  FaultTest() {
    EXPECT_THAT(store_.Apply(NewRun(1)), IsOk());
    EXPECT_THAT(store_.Apply(Start(1, 1)), IsOk());
  }
  ~FaultTest() override { Heal(); }

  static void Heal() {
    Faults().syncs_left = std::numeric_limits<int64_t>::max();
    Faults().disk_full = false;
  }

 private:
  const bool registered_ = (RegisterFaultVfs(), true);

 protected:
  TestStore store_{kFaultVfs};
};

TEST_F(FaultTest, AfterAFailedSyncNothingIsClaimedAndTheWriterIsAtItsEnd) {
  Faults().syncs_left = 0;
  const std::vector<absl::Status> outcomes =
      store_.Apply({NewRun(2), NewRun(2), Report(1, 1, Series(0, 2))});
  ASSERT_EQ(outcomes.size(), 3u);
  for (const absl::Status& status : outcomes) {
    EXPECT_THAT(status, StatusIs(StatusCode::kDataLoss, "steelyard.db"));
  }
  // No reader sees what was not synced.
  EXPECT_THAT(store_.reader().GetRun(RunId{2}),
              StatusIs(StatusCode::kNotFound, "2"));
  EXPECT_EQ(store_.Run(1).sample_count, 0);

  // A sync that succeeds later proves nothing.
  Heal();
  EXPECT_THAT(store_.Apply(NewRun(3)),
              StatusIs(StatusCode::kDataLoss, "steelyard.db"));
  // Whether the next process finds the changes is open; it works.
  store_.Reopen();
  EXPECT_THAT(store_.reader().GetRun(RunId{1}), IsOk());
  EXPECT_THAT(store_.Apply(NewRun(3)), IsOk());
}

// What the sync failed for may only be in the WAL: a close that moved it into
// the database and removed it would rely on pages that can't be trusted.
TEST_F(FaultTest, AfterAFailedSyncTheWalIsLeftForTheNextProcess) {
  const std::string wal = store_.folder().database() + "-wal";
  ASSERT_THAT(store_.Apply(NewRun(2)), IsOk());
  Faults().syncs_left = 0;
  EXPECT_THAT(store_.Apply(NewRun(3)),
              StatusIs(StatusCode::kDataLoss, "steelyard.db"));
  Heal();
  store_.Close();
  EXPECT_TRUE(std::filesystem::exists(wal));
  store_.Open();
  EXPECT_THAT(store_.reader().GetRun(RunId{2}), IsOk());
  store_.Close();
  EXPECT_FALSE(std::filesystem::exists(wal));
}

// SQLite itself would keep silent about the sync of a moved WAL.
TEST_F(FaultTest, AFailedSyncWhileTheWalIsMovedEndsTheWriterToo) {
  Faults().syncs_left = 1;
  // More than 4 MiB, so that the commit is followed by a move.
  ASSERT_THAT(store_.Apply(Report(1, 1, Series(0, 60000))), IsOk());
  Heal();
  EXPECT_THAT(store_.Apply(NewRun(2)),
              StatusIs(StatusCode::kDataLoss, "steelyard.db"));
  store_.Reopen();
  EXPECT_EQ(store_.Run(1).sample_count, 60000);
  EXPECT_THAT(store_.Apply(NewRun(2)), IsOk());
}

TEST_F(FaultTest, AFullDiskChangesNothingAndALaterCallSucceeds) {
  Faults().disk_full = true;
  AddReport report = Report(1, 1, Series(0, 2));
  report.checkpoint = Checkpoint{.numerics_id = "n",
                                 .step = 10,
                                 .next_ordinal = 2,
                                 .training_s = 1,
                                 .state = "state"};
  const std::vector<absl::Status> outcomes =
      store_.Apply({NewRun(1), report, NewRun(2)});
  ASSERT_EQ(outcomes.size(), 3u);
  for (const absl::Status& status : outcomes) {
    EXPECT_THAT(status, StatusIs(StatusCode::kResourceExhausted, "full"));
  }
  EXPECT_EQ(store_.Run(1).sample_count, 0);
  // Its file had room, but nothing refers to it.
  EXPECT_TRUE(FilesIn(store_, "checkpoints").empty());

  Heal();
  EXPECT_THAT(store_.Apply(report), IsOk());
  EXPECT_THAT(store_.Apply(NewRun(2)), IsOk());
  EXPECT_EQ(store_.Run(1).sample_count, 2);
  EXPECT_EQ(store_.reader().FinalMetrics(RunId{1})->size(), 2u);
  EXPECT_EQ(store_.reader().LastCheckpoint(RunId{1}).value()->state, "state");
}

// A transaction that outgrows SQLite's cache is written before its commit.
TEST_F(FaultTest, ADiskThatFillsUpInTheMiddleOfAChangeUndoesAllOfTheCall) {
  Faults().disk_full = true;
  std::vector<Change> changes;
  for (int64_t run = 2; run < 40; ++run) {
    AddRun change = NewRun(run);
    change.spec = std::string(4 << 20, 'x');
    changes.emplace_back(change);
  }
  for (const absl::Status& status : store_.Apply(changes)) {
    EXPECT_THAT(status, StatusIs(StatusCode::kResourceExhausted, "full"));
  }
  Heal();
  EXPECT_EQ(store_.reader().LastRunId().value(), RunId{1});
  EXPECT_THAT(store_.Apply(NewRun(2)), IsOk());
}

// Only its own change suffers from a file that can't be written.
TEST_F(FaultTest, ACheckpointWhoseFileFailsRefusesItsOwnChangeAlone) {
  const std::string folder = store_.folder().path() + "/checkpoints";
  std::filesystem::remove_all(folder);
  std::ofstream(folder) << "not a folder";
  AddReport report = Report(1, 1, Series(0, 2));
  report.checkpoint = Checkpoint{.numerics_id = "n",
                                 .step = 10,
                                 .next_ordinal = 2,
                                 .training_s = 1,
                                 .state = "state"};
  const std::vector<absl::Status> outcomes = store_.Apply({report, NewRun(2)});
  EXPECT_THAT(outcomes[0], StatusIs(StatusCode::kInternal, "checkpoints"));
  EXPECT_THAT(outcomes[1], IsOk());
  EXPECT_EQ(store_.Run(1).sample_count, 0);
}

void Overwrite(const std::string& path, int64_t offset, int64_t size) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(offset);
  file << std::string(static_cast<size_t>(size), '\x5a');
}

TEST_F(FaultTest, ADamagedHeaderIsDataLossAtOpen) {
  store_.Close();
  Overwrite(store_.folder().database(), 0, 100);
  EXPECT_THAT(Writer::Open(store_.folder().path()),
              StatusIs(StatusCode::kDataLoss, "not a database"));
}

TEST_F(FaultTest, ADamagedPageIsDataLossWhenItIsRead) {
  ASSERT_THAT(store_.Apply(Report(1, 1, Series(0, 5000))), IsOk());
  store_.Close();
  const auto size = static_cast<int64_t>(
      std::filesystem::file_size(store_.folder().database()));
  // Beyond the first pages, which hold the schema and small tables.
  Overwrite(store_.folder().database(), size / 2, size / 2);
  store_.Open();
  EXPECT_THAT(store_.reader().ReadSamples(RunId{1}, 0, 1 << 20),
              StatusIs(StatusCode::kDataLoss, "malformed"));
}

}  // namespace
}  // namespace steelyard::storage
