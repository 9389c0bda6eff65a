#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/engine.h"
#include "steelyard/v1/spec.pb.h"
#include "tests/server/lab.h"
#include "tests/status_matchers.h"

// Submissions that are repeated, datasets that are inspected, cancellations by
// those who may not.
namespace steelyard::server {
namespace {

using storage::RunId;
using storage::RunState;
using testing::ElementsAre;
using testing::HasSubstr;

storage::AddRun Request(const std::string& id, const std::string& name = "") {
  storage::AddRun run = Lab::NewRun();
  run.request_id = id;
  v1::RunSpec spec;
  spec.set_name(name);
  run.submitted_spec = spec.SerializeAsString();
  return run;
}

TEST(EngineRequestsTest, ARepeatedSubmissionIsTheFirstOnesRun) {
  Lab lab;
  const RunId first = lab.Add(Request("a"));
  EXPECT_EQ(lab.Add(Request("a")), first);
  EXPECT_NE(lab.Add(Request("b")), first);
  EXPECT_NE(lab.Add(Request("")), first);
  storage::AddRun others = Request("a");
  others.user = "ben";
  others.experiment = "bens";
  EXPECT_NE(lab.Add(others), first);
}

TEST(EngineRequestsTest, ARepeatIsNotAnsweredBeforeTheFirstIsOnDisk) {
  Lab lab;
  const Said<RunId> first = lab.Submit(Request("a"));
  const Said<RunId> repeat = lab.Submit(Request("a"));
  const Said<RunId> other = lab.Submit(Request("a", "another"));
  EXPECT_FALSE(repeat.came());
  lab.Settle();
  EXPECT_EQ(repeat.get().value(), first.get().value());
  EXPECT_THAT(other.get(),
              StatusIs(absl::StatusCode::kAlreadyExists,
                       "got a, which submitted experiments/default/runs/1"));
  EXPECT_EQ(lab.engine().GetStatus().queued_runs, 1);
}

TEST(EngineRequestsTest, ARepeatSharesTheFateOfTheFirst) {
  Lab lab;
  lab.disk_error = absl::ResourceExhaustedError("the disk is full");
  const Said<RunId> first = lab.Submit(Request("a"));
  const Said<RunId> repeat = lab.Submit(Request("a"));
  lab.Settle();
  EXPECT_FALSE(first.get().ok());
  EXPECT_FALSE(repeat.get().ok());
  lab.disk_error.reset();
  EXPECT_EQ(lab.Add(Request("a")).value, 1);  // it is free again
}

TEST(EngineRequestsTest, ARepeatIsKnownAfterARestartAndWhenDraining) {
  Lab lab;
  const RunId first = lab.Add(Request("a"));
  lab.Restart();
  lab.Drain(absl::Seconds(1));
  EXPECT_EQ(lab.Add(Request("a")), first);
  EXPECT_THAT(lab.Submit(Request("a", "another")).get(),
              StatusIs(absl::StatusCode::kAlreadyExists, "runs/1"));
}

TEST(EngineRequestsTest, ARequestIdIsFreeAfterSevenDays) {
  Lab::Options options;
  options.engine.request_ids_kept = absl::Hours(3);
  Lab lab(options);
  const RunId first = lab.Add(Request("a"));
  lab.Pass(absl::Minutes(170));
  EXPECT_EQ(lab.Add(Request("a")), first);
  lab.Pass(absl::Minutes(100));
  EXPECT_NE(lab.Add(Request("a")), first);
  lab.Restart();
  EXPECT_EQ(lab.Add(Request("a")).value, 2);
}

// protobuf writes a map in any order.
TEST(EngineRequestsTest, TheSameSpecMayComeInOtherBytes) {
  Lab lab;
  storage::AddRun first = Request("a");
  storage::AddRun second = Request("a");
  v1::RunSpec one, two, both;
  (*one.mutable_labels())["x"] = "1";
  (*two.mutable_labels())["y"] = "2";
  first.submitted_spec = one.SerializeAsString() + two.SerializeAsString();
  second.submitted_spec = two.SerializeAsString() + one.SerializeAsString();
  EXPECT_EQ(lab.Add(first), lab.Add(second));
}

TEST(EngineRequestsTest, OnlyTheSubmitterAndAdminsCancel) {
  Lab lab;
  const RunId run = lab.Add();
  EXPECT_THAT(lab.Cancel(run, "ben").get(),
              StatusIs(absl::StatusCode::kPermissionDenied, "ann"));
  EXPECT_THAT(lab.Cancel(RunId{99}).get(),
              StatusIs(absl::StatusCode::kNotFound, ""));
  const Said<RunId> admin = lab.Cancel(run, "root", /*may_cancel_all=*/true);
  const Said<RunId> again = lab.Cancel(run);
  lab.Settle();
  EXPECT_THAT(admin.get(), IsOk());
  EXPECT_THAT(again.get(), IsOk());
  // And of one that has ended.
  EXPECT_THAT(lab.Cancel(run).get(), IsOk());
  EXPECT_THAT(lab.Cancel(run, "ben").get(),
              StatusIs(absl::StatusCode::kPermissionDenied, "ann"));
}

TEST(EngineRequestsTest, ARunThatSucceededCanNotBeCancelled) {
  Lab lab;
  const SessionId worker = lab.Connect("w1");
  const RunId run = lab.Add();
  lab.Say(worker, Telling(lab.NextLease(worker)).Succeeded());
  lab.Settle();
  EXPECT_THAT(lab.Cancel(run).get(),
              StatusIs(absl::StatusCode::kFailedPrecondition, "SUCCEEDED"));
}

TEST(EngineRequestsTest, ARefusedSubmissionSaysWhy) {
  Lab lab;
  lab.Add();  // the experiment "default" is nobody's; "anns" is ann's
  storage::AddRun anns = Lab::NewRun();
  anns.experiment = "anns";
  lab.Add(anns);
  storage::AddRun bens = Lab::NewRun();
  bens.experiment = "anns";
  bens.user = "ben";
  const Said<RunId> said = lab.Submit(bens);
  lab.Settle();
  EXPECT_THAT(said.get(),
              StatusIs(absl::StatusCode::kPermissionDenied, "anns"));
  EXPECT_EQ(lab.engine().GetStatus().queued_runs, 2);
}

TEST(EngineRequestsTest, ARefusedSubmissionUsesUpNoNumber) {
  Lab lab;
  const RunId first = lab.Add();
  lab.disk_error = absl::ResourceExhaustedError("the disk is full");
  lab.Submit();
  lab.Submit(Request("a"));
  lab.Settle();
  lab.disk_error.reset();
  const Said<RunId> repeat = lab.Submit(Request("a"));
  const Said<RunId> other = lab.Submit();
  lab.Settle();
  EXPECT_EQ(repeat.get()->value, first.value + 1);
  EXPECT_EQ(other.get()->value, first.value + 2);
}

class EngineDatasetsTest : public testing::Test {
 protected:
  EngineDatasetsTest() : lab_(Lab::Options{.local_executor = true}) {}

