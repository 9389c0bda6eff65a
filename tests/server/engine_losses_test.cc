#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/engine.h"
#include "tests/server/lab.h"
#include "tests/status_matchers.h"

// How workers are lost, stopped and drained, and what it means for their runs.
namespace steelyard::server {
namespace {

using storage::AttemptEnd;
using storage::RunId;
using storage::RunState;
using testing::ElementsAre;

class EngineLossesTest : public testing::Test {
 protected:
  EngineLossesTest() : lab_(Lab::Options{.local_executor = true}) {}

  // Leases the oldest run to a new worker, which says `telling` and is gone.
  void LoseOne(int64_t first_ordinal = 0, int64_t samples = 0,
               int64_t checkpoint_step = 0) {
    const SessionId worker = lab_.Connect("local-1");
    lab_.Settle();
    const v1::TrainLease lease = lab_.NextLease(worker);
    Telling telling(lease);
    if (samples > 0) telling.Samples(first_ordinal, samples);
    if (checkpoint_step > 0) {
      telling.Checkpoint(checkpoint_step, first_ordinal + samples);
    }
    if (samples > 0 || checkpoint_step > 0) lab_.Say(worker, telling);
    lab_.Disconnect(worker);
    lab_.Settle();
  }

  Lab lab_;
};

TEST_F(EngineLossesTest, ThreeInARowFailTheRunWithTheLastWords) {
  const RunId run = lab_.Add();
  LoseOne();
  LoseOne();
  EXPECT_EQ(lab_.Row(run).state, RunState::kQueued);
  EXPECT_EQ(lab_.Row(run).losses_in_a_row, 2);
  lab_.launcher().Find("local-1")->request.log->Note("terminate called");
  LoseOne();
  const storage::RunRow row = lab_.Row(run);
  EXPECT_EQ(row.state, RunState::kFailed);
  EXPECT_EQ(row.result->failure_reason, v1::FAILURE_REASON_WORKER_LOST);
  EXPECT_EQ(row.result->message,
            "3 attempts in a row lost their worker and got no further; the "
            "last: worker local-1 is gone: its session ended\n"
            "the last lines of worker local-1:\nterminate called");
  EXPECT_EQ(lab_.Attempts(run).size(), 3);
  EXPECT_EQ(lab_.Attempts(run)[2].end, AttemptEnd::kWorkerLost);
}

TEST_F(EngineLossesTest, ALossAfterProgressDoesNotCount) {
  const RunId run = lab_.Add();
  LoseOne();
  LoseOne();
  LoseOne(0, 2);  // two samples that nobody had
  EXPECT_EQ(lab_.Row(run).state, RunState::kQueued);
  EXPECT_EQ(lab_.Row(run).losses_in_a_row, 0);
  // The same two samples again, from the start: no progress.
  LoseOne(0, 2);
  EXPECT_EQ(lab_.Row(run).losses_in_a_row, 1);
  LoseOne(2, 1);
  EXPECT_EQ(lab_.Row(run).losses_in_a_row, 0);
  LoseOne(3, 0, /*checkpoint_step=*/10);  // a later place to go on from
  EXPECT_EQ(lab_.Row(run).losses_in_a_row, 0);
  LoseOne(3, 0, /*checkpoint_step=*/10);  // the same place
  EXPECT_EQ(lab_.Row(run).losses_in_a_row, 1);
  EXPECT_EQ(lab_.Row(run).unequal_repeats, 0);
}

TEST_F(EngineLossesTest, StrikesOutliveARestart) {
  const RunId run = lab_.Add();
  LoseOne();
  LoseOne();
  const SessionId worker = lab_.Connect("local-1");
  lab_.Settle();
  lab_.NextLease(worker);
  lab_.Restart();  // no strike: the server was not up
  lab_.Settle();
  EXPECT_EQ(lab_.Row(run).losses_in_a_row, 2);
  LoseOne();
  EXPECT_EQ(lab_.Row(run).state, RunState::kFailed);
}

TEST_F(EngineLossesTest, AWorkerLostBeforeItHadTheLeaseIsNoStrike) {
  const RunId run = lab_.Add();
  const SessionId worker = lab_.Connect("local-1");
  lab_.Disconnect(worker);  // the lease is with the writer
  lab_.Settle();
  EXPECT_FALSE(lab_.HasMessage(worker));
  EXPECT_EQ(lab_.Row(run).state, RunState::kQueued);
  EXPECT_EQ(lab_.Row(run).losses_in_a_row, 0);
  EXPECT_EQ(lab_.Attempts(run).size(), 1);
}

TEST_F(EngineLossesTest, TwentySecondsOfSilenceLoseTheLease) {
  const SessionId worker = lab_.Connect("local-1");
  const RunId run = lab_.Add();
  const v1::TrainLease lease = lab_.NextLease(worker);
  for (int i = 0; i < 10; ++i) {
    lab_.Pass(absl::Seconds(5));
    lab_.Say(worker, Heartbeat(lease, i));
  }
  lab_.Pass(absl::Seconds(20));
  EXPECT_EQ(lab_.EndOf(worker), std::nullopt);
  lab_.Pass(absl::Seconds(1));
  EXPECT_THAT(lab_.EndOf(worker).value(),
              StatusIs(absl::StatusCode::kDeadlineExceeded,
                       "nothing was heard of worker local-1 for 20s"));
  EXPECT_THAT(lab_.launcher().killed(), ElementsAre(1));
  EXPECT_EQ(lab_.Row(run).state, RunState::kQueued);
  EXPECT_EQ(lab_.Row(run).losses_in_a_row, 1);
}

// A laptop that slept, or a clock that was set.
TEST_F(EngineLossesTest, AJumpOfTheClockIsNobodysSilence) {
  const SessionId worker = lab_.Connect("local-1");
  const RunId run = lab_.Add();
  lab_.NextLease(worker);
  lab_.Jump(absl::Hours(8));
  lab_.Jump(-absl::Hours(16));
  EXPECT_EQ(lab_.EndOf(worker), std::nullopt);
  EXPECT_EQ(lab_.Row(run).state, RunState::kStarting);
  lab_.Pass(absl::Seconds(21));
  EXPECT_NE(lab_.EndOf(worker), std::nullopt);
}

TEST_F(EngineLossesTest, AWorkerThatTalksNonsenseIsAsGoodAsLost) {
  const SessionId worker = lab_.Connect("local-1");
  const RunId run = lab_.Add();
  const v1::TrainLease lease = lab_.NextLease(worker);
  lab_.Say(worker, Telling(lease, 1).Samples(5, 1));  // 0 to 4 are missing
  lab_.Say(worker, Telling(lease, 2).Samples(0, 9).Succeeded());
  lab_.Settle();
  EXPECT_THAT(lab_.EndOf(worker).value(),
              StatusIs(absl::StatusCode::kInvalidArgument, ""));
  EXPECT_EQ(lab_.Row(run).state, RunState::kQueued);
  EXPECT_EQ(lab_.Row(run).sample_count, 0);
  EXPECT_EQ(lab_.Row(run).losses_in_a_row, 1);
}

TEST_F(EngineLossesTest, AWorkerThatWaitsForNoAcknowledgementIsEnded) {
  const SessionId worker = lab_.Connect("local-1");
  lab_.Add();
  const v1::TrainLease lease = lab_.NextLease(worker);
  const int limit = static_cast<int>(EngineOptions().waiting_reports_limit);
  for (int i = 0; i < limit; ++i) {
    lab_.Say(worker, Telling(lease, i + 1).Samples(i, 1));
  }
  EXPECT_EQ(lab_.EndOf(worker), std::nullopt);
  lab_.Say(worker, Telling(lease, limit + 1).Samples(limit, 1));
  EXPECT_THAT(lab_.EndOf(worker).value(),
              StatusIs(absl::StatusCode::kResourceExhausted, "at most 64"));
}

TEST_F(EngineLossesTest, ACancelledQueuedRunEndsAtOnce) {
  const RunId run = lab_.Add();
  const Said<RunId> said = lab_.Cancel(run);
  lab_.WriteOnce();
  EXPECT_THAT(said.get(), IsOk());
  EXPECT_EQ(lab_.Row(run).state, RunState::kCancelled);
  const SessionId worker = lab_.Connect("local-1");
  lab_.Settle();
  EXPECT_FALSE(lab_.HasMessage(worker));
}

TEST_F(EngineLossesTest, ACancelledRunIsStoppedAndItsWorkerGoesOn) {
  const SessionId worker = lab_.Connect("local-1");
  const RunId run = lab_.Add();
  const RunId next = lab_.Add();
  const v1::TrainLease lease = lab_.NextLease(worker);
  lab_.Say(worker, Telling(lease, 1).Samples(0, 2).Checkpoint(70, 2));
  lab_.Settle();
  lab_.Next(worker);
  const Said<RunId> said = lab_.Cancel(run);
  lab_.Settle();
  EXPECT_THAT(said.get(), IsOk());
  const storage::RunRow row = lab_.Row(run);
  EXPECT_EQ(row.state, RunState::kCancelled);
  EXPECT_EQ(row.result->ended_by, v1::ENDED_BY_CANCELLATION);
  EXPECT_EQ(row.result->steps, 70);
  EXPECT_EQ(lab_.Attempts(run)[0].end, AttemptEnd::kCancelled);
  const v1::SessionResponse stop = lab_.Next(worker);
  ASSERT_TRUE(stop.has_stop());
  EXPECT_FALSE(stop.stop().checkpoint());
  // What was under way is fenced, and the worker is not free yet.
  lab_.Say(worker, Telling(lease, 2).Samples(2, 2));
  lab_.Settle();
  EXPECT_TRUE(lab_.Next(worker).ack().fenced());
  EXPECT_FALSE(lab_.HasMessage(worker));
  lab_.Say(worker, Stopped(stop.stop()));
  lab_.Settle();
  EXPECT_EQ(lab_.NextLease(worker).run_id(), next.value);
  EXPECT_EQ(lab_.Row(run).sample_count, 2);
}

TEST_F(EngineLossesTest, ACancellationMeetsALeaseThatIsBeingWritten) {
  const RunId run = lab_.Add();
  const SessionId worker = lab_.Connect("local-1");
  const Said<RunId> said = lab_.Cancel(run);
  lab_.Settle();
  EXPECT_THAT(said.get(), IsOk());
  EXPECT_EQ(lab_.Row(run).state, RunState::kCancelled);
  const v1::TrainLease lease = lab_.NextLease(worker);
  const v1::SessionResponse stop = lab_.Next(worker);
  EXPECT_EQ(stop.stop().run_id(), lease.run_id());
}

TEST_F(EngineLossesTest, ACancellationMeetsAResultThatIsBeingWritten) {
  const SessionId worker = lab_.Connect("local-1");
  const RunId run = lab_.Add();
  lab_.Say(worker, Telling(lab_.NextLease(worker)).Succeeded());
  const Said<RunId> said = lab_.Cancel(run);
  lab_.Settle();
  EXPECT_THAT(said.get(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                   "run 1: want a run that has not ended, got "
                                   "SUCCEEDED"));
  EXPECT_EQ(lab_.Row(run).state, RunState::kSucceeded);
}

TEST_F(EngineLossesTest, AWorkerThatFinishedWhatWasCancelledIsFree) {
  const SessionId worker = lab_.Connect("local-1");
  const RunId run = lab_.Add();
  const v1::TrainLease lease = lab_.NextLease(worker);
  lab_.Cancel(run);
  lab_.Settle();
  const v1::StopRun stop = lab_.Next(worker).stop();
  lab_.Say(worker, Telling(lease).Succeeded());  // it crosses the stop
  EXPECT_TRUE(lab_.Next(worker).ack().fenced());
  const RunId next = lab_.Add();
  EXPECT_EQ(lab_.NextLease(worker).run_id(), next.value);
  lab_.Say(worker, Stopped(stop));  // of the first: changes nothing
  lab_.Settle();
  EXPECT_EQ(lab_.Row(next).state, RunState::kStarting);
}

TEST_F(EngineLossesTest, AWorkerThatDoesNotStopIsKilled) {
  const SessionId worker = lab_.Connect("local-1");
  const RunId run = lab_.Add();
  const v1::TrainLease lease = lab_.NextLease(worker);
  lab_.Cancel(run);
  lab_.Settle();
  for (int i = 0; i < 4; ++i) {
    lab_.Pass(absl::Seconds(5));
    lab_.Say(worker, Heartbeat(lease, i));  // it lives, and trains on
  }
  EXPECT_TRUE(lab_.launcher().killed().empty());
  lab_.Pass(absl::Seconds(1));
  EXPECT_THAT(lab_.launcher().killed(), ElementsAre(1));
  EXPECT_THAT(lab_.EndOf(worker).value(),
              StatusIs(absl::StatusCode::kDeadlineExceeded,
                       "worker local-1 did not answer a stop for 20s"));
}

TEST_F(EngineLossesTest, AWorkerThatStopsByItselfIsAStrike) {
  const SessionId worker = lab_.Connect("local-1");
  const RunId run = lab_.Add();
  v1::StopRun stop;
  const v1::TrainLease lease = lab_.NextLease(worker);
  stop.set_run_id(lease.run_id());
  stop.set_attempt(lease.attempt());
  lab_.Say(worker, Stopped(stop));
  lab_.Settle();
  EXPECT_EQ(lab_.Row(run).losses_in_a_row, 1);
}

TEST_F(EngineLossesTest, ADrainCheckpointsAndLeasesNoMore) {
  const SessionId worker = lab_.Connect("local-1");
  const SessionId idle = lab_.Connect("local-2");
  const RunId run = lab_.Add();
  const v1::TrainLease lease = lab_.NextLease(worker);
  const Said<bool> drained = lab_.Drain(absl::Seconds(30));
  const Said<RunId> refused = lab_.Submit();
  EXPECT_THAT(refused.get(), StatusIs(absl::StatusCode::kUnavailable, ""));
  const v1::SessionResponse stop = lab_.Next(worker);
  EXPECT_TRUE(stop.stop().checkpoint());
  lab_.Say(worker, Telling(lease).Samples(0, 3).Checkpoint(20, 3));
  lab_.Say(worker, Stopped(stop.stop()));
  EXPECT_FALSE(drained.came());
  lab_.Settle();
  EXPECT_TRUE(drained.get().value());
  EXPECT_EQ(lab_.Row(run).state, RunState::kQueued);
  EXPECT_EQ(lab_.Row(run).sample_count, 3);
  EXPECT_EQ(lab_.Row(run).losses_in_a_row, 0);
  EXPECT_EQ(lab_.Attempts(run)[0].end, AttemptEnd::kServerStopped);
  EXPECT_FALSE(lab_.HasMessage(idle));
  EXPECT_THAT(lab_.WaitingFor(run),
              ElementsAre("the server is stopping and leases nothing more"));
  EXPECT_TRUE(lab_.engine().GetStatus().draining);
}

TEST_F(EngineLossesTest, ADrainMeetsALeaseThatIsBeingWritten) {
  const SessionId worker = lab_.Connect("local-1");
  const Said<RunId> run = lab_.Submit();
  lab_.WriteOnce();
  const Said<bool> drained = lab_.Drain(absl::Seconds(30));
  lab_.Settle();
  EXPECT_TRUE(drained.get().value());
  EXPECT_FALSE(lab_.HasMessage(worker));
  EXPECT_EQ(lab_.Row(run.get().value()).state, RunState::kQueued);
}

TEST_F(EngineLossesTest, ADrainEndsWithinItsLimit) {
  const SessionId worker = lab_.Connect("local-1");
  const RunId run = lab_.Add();
  const v1::TrainLease lease = lab_.NextLease(worker);
  const Said<bool> drained = lab_.Drain(absl::Seconds(10));
  lab_.Pass(absl::Seconds(9));
  EXPECT_FALSE(drained.came());
  lab_.Say(worker, Heartbeat(lease, 1));
  lab_.Pass(absl::Seconds(2));
  EXPECT_FALSE(drained.get().value());
  lab_.Restart();
  lab_.Settle();
  EXPECT_EQ(lab_.Row(run).losses_in_a_row, 0);
  EXPECT_EQ(lab_.Row(run).state, RunState::kQueued);
}

TEST_F(EngineLossesTest, AWorkerLostWhileDrainingIsNoStrike) {
  const SessionId worker = lab_.Connect("local-1");
  const RunId run = lab_.Add();
  lab_.NextLease(worker);
  const Said<bool> drained = lab_.Drain(absl::Seconds(10));
  lab_.Disconnect(worker);
  lab_.Settle();
  EXPECT_TRUE(drained.get().value());
  EXPECT_EQ(lab_.Row(run).losses_in_a_row, 0);
}

TEST_F(EngineLossesTest, ANameIsTakenOnceAndSessionsAreCounted) {
  const SessionId first = lab_.Connect("local-1");
  const SessionId second = lab_.Connect("local-1");
  EXPECT_THAT(lab_.EndOf(second).value(),
              StatusIs(absl::StatusCode::kAlreadyExists, "local-1"));
  EXPECT_EQ(lab_.EndOf(first), std::nullopt);
  lab_.Disconnect(first);
  EXPECT_EQ(lab_.EndOf(lab_.Connect("local-1")), std::nullopt);
}

}  // namespace
}  // namespace steelyard::server
