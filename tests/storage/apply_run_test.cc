// The life of a run in the store: changes and who may make them.

#include <gtest/gtest.h>

#include "tests/status_matchers.h"
#include "tests/storage/test_store.h"

namespace steelyard::storage {
namespace {

using absl::StatusCode;

TEST(ApplyRunTest, ANewRunComesBackAsItWasAdded) {
  TestStore store;
  const AddDataset data = NewDataset(store, "1,2\n");
  ASSERT_THAT(store.Apply(data), IsOk());
  AddRun change = NewRun(7);
  change.labels = {{"paper", "xu2021"}};
  change.datasets = {data.sha256};
  change.request_id = "once";
  ASSERT_THAT(store.Apply(change), IsOk());

  const RunRow run = store.Run(7);
  EXPECT_EQ(run.id, RunId{7});
  EXPECT_EQ(run.experiment, "default");
  EXPECT_EQ(run.name, "d8");
  EXPECT_EQ(run.state, RunState::kQueued);
  EXPECT_EQ(run.submitted_spec, "submitted");
  EXPECT_EQ(run.spec, "spec");
  EXPECT_EQ(run.user, "ann");
  EXPECT_EQ(run.host, "laptop");
  EXPECT_EQ(run.program, "steelyard");
  EXPECT_EQ(run.program_version, "0.1.0");
  EXPECT_EQ(run.request_id, "once");
  EXPECT_EQ(run.create_time, At(1007));
  EXPECT_EQ(run.start_time, absl::InfiniteFuture());
  EXPECT_EQ(run.end_time, absl::InfiniteFuture());
  EXPECT_EQ(run.datasets, change.datasets);
  const RunHead head = store.reader().GetRunHead(RunId{7}).value();
  EXPECT_EQ(head.experiment, "default");
  EXPECT_EQ(head.state, RunState::kQueued);
  EXPECT_EQ(head.sample_count, 0);
  EXPECT_THAT(store.reader().GetRunHead(RunId{8}),
              StatusIs(StatusCode::kNotFound, "8"));
  EXPECT_FALSE(run.result.has_value());
}

TEST(ApplyRunTest, ARunGoesFromTheQueueToItsResult) {
  TestStore store;
  ASSERT_THAT(store.Apply(NewRun(1)), IsOk());
  ASSERT_THAT(store.Apply(Start(1, 1)), IsOk());
  EXPECT_EQ(store.Run(1).state, RunState::kStarting);
  EXPECT_EQ(store.Run(1).start_time, At(2001));

  ASSERT_THAT(store.Apply(Report(1, 1, Series(0, 3))), IsOk());
  EXPECT_EQ(store.Run(1).state, RunState::kRunning);
  EXPECT_EQ(store.Run(1).sample_count, 3);

  ASSERT_THAT(store.Apply(LastReport(1, 1, Series(3, 2))), IsOk());
  const RunRow run = store.Run(1);
  EXPECT_EQ(run.state, RunState::kSucceeded);
  EXPECT_EQ(run.sample_count, 5);
  EXPECT_EQ(run.end_time, At(3000));
  ASSERT_TRUE(run.result.has_value());
  EXPECT_EQ(run.result->steps, 100);
  EXPECT_EQ(run.result->training_s, 1.5);
  const std::vector<AttemptRow> attempts =
      store.reader().Attempts(RunId{1}).value();
  ASSERT_EQ(attempts.size(), 1u);
  EXPECT_EQ(attempts[0].end, AttemptEnd::kFinished);
  EXPECT_EQ(attempts[0].end_time, At(3000));
  EXPECT_EQ(attempts[0].worker, "w1");
}

TEST(ApplyRunTest, OnlyTheNewestAttemptMayReport) {
  TestStore store;
  ASSERT_THAT(store.Apply(NewRun(1)), IsOk());
  ASSERT_THAT(store.Apply(Start(1, 1)), IsOk());
  const EndAttempt lost = Lose(1, 1);
  ASSERT_THAT(store.Apply(lost), IsOk());
  EXPECT_EQ(store.Run(1).state, RunState::kQueued);
  EXPECT_EQ(store.Run(1).losses_in_a_row, 1);
  EXPECT_THAT(store.Apply(Report(1, 1, Series(0, 1))),
              StatusIs(StatusCode::kFailedPrecondition, "attempt 1"));
  ASSERT_THAT(store.Apply(Start(1, 2)), IsOk());

  EXPECT_THAT(store.Apply(Report(1, 1, Series(0, 1))),
              StatusIs(StatusCode::kFailedPrecondition, "attempt 1"));
  EXPECT_THAT(store.Apply(LastReport(1, 1)),
              StatusIs(StatusCode::kFailedPrecondition, "attempt 1"));
  EXPECT_THAT(store.Apply(lost),
              StatusIs(StatusCode::kFailedPrecondition, "attempt 1"));
  EXPECT_EQ(store.Run(1).sample_count, 0);
  EXPECT_THAT(store.Apply(LastReport(1, 2)), IsOk());
  EXPECT_EQ(store.Run(1).state, RunState::kSucceeded);
}

TEST(ApplyRunTest, AnAttemptIsTheNextOfAQueuedRun) {
  TestStore store;
  ASSERT_THAT(store.Apply(NewRun(1)), IsOk());
  EXPECT_THAT(store.Apply(Start(1, 2)),
              StatusIs(StatusCode::kFailedPrecondition, "attempt 1"));
  ASSERT_THAT(store.Apply(Start(1, 1)), IsOk());
  EXPECT_THAT(store.Apply(Start(1, 2)),
              StatusIs(StatusCode::kFailedPrecondition, "QUEUED"));
  EXPECT_EQ(store.Run(1).newest_attempt, AttemptNumber{1});
}

TEST(ApplyRunTest, AnEndedRunChangesNoMore) {
  TestStore store;
  ASSERT_THAT(store.Apply(NewRun(1)), IsOk());
  ASSERT_THAT(store.Apply(Start(1, 1)), IsOk());
  ASSERT_THAT(store.Apply(LastReport(1, 1)), IsOk());
  EXPECT_THAT(store.Apply(Report(1, 1, Series(0, 1))),
              StatusIs(StatusCode::kFailedPrecondition, "attempt 1"));
  EXPECT_THAT(store.Apply(Start(1, 2)),
              StatusIs(StatusCode::kFailedPrecondition, "state 4"));
  EXPECT_THAT(store.Apply(Cancel(1)),
              StatusIs(StatusCode::kFailedPrecondition, "not ended"));
  EXPECT_EQ(store.Run(1).state, RunState::kSucceeded);
}

TEST(ApplyRunTest, EndRunEndsARunInAnyStateAndItsAttempt) {
  TestStore store;
  for (const int64_t run : {1, 2, 3}) {
    ASSERT_THAT(store.Apply(NewRun(run)), IsOk());
    if (run > 1) {
      ASSERT_THAT(store.Apply(Start(run, 1)), IsOk());
    }
    if (run > 2) {
      ASSERT_THAT(store.Apply(Report(run, 1, Series(0, 1))), IsOk());
    }
    ASSERT_THAT(
        store.Apply(EndRun{
            .run = RunId{run},
            .state = RunState::kFailed,
            .attempt_end = AttemptEnd::kWorkerLost,
            .result = {.ended_by = 4, .failure_reason = 1, .message = "lost"},
            .time = At(5000)}),
        IsOk());
    EXPECT_EQ(store.Run(run).state, RunState::kFailed);
    EXPECT_EQ(store.Run(run).end_time, At(5000));
    EXPECT_EQ(store.Run(run).result->failure_reason, 1);
    EXPECT_EQ(store.Run(run).result->message, "lost");
  }
  EXPECT_TRUE(store.reader().Attempts(RunId{1})->empty());
  EXPECT_EQ(store.reader().Attempts(RunId{2})->front().end,
            AttemptEnd::kWorkerLost);
  EXPECT_EQ(store.reader().Attempts(RunId{3})->front().end_time, At(5000));
}

TEST(ApplyRunTest, AnEndThatIsNoneIsRefused) {
  TestStore store;
  ASSERT_THAT(store.Apply(NewRun(1)), IsOk());
  EndRun end_run = Cancel(1);
  end_run.state = RunState::kRunning;
  EXPECT_THAT(store.Apply(end_run),
              StatusIs(StatusCode::kInvalidArgument, "state"));
  ASSERT_THAT(store.Apply(Start(1, 1)), IsOk());
  for (const AttemptEnd end : {AttemptEnd::kRunning, AttemptEnd::kFinished}) {
    EndAttempt end_attempt = Lose(1, 1);
    end_attempt.end = end;
    EXPECT_THAT(store.Apply(end_attempt),
                StatusIs(StatusCode::kInvalidArgument, "end"));
  }
  EXPECT_EQ(store.Run(1).state, RunState::kStarting);
}

TEST(ApplyRunTest, AnUnknownRunIsNotFound) {
  TestStore store;
  const std::vector<Change> changes = {Start(9, 1), Report(9, 1), Lose(9, 1),
                                       Cancel(9)};
  for (const absl::Status& status : store.Apply(changes)) {
    EXPECT_THAT(status, StatusIs(StatusCode::kNotFound, "got 9"));
  }
}

TEST(ApplyRunTest, ARefusedChangeDoesNotUndoItsNeighbours) {
  TestStore store;
  AddRun twice = NewRun(2);
  twice.labels = {{"a", "1"}, {"a", "2"}};
  AddRun unknown_dataset = NewRun(3);
  unknown_dataset.experiment = "never";
  unknown_dataset.datasets = {HashOf("nothing")};
  const std::vector<absl::Status> outcomes =
      store.Apply({NewRun(1), NewRun(1), twice, unknown_dataset, NewRun(4)});
  ASSERT_EQ(outcomes.size(), 5u);
  EXPECT_THAT(outcomes[0], IsOk());
  EXPECT_THAT(outcomes[1], StatusIs(StatusCode::kAlreadyExists, "1"));
  EXPECT_THAT(outcomes[2], StatusIs(StatusCode::kInvalidArgument, "labels"));
  EXPECT_THAT(outcomes[3],
              StatusIs(StatusCode::kFailedPrecondition, "upload it first"));
  EXPECT_THAT(outcomes[4], IsOk());
  EXPECT_EQ(store.reader().ListRuns({}, {}, 10)->runs.size(), 2u);
  // The experiment that only a refused change would have made is not there.
  EXPECT_THAT(store.reader().GetExperiment("never"),
              StatusIs(StatusCode::kNotFound, "never"));
}

TEST(ApplyRunTest, ADatasetCountsTheRunsThatReadIt) {
  TestStore store;
  const AddDataset read = NewDataset(store, "1,2\n");
  const AddDataset other = NewDataset(store, "3,4\n");
  ASSERT_THAT(store.Apply(read), IsOk());
  ASSERT_THAT(store.Apply(other), IsOk());
  AddRun first = NewRun(1);
  first.datasets = {read.sha256};
  AddRun twice = NewRun(2);
  twice.datasets = {read.sha256, other.sha256, read.sha256};
  twice.user = "bob";
  AddRun refused = NewRun(3);
  refused.datasets = {read.sha256, HashOf("nothing")};
  store.Apply({first, twice, refused, NewRun(4)});
  ASSERT_THAT(store.Apply(Cancel(1)), IsOk());
  EXPECT_EQ(store.reader().CountRuns(read.sha256).value(), 2);
  EXPECT_EQ(store.reader().CountRuns(other.sha256).value(), 1);
  EXPECT_EQ(store.reader().CountRuns(HashOf("nothing")).value(), 0);
}

TEST(ApplyRunTest, AnExperimentIsItsFirstUsersUnlessShared) {
  TestStore store;
  AddRun ann = NewRun(1);
  ann.experiment = "anns";
  AddRun open = NewRun(2);
  open.experiment = "open";
  open.new_experiment_shared = true;
  ASSERT_THAT(store.Apply(ann), IsOk());
  ASSERT_THAT(store.Apply(open), IsOk());
  ASSERT_THAT(store.Apply(NewRun(3)), IsOk());

  AddRun bob = NewRun(4);
  bob.user = "bob";
  bob.experiment = "anns";
  EXPECT_THAT(store.Apply(bob),
              StatusIs(StatusCode::kPermissionDenied, "which is ann's"));
  bob.experiment = "open";
  EXPECT_THAT(store.Apply(bob), IsOk());
  bob.run = RunId{5};
  bob.experiment = "default";
  EXPECT_THAT(store.Apply(bob), IsOk());

  const ExperimentRow anns = store.reader().GetExperiment("anns").value();
  EXPECT_EQ(anns.owner, "ann");
  EXPECT_FALSE(anns.shared);
  EXPECT_EQ(anns.create_time, At(1001));
  EXPECT_EQ(anns.run_count, 1);
  const ExperimentRow nobodys = store.reader().GetExperiment("default").value();
  EXPECT_EQ(nobodys.owner, "");
  EXPECT_TRUE(nobodys.shared);
  EXPECT_EQ(nobodys.run_count, 2);
}

TEST(ApplyRunTest, ARequestIdIsItsUsersAndKeptUntilForgotten) {
  TestStore store;
  AddRun first = NewRun(1);
  first.request_id = "r";
  ASSERT_THAT(store.Apply(first), IsOk());
  AddRun again = NewRun(2);
  again.request_id = "r";
  EXPECT_THAT(store.Apply(again),
              StatusIs(StatusCode::kAlreadyExists, "that of run 1"));
  again.user = "bob";
  EXPECT_THAT(store.Apply(again), IsOk());

  const std::vector<RequestRow> kept = store.reader().Requests().value();
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].user, "ann");
  EXPECT_EQ(kept[0].request_id, "r");
  EXPECT_EQ(kept[0].run, RunId{1});
  EXPECT_EQ(kept[0].create_time, At(1001));

  ASSERT_THAT(store.Apply(ForgetRequests{.before = At(1002)}), IsOk());
  ASSERT_EQ(store.reader().Requests()->size(), 1u);
  EXPECT_EQ(store.reader().Requests()->front().run, RunId{2});
  AddRun later = NewRun(3);
  later.request_id = "r";
  EXPECT_THAT(store.Apply(later), IsOk());
}

TEST(ApplyRunTest, TheLastRunIdIsTheHighestEverGiven) {
  TestStore store;
  EXPECT_EQ(store.reader().LastRunId().value(), RunId{0});
  ASSERT_THAT(store.Apply(NewRun(5)), IsOk());
  ASSERT_THAT(store.Apply(NewRun(3)), IsOk());
  EXPECT_EQ(store.reader().LastRunId().value(), RunId{5});
  EXPECT_THAT(store.Apply(NewRun(0)),
              StatusIs(StatusCode::kInvalidArgument, "want a number >= 1"));
}

}  // namespace
}  // namespace steelyard::storage
