// Kills a writer in the middle of its work, by kill -9 and by what amounts to a
// power cut, and looks for everything that it acknowledged.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <map>
#include <random>

#include "absl/strings/str_cat.h"
#include "storage/database.h"
#include "tests/status_matchers.h"
#include "tests/storage/fault_vfs.h"
#include "tests/storage/test_store.h"

namespace steelyard::storage {
namespace {

constexpr int kRounds = 20;
constexpr int64_t kRuns = 4;

// What a writer says about a run once Apply has returned.
struct Acknowledgement {
  int64_t run;
  int64_t sample_count;
  int64_t checkpoint_next_ordinal;
};

std::string StateOf(int64_t run, int64_t next_ordinal) {
  return absl::StrCat("state of run ", run, " at ", next_ordinal);
}

// Adds samples and checkpoints to every run for ever, from where the store
// stands, and tells `pipe` what is acknowledged.
[[noreturn]] void WriteForEver(const std::string& folder, const char* vfs,
                               int pipe, uint32_t seed) {
  auto writer = Writer::Open(folder, vfs);
  auto reader = Reader::Open(folder, absl::InfiniteDuration(), vfs);
  if (!writer.ok() || !reader.ok()) _exit(1);
  std::mt19937 random(seed);
  std::map<int64_t, Acknowledgement> state;
  for (int64_t run = 1; run <= kRuns; ++run) {
    const RunRow row = (*reader)->GetRun(RunId{run}).value();
    state[run] = {run, row.sample_count, row.checkpoint_next_ordinal};
  }
  for (;;) {
    std::vector<Change> changes;
    for (auto& [run, now] : state) {
      const auto size = static_cast<int64_t>(1 + random() % 50);
      AddReport report = Report(run, 1, Series(now.sample_count, size));
      now.sample_count += size;
      if (random() % 3 == 0) {
        now.checkpoint_next_ordinal = now.sample_count;
        report.checkpoint = Checkpoint{.numerics_id = "n",
                                       .step = 10 * now.sample_count,
                                       .next_ordinal = now.sample_count,
                                       .training_s = 1,
                                       .state = StateOf(run, now.sample_count)};
      }
      changes.emplace_back(std::move(report));
    }
    for (const absl::Status& status : (*writer)->Apply(changes)) {
      if (!status.ok()) _exit(2);
    }
    for (const auto& [run, now] : state) {
      if (write(pipe, &now, sizeof now) != sizeof now) _exit(3);
    }
  }
}

struct KillCase {
  const char* name;
  const char* vfs;  // of the writer that is killed
  bool forget_unsynced;
};

class KillTest : public testing::TestWithParam<KillCase> {
 protected:
  // Lets a writer work until it has acknowledged `count` reports, kills it, and
  // returns its last word on each run.
  std::map<int64_t, Acknowledgement> KillAWriter(uint32_t seed, int count) {
    int pipe_ends[2];
    EXPECT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(pipe_ends[0]);
      Faults().forget_unsynced = GetParam().forget_unsynced;
      RegisterFaultVfs();
      WriteForEver(folder_.path(), GetParam().vfs, pipe_ends[1], seed);
    }
    close(pipe_ends[1]);
    std::map<int64_t, Acknowledgement> last;
    Acknowledgement word = {};
    int read_so_far = 0;
    while (read(pipe_ends[0], &word, sizeof word) == sizeof word) {
      last[word.run] = word;
      if (++read_so_far == count) kill(child, SIGKILL);
    }
    close(pipe_ends[0]);
    int end = 0;
    EXPECT_EQ(waitpid(child, &end, 0), child);
    EXPECT_TRUE(WIFSIGNALED(end)) << "it ended by itself, with " << end;
    return last;
  }

  void CheckRun(Reader& reader, const Acknowledgement& word) {
    const RunRow run = reader.GetRun(RunId{word.run}).value();
    EXPECT_GE(run.sample_count, word.sample_count);
    EXPECT_EQ(run.unequal_repeats, 0);
    const Samples stored = reader.ReadSamples(run.id, 0, 1 << 30).value();
    const Samples wanted = Series(0, run.sample_count);
    EXPECT_EQ(stored.step, wanted.step);
    EXPECT_EQ(stored.metrics, wanted.metrics);
    EXPECT_EQ(stored.metric_index, wanted.metric_index);
    EXPECT_EQ(stored.value, wanted.value);
    EXPECT_GE(run.checkpoint_next_ordinal, word.checkpoint_next_ordinal);
    const auto checkpoint = reader.LastCheckpoint(run.id);
    ASSERT_THAT(checkpoint, IsOk());
    if (run.checkpoint_next_ordinal > 0) {
      EXPECT_EQ((*checkpoint)->state,
                StateOf(word.run, run.checkpoint_next_ordinal));
    }
  }

  void CheckIntegrity() {
    auto database = Database::Open(folder_.database(), {}).value();
    auto rows = database->Query("PRAGMA integrity_check").value();
    ASSERT_TRUE(rows.Next().value());
    EXPECT_EQ(rows.Text(0), "ok");
  }

  TempFolder folder_;
};

TEST_P(KillTest, AllThatWasAcknowledgedIsThere) {
  const auto seed = std::random_device{}();
  std::mt19937 random(seed);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::cout << "seed " << seed << "\n";
  {
    auto writer = Writer::Open(folder_.path()).value();
    for (int64_t run = 1; run <= kRuns; ++run) {
      const std::vector<Change> changes = {NewRun(run), Start(run, 1)};
      for (const absl::Status& status : writer->Apply(changes)) {
        ASSERT_THAT(status, IsOk());
      }
    }
  }
  for (int round = 0; round < kRounds; ++round) {
    const int count = 1 + static_cast<int>(random() % 60);
    const auto last = KillAWriter(static_cast<uint32_t>(random()), count);
    auto writer = Writer::Open(folder_.path());
    ASSERT_THAT(writer, IsOk());
    auto reader = Reader::Open(folder_.path()).value();
    for (const auto& [run, word] : last) CheckRun(*reader, word);
    EXPECT_LE(std::distance(std::filesystem::directory_iterator(folder_.path() +
                                                                "/checkpoints"),
                            std::filesystem::directory_iterator()),
              kRuns);
  }
  CheckIntegrity();
}

INSTANTIATE_TEST_SUITE_P(Ends, KillTest,
                         testing::Values(KillCase{"ByKill", "", false},
                                         KillCase{"ByAPowerCut", kFaultVfs,
                                                  true}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace steelyard::storage
