#include "server/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace steelyard::server {
namespace {

using storage::RunId;
using testing::ElementsAre;

std::vector<std::string> Messages(const Schedule& schedule,
                                  const WaitingRun& run) {
  std::vector<std::string> messages;
  for (const v1::WaitingReason& reason : WaitingReasons(schedule, run)) {
    messages.push_back(reason.message());
  }
  return messages;
}

WorkerSlot Idle(const std::string& name, const std::string& id = "1-test") {
  return {.name = name,
          .numerics_id = id,
          .inspect_only = false,
          .busy_with = "",
          .inspecting_bytes = 0};
}
WorkerSlot Busy(const std::string& name, const std::string& with) {
  WorkerSlot slot = Idle(name);
  slot.busy_with = with;
  return slot;
}
WorkerSlot Inspector(const std::string& name) {
  WorkerSlot slot = Idle(name);
  slot.inspect_only = true;
  return slot;
}

TEST(SchedulerTest, TheOldestRunGoesToAnIdleWorker) {
  Schedule schedule;
  schedule.queue.Add(RunId{9}, "");
  schedule.queue.Add(RunId{4}, "");
  EXPECT_EQ(NextAssignment(schedule), std::nullopt);
  schedule.workers = {{1, Busy("w1", "run 2")}, {2, Idle("w2")}};
  const std::optional<Assignment> next = NextAssignment(schedule);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->session, 2);
  EXPECT_EQ(next->run, RunId{4});
}

TEST(SchedulerTest, ACheckpointWantsItsNumericsId) {
  Schedule schedule;
  schedule.queue.Add(RunId{1}, "2-other");
  schedule.queue.Add(RunId{2}, "");
  schedule.workers = {{1, Idle("w1")}};
  EXPECT_EQ(NextAssignment(schedule)->run, RunId{2});
  schedule.workers[2] = Idle("w2", "2-other");
  EXPECT_EQ(NextAssignment(schedule)->run, RunId{1});
  EXPECT_EQ(NextAssignment(schedule)->session, 2);
}

TEST(SchedulerTest, InspectionsGoBeforeRuns) {
  Schedule schedule;
  schedule.queue.Add(RunId{1}, "");
  schedule.inspections = {{2, {"aa"}}, {3, {"bb"}}};
  schedule.workers = {{1, Idle("w1")}};
  EXPECT_EQ(NextAssignment(schedule)->inspection, storage::Sha256{"aa"});
  schedule.inspectors_apart = true;
  EXPECT_EQ(NextAssignment(schedule)->run, RunId{1});
  schedule.workers[2] = Inspector("i");
  EXPECT_EQ(NextAssignment(schedule)->inspection, storage::Sha256{"aa"});
  EXPECT_EQ(NextAssignment(schedule)->session, 2);
}

TEST(SchedulerTest, SmallFilesAreInspectedFirstAndBesideALargeOne) {
  Schedule schedule;
  schedule.inspectors_apart = true;
  schedule.large_file_bytes = 100;
  schedule.inspections = {{100, {"aa"}}, {101, {"bb"}}, {99, {"cc"}}};
  schedule.workers = {{1, Inspector("i1")}, {2, Inspector("i2")}};
  EXPECT_EQ(NextAssignment(schedule)->inspection, storage::Sha256{"cc"});
  schedule.inspections.erase(schedule.inspections.begin());
  EXPECT_EQ(NextAssignment(schedule)->inspection, storage::Sha256{"aa"});
  schedule.inspections.erase(schedule.inspections.begin());
  schedule.workers[1].busy_with = "dataset aa";
  schedule.workers[1].inspecting_bytes = 100;
  EXPECT_EQ(NextAssignment(schedule), std::nullopt);
  schedule.inspections.insert({1, {"dd"}});
  EXPECT_EQ(NextAssignment(schedule)->inspection, storage::Sha256{"dd"});
  EXPECT_EQ(NextAssignment(schedule)->session, 2);
}

TEST(SchedulerTest, AnInspectorDoesNotTrain) {
  Schedule schedule;
  schedule.queue.Add(RunId{1}, "");
  schedule.workers = {{1, Inspector("i")}};
  EXPECT_EQ(NextAssignment(schedule), std::nullopt);
  EXPECT_THAT(Messages(schedule, {.run = {1}}),
              ElementsAre("no worker is connected"));
}

TEST(SchedulerTest, ADrainLeasesNothing) {
  Schedule schedule;
  schedule.draining = true;
  schedule.queue.Add(RunId{1}, "");
  schedule.inspections = {{1, {"aa"}}};
  schedule.workers = {{1, Idle("w1")}};
  EXPECT_EQ(NextAssignment(schedule), std::nullopt);
}

TEST(SchedulerTest, EveryReasonIsTold) {
  Schedule schedule;
  schedule.draining = true;
  schedule.store_error = "the disk is full";
  schedule.queue.Add(RunId{3}, "");
  schedule.queue.Add(RunId{4}, "");
  schedule.queue.Add(RunId{5}, "2-other");  // that nobody can train
  schedule.workers = {{1, Busy("w1", "run 1")}, {2, Busy("w2", "run 2")}};
  EXPECT_THAT(Messages(schedule, {.run = {9},
                                  .numerics_id = "",
                                  .pending_datasets = {{"aa"}, {"bb"}}}),
              ElementsAre("the server is stopping and leases nothing more",
                          "the store takes no change: the disk is full",
                          "dataset sha256/aa has not been inspected yet",
                          "dataset sha256/bb has not been inspected yet",
                          "all 2 workers are busy: run 1, run 2",
                          "2 runs are before this one"));
}

TEST(SchedulerTest, AnIdleWorkerIsNoReasonToWait) {
  Schedule schedule;
  schedule.workers = {{1, Idle("w1")}, {2, Busy("w2", "run 1")}};
  EXPECT_TRUE(Messages(schedule, {.run = {2}}).empty());
}

TEST(SchedulerTest, AListOfManyNamesIsCutShort) {
  Schedule schedule;
  for (int i = 1; i <= 12; ++i) {
    schedule.workers[i] = Busy(absl::StrCat("w", i), absl::StrCat("run ", i));
  }
  EXPECT_THAT(Messages(schedule, {.run = {20}}),
              ElementsAre("all 12 workers are busy: run 1, run 2, run 3, run "
                          "4, run 5, run 6, run 7, run 8, run 9, run 10 and 2 "
                          "more"));
}

// Against a sorted list that is searched from its front.
TEST(SchedulerTest, TheQueueCountsAndOrdersAsAListWould) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937 random(seed);
  const std::vector<std::string> ids = {"", "a", "b"};
  RunQueue queue;
  std::map<int64_t, std::string> list;
  for (int i = 0; i < 2'000; ++i) {
    const auto run = static_cast<int64_t>(random() % 200);
    if (const auto found = list.find(run); found != list.end()) {
      queue.Remove(RunId{run}, found->second);
      list.erase(found);
    } else {
      list[run] = ids[random() % ids.size()];
      queue.Add(RunId{run}, list[run]);
    }
    std::optional<RunId> oldest;
    int64_t older = 0;
    for (const auto& [id, numerics_id] : list) {
      if (numerics_id == "b") continue;
      if (!oldest) oldest = RunId{id};
      if (id < 100) ++older;
    }
    ASSERT_EQ(queue.Oldest("a"), oldest);
    ASSERT_EQ(queue.CountOlder(RunId{100}, {"a"}), older);
    ASSERT_EQ(queue.empty(), list.empty());
  }
}

}  // namespace
}  // namespace steelyard::server
