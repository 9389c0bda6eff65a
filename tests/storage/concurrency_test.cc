// A writer and its readers at work at the same time, and the WAL between them.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "storage/database.h"
#include "tests/status_matchers.h"
#include "tests/storage/test_store.h"

namespace steelyard::storage {
namespace {

Checkpoint CheckpointAt(int64_t next_ordinal) {
  return {.numerics_id = "n",
          .step = 10 * next_ordinal,
          .next_ordinal = next_ordinal,
          .training_s = 1,
          .state = absl::StrCat("state at ", next_ordinal)};
}

// What a reader must find in any state of a store whose run 1 grows by reports
// of three samples and a checkpoint each.
void CheckAsLongAs(const std::atomic<bool>& going, const std::string& folder) {
  auto reader = Reader::Open(folder).value();
  int64_t last_count = 0;
  while (going) {
    const int64_t count = reader->GetRunHead(RunId{1})->sample_count;
    EXPECT_GE(count, last_count);
    EXPECT_EQ(count % 3, 0);
    last_count = count;
    const Samples samples =
        reader->ReadSamples(RunId{1}, count / 2, 1 << 20).value();
    EXPECT_GE(samples.next_ordinal(), count);
    EXPECT_EQ(samples.next_ordinal() % 3, 0);
    const auto checkpoint = reader->LastCheckpoint(RunId{1});
    ASSERT_THAT(checkpoint, IsOk());
    if (!checkpoint->has_value()) continue;
    const int64_t next = (*checkpoint)->next_ordinal;
    EXPECT_GE(next, count);
    EXPECT_EQ((*checkpoint)->state, CheckpointAt(next).state);
  }
}

TEST(ConcurrencyTest, ReadersSeeWholeCommitsWhileTheWriterWorks) {
  TestStore store;
  ASSERT_THAT(store.Apply(NewRun(1)), IsOk());
  ASSERT_THAT(store.Apply(Start(1, 1)), IsOk());
  std::atomic<bool> going = true;
  std::vector<std::thread> readers;
  readers.reserve(2);
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] { CheckAsLongAs(going, store.folder().path()); });
  }
  for (int64_t first = 0; first < 300; first += 3) {
    AddReport report = Report(1, 1, Series(first, 3));
    report.checkpoint = CheckpointAt(first + 3);
    EXPECT_THAT(store.Apply(report), IsOk());
  }
  going = false;
  for (std::thread& reader : readers) reader.join();
}

// Someone's sqlite3 shell may hold a snapshot for as long as it likes.
TEST(ConcurrencyTest, AWalThatASnapshotMadeLongIsCutOnceItIsGone) {
  TestStore store;
  const std::string wal = store.folder().database() + "-wal";
  auto shell =
      Database::Open(store.folder().database(), {.read_only = true, .vfs = ""})
          .value();
  int64_t run = 0;
  const auto add_16_mib = [&store, &run] {
    AddRun change = NewRun(++run);
    change.spec = std::string(16 << 20, 'x');
    EXPECT_THAT(store.Apply(change), IsOk());
  };
  {
    Transaction held = Transaction::BeginRead(*shell).value();
    ASSERT_TRUE(shell->Query("SELECT count(*) FROM run")->Next().value());
    for (int i = 0; i < 5; ++i) add_16_mib();
    EXPECT_GT(std::filesystem::file_size(wal), 80u << 20);
  }
  add_16_mib();
  EXPECT_EQ(std::filesystem::file_size(wal), 0u);
  add_16_mib();
  EXPECT_LT(std::filesystem::file_size(wal), 20u << 20);
  EXPECT_EQ(store.reader().GetRunHead(RunId{run})->state, RunState::kQueued);
}

}  // namespace
}  // namespace steelyard::storage