  storage::AddRun RunOn(const storage::Sha256& dataset) {
    storage::AddRun run = Lab::NewRun();
    run.datasets = {dataset};
    return run;
  }

  Lab lab_;
};

TEST_F(EngineDatasetsTest, ARunWaitsForTheInspectionOfItsData) {
  const storage::Sha256 dataset = lab_.AddDataset("x,y\n1,1\n");
  const RunId run = lab_.Add(RunOn(dataset));
  const SessionId trainer = lab_.Connect("local-1");
  lab_.Settle();
  EXPECT_FALSE(lab_.HasMessage(trainer));
  EXPECT_THAT(lab_.WaitingFor(run),
              ElementsAre("dataset sha256/" + dataset.hex +
                          " has not been inspected yet"));
  const SessionId inspector =
      lab_.Connect("local-inspect-1", "1-test", /*inspect_only=*/true);
  const v1::SessionResponse lease = lab_.Next(inspector);
  EXPECT_EQ(lease.inspect().file().dataset(), "sha256/" + dataset.hex);
  EXPECT_EQ(lease.inspect().file().form(), v1::DATASET_FORM_CSV);
  lab_.Say(inspector, Inspected(dataset));
  EXPECT_FALSE(lab_.HasMessage(trainer));
  lab_.Settle();
  const v1::TrainLease train = lab_.NextLease(trainer);
  ASSERT_EQ(train.files_size(), 1);
  EXPECT_EQ(train.files(0).dataset(), "sha256/" + dataset.hex);
  EXPECT_EQ(train.files(0).summary().shape(0), 2);
  EXPECT_FALSE(lab_.HasMessage(inspector));  // it does not train
}

TEST_F(EngineDatasetsTest, ARunOnARejectedDatasetFails) {
  const storage::Sha256 dataset = lab_.AddDataset("nonsense");
  const RunId run = lab_.Add(RunOn(dataset));
  const SessionId inspector = lab_.Connect("local-inspect-1", "1-test", true);
  EXPECT_TRUE(lab_.Next(inspector).has_inspect());
  const Said<RunId> late = lab_.Submit(RunOn(dataset));  // meets the outcome
  lab_.Say(inspector, Inspected(dataset, "row 2, column 1: want a number"));
  lab_.Settle();
  for (const RunId failed : {run, late.get().value()}) {
    const storage::RunRow row = lab_.Row(failed);
    EXPECT_EQ(row.state, RunState::kFailed);
    EXPECT_EQ(row.result->failure_reason, v1::FAILURE_REASON_DATASET_REJECTED);
    EXPECT_EQ(row.result->message, "dataset sha256/" + dataset.hex +
                                       ": row 2, column 1: want a number");
  }
  EXPECT_THAT(lab_.Submit(RunOn(dataset)).get(),
              StatusIs(absl::StatusCode::kInvalidArgument, "row 2, column 1"));
  // Uploaded again it gets another chance.
  lab_.AddDataset("nonsense");
  EXPECT_TRUE(lab_.Next(inspector).has_inspect());
}

TEST_F(EngineDatasetsTest, ARejectionOutlivesTheServerThatDidNotEndItsRuns) {
  const storage::Sha256 dataset = lab_.AddDataset("nonsense");
  const RunId run = lab_.Add(RunOn(dataset));
  const SessionId inspector = lab_.Connect("local-inspect-1", "1-test", true);
  lab_.Next(inspector);
  lab_.Say(inspector, Inspected(dataset, "no header line"));
  lab_.WriteOnce();  // the rejection, and not the end of the run
  EXPECT_EQ(lab_.Row(run).state, RunState::kQueued);
  lab_.Restart();
  lab_.Settle();
  EXPECT_EQ(lab_.Row(run).state, RunState::kFailed);
}

TEST_F(EngineDatasetsTest, AnInspectionThatEndsItsWorkersIsARejection) {
  const storage::Sha256 dataset = lab_.AddDataset("a bomb");
  const RunId run = lab_.Add(RunOn(dataset));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(lab_.Row(run).state, RunState::kQueued);
    const SessionId inspector = lab_.Connect("local-inspect-1", "1-test", true);
    EXPECT_TRUE(lab_.Next(inspector).has_inspect());
    lab_.launcher().Find("local-inspect-1")->request.log->Note("out of memory");
    lab_.Disconnect(inspector);
    lab_.Settle();
  }
  EXPECT_EQ(lab_.Row(run).state, RunState::kFailed);
  EXPECT_THAT(lab_.Row(run).result->message,
              HasSubstr("ended 3 workers in a row"));
  EXPECT_THAT(lab_.Row(run).result->message, HasSubstr("out of memory"));
}

TEST_F(EngineDatasetsTest, AnInspectorLivesAsLongAsThereIsWork) {
  EXPECT_EQ(lab_.launcher().Find("local-inspect-1"), nullptr);
  const storage::Sha256 dataset = lab_.AddDataset("x,y\n1,1\n");
  ASSERT_NE(lab_.launcher().Find("local-inspect-1"), nullptr);
  const SessionId inspector = lab_.Connect("local-inspect-1", "1-test", true);
  lab_.Next(inspector);
  lab_.Say(inspector, Inspected(dataset));
  lab_.Pass(absl::Seconds(9));
  EXPECT_FALSE(lab_.launcher().Find("local-inspect-1")->asked_to_end);
  lab_.Pass(absl::Seconds(2));
  EXPECT_THAT(lab_.EndOf(inspector).value(), IsOk());
  EXPECT_TRUE(lab_.launcher().Find("local-inspect-1")->asked_to_end);
  lab_.launcher().Exit("local-inspect-1", "exit code 0");
  lab_.AddDataset("x,y\n2,2\n");
  EXPECT_NE(lab_.launcher().Find("local-inspect-1"), nullptr);
}

TEST(EngineInspectionTest, ASmallFileDoesNotWaitForALargeOne) {
  Lab::Options options{.engine = {}, .local_executor = true};
  options.engine.large_file_bytes = 20;
  Lab lab(options);
  lab.AddDataset("x,y\n1,1\n2,2\n3,3\n4,4\n5,5\n");
  const SessionId first = lab.Connect("local-inspect-1", "1-test", true);
  EXPECT_TRUE(lab.Next(first).has_inspect());
  lab.AddDataset("x,y\n1,1\n2,2\n3,3\n4,4\n6,6\n");
  lab.Pass(absl::Seconds(5));
  // It would leave the other large one alone.
  EXPECT_EQ(lab.launcher().Find("local-inspect-2"), nullptr);
  const storage::Sha256 small = lab.AddDataset("x,y\n1,1\n");
  lab.Pass(absl::Seconds(1));
  ASSERT_NE(lab.launcher().Find("local-inspect-2"), nullptr);
  const SessionId second = lab.Connect("local-inspect-2", "1-test", true);
  EXPECT_EQ(lab.Next(second).inspect().file().dataset(), "sha256/" + small.hex);
  lab.Say(second, Inspected(small));
  lab.Settle();
  EXPECT_FALSE(lab.HasMessage(second));
}

TEST_F(EngineDatasetsTest, AnInspectionIsTakenUpByTheNextServer) {
  const storage::Sha256 dataset = lab_.AddDataset("x,y\n1,1\n");
  const RunId run = lab_.Add(RunOn(dataset));
  lab_.Restart();
  EXPECT_NE(lab_.launcher().Find("local-inspect-1"), nullptr);
  const SessionId inspector = lab_.Connect("local-inspect-1", "1-test", true);
  lab_.Next(inspector);
  lab_.Say(inspector, Inspected(dataset));
  lab_.Settle();
  const SessionId trainer = lab_.Connect("local-1");
  lab_.Settle();
  EXPECT_EQ(lab_.NextLease(trainer).run_id(), run.value);
}

TEST_F(EngineDatasetsTest, AFullDiskDelaysAnInspectionsOutcome) {
  const storage::Sha256 dataset = lab_.AddDataset("x,y\n1,1\n");
  const RunId run = lab_.Add(RunOn(dataset));
  const SessionId inspector = lab_.Connect("local-inspect-1", "1-test", true);
  lab_.Next(inspector);
  lab_.disk_error = absl::ResourceExhaustedError("the disk is full");
  lab_.Say(inspector, Inspected(dataset));
  lab_.Settle();
  EXPECT_FALSE(lab_.WaitingFor(run).empty());
  lab_.disk_error.reset();
  lab_.Pass(absl::Seconds(2));
  EXPECT_THAT(lab_.WaitingFor(run), ElementsAre("no worker is connected"));
}

TEST_F(EngineDatasetsTest, AnUnknownDatasetIsNotFound) {
  EXPECT_THAT(lab_.Submit(RunOn({std::string(64, 'a')})).get(),
              StatusIs(absl::StatusCode::kNotFound, ""));
}

// Workers by hand inspect too, and before they train.
TEST(EngineInspectionTest, WithoutAnInspectorAnyWorkerInspectsFirst) {
  Lab lab;
  const storage::Sha256 dataset = lab.AddDataset("x,y\n1,1\n");
  const RunId run = lab.Add();
  const SessionId worker = lab.Connect("w1");
  EXPECT_TRUE(lab.Next(worker).has_inspect());
  EXPECT_THAT(lab.WaitingFor(run),
              ElementsAre("the only worker is busy: dataset " +
                          dataset.hex.substr(0, 12)));
  lab.Say(worker, Inspected(dataset));
  lab.Settle();
  EXPECT_EQ(lab.NextLease(worker).run_id(), run.value);
}

}  // namespace
}  // namespace steelyard::server
