#include "server/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/server/lab.h"
#include "tests/status_matchers.h"

// The life of a run, from its submission to its end.
namespace steelyard::server {
namespace {

using storage::AttemptEnd;
using storage::RunId;
using storage::RunState;
using testing::ElementsAre;

TEST(EngineTest, ARunIsSubmittedLeasedReportedAndDone) {
  Lab lab;
  const SessionId worker = lab.Connect("w1");
  const RunId run = lab.Add();
  EXPECT_EQ(lab.Row(run).state, RunState::kStarting);

  const v1::TrainLease lease = lab.NextLease(worker);
  EXPECT_EQ(lease.run_id(), run.value);
  EXPECT_EQ(lease.attempt(), 1);
  lab.Say(worker, Telling(lease, 1).Samples(0, 3));
  lab.Settle();
  EXPECT_EQ(lab.Next(worker).ack().report_number(), 1);
  EXPECT_EQ(lab.Row(run).state, RunState::kRunning);

  lab.Say(worker, Telling(lease, 2).Samples(3, 2).Succeeded());
  lab.Settle();
  EXPECT_EQ(lab.Next(worker).ack().report_number(), 2);
  const storage::RunRow row = lab.Row(run);
  EXPECT_EQ(row.state, RunState::kSucceeded);
  EXPECT_EQ(row.sample_count, 5);
  EXPECT_EQ(lab.Attempts(run).at(0).end, AttemptEnd::kFinished);
  EXPECT_EQ(lab.ended.count(run.value), 1);
  EXPECT_EQ(lab.engine().GetStatus().active_runs, 0);
}

TEST(EngineTest, NothingLeavesBeforeItsCommit) {
  Lab lab;
  const SessionId worker = lab.Connect("w1");
  const Said<RunId> said = lab.Submit();
  EXPECT_FALSE(said.came());
  EXPECT_EQ(lab.reader().GetRun(RunId{1}).status().code(),
            absl::StatusCode::kNotFound);
  lab.WriteOnce();  // the submission
  EXPECT_TRUE(said.came());
  EXPECT_FALSE(lab.HasMessage(worker));
  lab.WriteOnce();  // the lease
  const v1::TrainLease lease = lab.NextLease(worker);

  lab.Say(worker, Telling(lease).Samples(0, 1));
  EXPECT_FALSE(lab.HasMessage(worker));
  EXPECT_EQ(lab.changed.count(1), 1);  // STARTING
  lab.WriteOnce();
  EXPECT_TRUE(lab.Next(worker).has_ack());
  EXPECT_EQ(lab.changed.count(1), 2);

  const Said<RunId> cancelled = lab.Cancel(RunId{1});
  EXPECT_FALSE(cancelled.came());
  EXPECT_FALSE(lab.HasMessage(worker));
  lab.WriteOnce();
  EXPECT_THAT(cancelled.get(), IsOk());
  EXPECT_TRUE(lab.Next(worker).has_stop());
}

TEST(EngineTest, AFailureOfTheRunIsItsResult) {
  Lab lab;
  const SessionId worker = lab.Connect("w1");
  const RunId run = lab.Add();
  const v1::TrainLease lease = lab.NextLease(worker);
  lab.Say(worker, Telling(lease).Samples(0, 1).Failed(
                      v1::FAILURE_REASON_DIVERGED, "step 7: train/loss"));
  lab.Settle();
  EXPECT_EQ(lab.Row(run).state, RunState::kFailed);
  EXPECT_EQ(lab.Row(run).result->failure_reason, v1::FAILURE_REASON_DIVERGED);
  EXPECT_EQ(lab.Row(run).result->message, "step 7: train/loss");
}

TEST(EngineTest, RunsGoByAgeAndSayWhyTheyWait) {
  Lab lab;
  const RunId first = lab.Add();
  EXPECT_THAT(lab.WaitingFor(first), ElementsAre("no worker is connected"));
  const SessionId w1 = lab.Connect("w1");
  const SessionId w2 = lab.Connect("w2");
  lab.Settle();
  const RunId second = lab.Add();
  const RunId third = lab.Add();
  const RunId fourth = lab.Add();
  EXPECT_TRUE(lab.WaitingFor(first).empty());
  EXPECT_THAT(lab.WaitingFor(third),
              ElementsAre("all 2 workers are busy: run 1, run 2"));
  EXPECT_THAT(lab.WaitingFor(fourth),
              ElementsAre("all 2 workers are busy: run 1, run 2",
                          "1 run is before this one"));
  lab.Say(w2, Telling(lab.NextLease(w2)).Succeeded());
  lab.Settle();
  EXPECT_TRUE(lab.Next(w2).has_ack());
  EXPECT_EQ(lab.NextLease(w2).run_id(), third.value);
  EXPECT_EQ(lab.Row(second).state, RunState::kSucceeded);
  EXPECT_EQ(lab.NextLease(w1).run_id(), first.value);
}

TEST(EngineTest, ACheckpointGoesWithTheNextLeaseAndItsNumericsIdBinds) {
  Lab lab;
  const SessionId first = lab.Connect("w1");
  const RunId run = lab.Add();
  lab.Say(first, Telling(lab.NextLease(first)).Samples(0, 4).Checkpoint(50, 4));
  lab.Settle();
  lab.Disconnect(first);
  lab.Settle();
  const SessionId other = lab.Connect("w2", "2-other");
  EXPECT_THAT(lab.WaitingFor(run),
              ElementsAre("its checkpoint has the numerics id 1-test, the "
                          "connected workers have 2-other"));
  const RunId young = lab.Add();  // goes first: this worker can train it
  EXPECT_EQ(lab.NextLease(other).run_id(), young.value);
  const SessionId same = lab.Connect("w3");
  lab.Settle();
  const v1::TrainLease lease = lab.NextLease(same);
  EXPECT_EQ(lease.run_id(), run.value);
  EXPECT_EQ(lease.attempt(), 2);
  EXPECT_EQ(lease.checkpoint().step(), 50);
  EXPECT_EQ(lease.checkpoint().next_ordinal(), 4);
  EXPECT_EQ(lease.checkpoint().state(), "state at 50");
}

TEST(EngineTest, AStaleAttemptIsFencedAndChangesNothing) {
  Lab lab;
  const SessionId lost = lab.Connect("w1");
  const RunId run = lab.Add();
  const v1::TrainLease old = lab.NextLease(lost);
  lab.Disconnect(lost);
  lab.Settle();
  const SessionId current = lab.Connect("w2");
  lab.Settle();
  const v1::TrainLease lease = lab.NextLease(current);
  const SessionId back = lab.Connect("w1");
  lab.Say(back, Telling(old, 4).Samples(0, 9).Succeeded());
  lab.Settle();
  const v1::SessionResponse ack = lab.Next(back);
  EXPECT_TRUE(ack.ack().fenced());
  EXPECT_EQ(ack.ack().report_number(), 4);
  EXPECT_EQ(lab.Row(run).sample_count, 0);
  lab.Say(current, Telling(lease).Samples(0, 1).Succeeded());
  lab.Settle();
  EXPECT_FALSE(lab.Next(current).ack().fenced());
  EXPECT_EQ(lab.Row(run).sample_count, 1);
}

// The worker had sent all, and then it died.
TEST(EngineTest, WhatAWorkerSaidBeforeItsEndCounts) {
  Lab lab;
  const SessionId worker = lab.Connect("w1");
  const RunId run = lab.Add();
  const v1::TrainLease lease = lab.NextLease(worker);
  lab.Say(worker, Telling(lease, 1).Samples(0, 2));
  lab.Say(worker, Telling(lease, 2).Samples(2, 1).Succeeded());
  lab.Disconnect(worker);
  lab.Settle();
  EXPECT_EQ(lab.Row(run).state, RunState::kSucceeded);
  EXPECT_EQ(lab.Row(run).sample_count, 3);
}

TEST(EngineTest, ProgressIsTold) {
  Lab lab;
  const SessionId worker = lab.Connect("w1");
  const RunId run = lab.Add();
  const v1::TrainLease lease = lab.NextLease(worker);
  lab.Say(worker, Heartbeat(lease, 1234));
  EXPECT_EQ(lab.engine().GetLiveRun(run).progress.step(), 1234);
  EXPECT_EQ(lab.changed.count(run.value), 2);
  const std::vector<v1::Worker> workers = lab.engine().ListWorkers();
  ASSERT_EQ(workers.size(), 1);
  EXPECT_EQ(workers[0].name(), "workers/w1");
  EXPECT_EQ(workers[0].lease(), "experiments/default/runs/1");
}

TEST(EngineTest, AServerThatComesBackTakesUpWhatRan) {
  Lab lab;
  const SessionId worker = lab.Connect("w1");
  const RunId running = lab.Add();
  const RunId queued = lab.Add();
  lab.Say(worker,
          Telling(lab.NextLease(worker)).Samples(0, 2).Checkpoint(9, 2));
  lab.Settle();
  lab.Restart();
  lab.Settle();
  EXPECT_EQ(lab.Row(running).state, RunState::kQueued);
  EXPECT_EQ(lab.Row(running).losses_in_a_row, 0);
  EXPECT_EQ(lab.Attempts(running).at(0).end, AttemptEnd::kServerStopped);
  EXPECT_EQ(lab.Row(queued).state, RunState::kQueued);
  const SessionId next = lab.Connect("w1");
  lab.Settle();
  const v1::TrainLease lease = lab.NextLease(next);
  EXPECT_EQ(lease.run_id(), running.value);
  EXPECT_EQ(lease.attempt(), 2);
  EXPECT_EQ(lease.checkpoint().step(), 9);
  EXPECT_EQ(lab.Add().value, 3);
}

TEST(EngineTest, AFullQueueSaysSo) {
  Lab::Options options;
  options.engine.queued_runs_limit = 2;
  Lab lab(options);
  lab.Add();
  const Said<RunId> second = lab.Submit();
  const Said<RunId> third = lab.Submit();
  EXPECT_THAT(third.get(),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       "want fewer than 2 runs in the queue, got 2"));
  lab.Settle();
  EXPECT_THAT(second.get(), IsOk());
  lab.Connect("w1");
  lab.Settle();
  EXPECT_THAT(lab.Submit().came(), false);
}

TEST(EngineTest, AFullDiskRefusesSubmissionsAndStopsLeasing) {
  Lab lab;
  const SessionId worker = lab.Connect("w1");
  lab.disk_error = absl::ResourceExhaustedError("the disk is full");
  const Said<RunId> refused = lab.Submit();
  lab.Settle();
  EXPECT_THAT(refused.get(), StatusIs(absl::StatusCode::kResourceExhausted,
                                      "the disk is full"));
  lab.disk_error.reset();
  const Said<RunId> taken = lab.Submit();
  lab.WriteOnce();
  lab.disk_error = absl::ResourceExhaustedError("the disk is full");
  lab.WriteOnce();
  const RunId run = taken.get().value();
  EXPECT_FALSE(lab.HasMessage(worker));
  EXPECT_EQ(lab.unwritten(), 0);  // it does not try again at once
  EXPECT_THAT(lab.WaitingFor(run),
              ElementsAre("the store takes no change: the disk is full"));
  lab.disk_error.reset();
  lab.Pass(absl::Seconds(2));
  EXPECT_EQ(lab.NextLease(worker).run_id(), run.value);
}

TEST(EngineTest, AFullDiskDelaysAcknowledgementsInOrder) {
  Lab lab;
  const SessionId worker = lab.Connect("w1");
  const RunId run = lab.Add();
  const v1::TrainLease lease = lab.NextLease(worker);
  lab.disk_error = absl::ResourceExhaustedError("the disk is full");
  lab.Say(worker, Telling(lease, 1).Samples(0, 2));
  lab.Say(worker, Telling(lease, 2).Samples(2, 2).Succeeded());
  lab.Settle();
  lab.Pass(absl::Seconds(5));
  EXPECT_FALSE(lab.HasMessage(worker));
  EXPECT_THAT(lab.WaitingFor(run),
              ElementsAre("the store takes no change: the disk is full"));
  lab.disk_error.reset();
  lab.Pass(absl::Seconds(2));
  EXPECT_EQ(lab.Next(worker).ack().report_number(), 1);
  EXPECT_EQ(lab.Next(worker).ack().report_number(), 2);
  EXPECT_EQ(lab.Row(run).sample_count, 4);
}

TEST(EngineTest, AFullDiskLosesNoCancellation) {
  Lab lab;
  const RunId run = lab.Add();
  lab.disk_error = absl::ResourceExhaustedError("the disk is full");
  const Said<RunId> refused = lab.Cancel(run);
  lab.Settle();
  EXPECT_THAT(refused.get(), StatusIs(absl::StatusCode::kResourceExhausted,
                                      "the disk is full"));
  EXPECT_EQ(lab.Row(run).state, RunState::kQueued);
  lab.disk_error.reset();
  const Said<RunId> taken = lab.Cancel(run);
  lab.Settle();
  EXPECT_THAT(taken.get(), IsOk());
  lab.Pass(absl::Seconds(3));
  EXPECT_EQ(lab.Row(run).state, RunState::kCancelled);
}

}  // namespace
}  // namespace steelyard::server
