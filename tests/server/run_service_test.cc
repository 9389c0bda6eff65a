#include <gmock/gmock.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "steelyard/v1/run_service.grpc.pb.h"
#include "tests/server/served.h"
#include "tests/server/test_server.h"
#include "tests/storage/fault_vfs.h"

namespace steelyard::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using ::testing::UnorderedElementsAreArray;
using Stub = v1::RunService::Stub;

class RunServiceTest : public ::testing::Test {
 protected:
  void SetUp() override { Start(); }

  void Start() {
    served_.Start();
    stub_ = v1::RunService::NewStub(served_.Connect());
  }

  grpc::Status Submit(const v1::SubmitRunRequest& request, v1::Run* run) {
    v1::SubmitRunResponse response;
    grpc::Status status = Call(*stub_, &Stub::SubmitRun, request, &response);
    *run = response.run();
    return status;
  }
  v1::Run Submit(const v1::RunSpec& spec) {
    v1::SubmitRunRequest request;
    *request.mutable_spec() = spec;
    v1::Run run;
    const grpc::Status status = Submit(request, &run);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return run;
  }
  grpc::Status Get(const std::string& name, v1::Run* run) {
    v1::GetRunRequest request;
    request.set_name(name);
    v1::GetRunResponse response;
    grpc::Status status = Call(*stub_, &Stub::GetRun, request, &response);
    *run = response.run();
    return status;
  }

  Served served_;
  std::unique_ptr<Stub> stub_;
};

TEST_F(RunServiceTest, ASubmittedRunIsShownWholeAndSaysWhyItWaits) {
  v1::SubmitRunRequest request;
  *request.mutable_spec() = SmallSpec();
  request.mutable_submitter()->set_user("somebody else");
  request.mutable_submitter()->set_host("laptop");
  request.mutable_submitter()->set_program("steelyard");
  v1::Run run;
  ASSERT_TRUE(Submit(request, &run).ok());
  EXPECT_EQ(run.name(), "experiments/default/runs/1");
  EXPECT_EQ(run.state(), v1::RUN_STATE_QUEUED);
  EXPECT_EQ(run.submitter().user(), UserName(geteuid()));
  EXPECT_EQ(run.submitter().host(), "laptop");
  EXPECT_FALSE(run.submitted_spec().has_loss());
  EXPECT_TRUE(run.spec().loss().has_logistic());
  ASSERT_GE(run.waiting_size(), 1);
  EXPECT_EQ(run.waiting(0).code(), v1::WAITING_CODE_NO_FREE_WORKER);
  v1::Run found;
  ASSERT_TRUE(Get("experiments/-/runs/1", &found).ok());
  EXPECT_EQ(found.SerializeAsString(), run.SerializeAsString());
}

TEST_F(RunServiceTest, ABadRequestNamesEveryField) {
  v1::SubmitRunRequest request;
  *request.mutable_spec() = SmallSpec();
  request.set_request_id(std::string(64, 'x'));
  request.mutable_submitter()->set_host(std::string(256, 'x'));
  request.mutable_spec()->mutable_stop()->set_steps(0);
  request.mutable_spec()->mutable_weighting()->mutable_per_class()->set_ratio(
      -1);
  v1::Run run;
  const grpc::Status status = Submit(request, &run);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(
      ViolatedFields(status),
      UnorderedElementsAre("request_id", "submitter.host", "spec.stop.steps",
                           "spec.weighting.per_class.ratio"));
}

TEST_F(RunServiceTest, ARequestIdIsPrintable) {
  v1::SubmitRunRequest request;
  *request.mutable_spec() = SmallSpec();
  v1::Run run;
  for (const std::string& id : {std::string("a\0b", 3), std::string("\x1b[31m"),
                                std::string("\x7f"), std::string("\u00e9")}) {
    request.set_request_id(id);
    const grpc::Status status = Submit(request, &run);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(ViolatedFields(status), ElementsAre("request_id"));
  }
  request.set_request_id("A request of ~63 bytes!");
  EXPECT_TRUE(Submit(request, &run).ok());
}

TEST_F(RunServiceTest, AMissingDatasetIsNotFoundByNameAndPlace) {
  v1::SubmitRunRequest request;
  *request.mutable_spec() = SmallSpec();
  request.mutable_spec()->mutable_data()->mutable_csv()->set_dataset("mine");
  v1::Run run;
  const grpc::Status status = Submit(request, &run);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(ViolatedFields(status), ElementsAre("spec.data.csv.dataset"));
  EXPECT_THAT(status.error_message(), HasSubstr("\"mine\""));
}

// Beside a fault of the text, and beside one that only the summaries show.
TEST_F(RunServiceTest, MissingDatasetsStandAmongTheOtherFaults) {
  const std::string user = UserName(geteuid());
  const storage::Sha256 good =
      served_.AddDataset("a,y\n1,1\n2,-1\n", user, "good");
  ScriptedWorker worker(&served_.engine(), "w1");
  worker.Inspected(worker.WaitForInspection());
  const auto reader = served_.OpenReader();
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (reader->GetDataset(good, user)->state !=
             storage::DatasetState::kReady &&
         absl::Now() < deadline) {
  }
  const std::string rest =
      "data: {csv: {dataset: good}}\n"
      "test_sets: {a: {csv: {dataset: gone}}}\n"
      "optimizer: {gradient_descent: {learning_rate: 1}}\n"
      "stop: {steps: 1}\n";
  // The worker's summary has no column to be the label's.
  for (const char* seed : {"x", "1"}) {
    v1::ParseSpecRequest request;
    request.set_text(absl::StrCat(rest, "seed: ", seed, "\n"));
    v1::ParseSpecResponse response;
    const grpc::Status status =
        Call(*stub_, &Stub::ParseSpec, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    std::vector<std::string> paths;
    for (const v1::SpecFault& it : response.faults()) {
      paths.push_back(it.path());
      EXPECT_GT(it.line(), 0);
    }
    std::vector<std::string> wanted = {"data.csv.dataset",
                                       "test_sets.a.csv.dataset"};
    if (*seed == 'x') wanted.emplace_back("seed");
    EXPECT_THAT(paths, UnorderedElementsAreArray(wanted));
  }
}

TEST_F(RunServiceTest, AMissingDatasetStandsBesideTheFaultsOfASubmission) {
  v1::SubmitRunRequest request;
  *request.mutable_spec() = SmallSpec();
  request.mutable_spec()->mutable_data()->mutable_csv()->set_dataset("gone");
  request.mutable_spec()->mutable_stop()->set_steps(0);
  v1::Run run;
  const grpc::Status status = Submit(request, &run);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(ViolatedFields(status),
              UnorderedElementsAre("spec.stop.steps", "spec.data.csv.dataset"));
}

// Some files are still to be uploaded, and one dataset will not come.
TEST_F(RunServiceTest, AFileThatIsToComeHidesNoMissingDataset) {
  v1::ParseSpecRequest request;
  request.set_text(
      "data: {csv: {file: a.csv}}\n"
      "test_sets: {a: {csv: {dataset: gone}}}\n"
      "optimizer: {gradient_descent: {learning_rate: 1}}\n"
      "stop: {steps: 1}\n");
  v1::ParseSpecResponse response;
  ASSERT_TRUE(Call(*stub_, &Stub::ParseSpec, request, &response).ok());
  EXPECT_EQ(response.unresolved_files_size(), 1);
  ASSERT_EQ(response.faults_size(), 1);
  EXPECT_EQ(response.faults(0).path(), "test_sets.a.csv.dataset");
  EXPECT_EQ(response.faults(0).line(), 2);
}

TEST_F(RunServiceTest, AnotherUsersExperimentIsRefusedWhenTheTextIsParsed) {
  storage::AddRun theirs = storage::NewRun(0);
  theirs.experiment = "theirs";
  theirs.user = "bob";
  Answer<storage::RunId> answer;
  served_.engine().SubmitRun(std::move(theirs), answer.reply());
  ASSERT_TRUE(answer.Get().ok());
  v1::ParseSpecRequest request;
  v1::ParseSpecResponse response;
  request.set_text(
      "experiment: theirs\n"
      "data: {inline: {features: [[1]], labels: [1]}}\n"
      "optimizer: {gradient_descent: {learning_rate: 1}}\n"
      "stop: {steps: 1}\n");
  const grpc::Status status =
      Call(*stub_, &Stub::ParseSpec, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(status.error_message(), HasSubstr("which is bob's"));
}

// Not even by its hash: that it exists is the owner's to tell.
TEST_F(RunServiceTest, AnotherUsersDatasetIsNotFound) {
  const storage::Sha256 theirs =
      served_.AddDataset("a,y\n1,1\n2,-1\n", "bob", "data");
  const storage::Sha256 shared =
      served_.AddDataset("a,y\n1,1\n3,-1\n", "bob", "open", true);
  v1::SubmitRunRequest request;
  *request.mutable_spec() = SmallSpec();
  v1::CsvData* csv = request.mutable_spec()->mutable_data()->mutable_csv();
  v1::Run run;
  csv->set_dataset("sha256/" + theirs.hex);
  EXPECT_EQ(Submit(request, &run).error_code(), grpc::StatusCode::NOT_FOUND);
  csv->set_dataset("open");
  EXPECT_EQ(Submit(request, &run).error_code(), grpc::StatusCode::NOT_FOUND);
  csv->set_dataset("sha256/" + shared.hex);
  ASSERT_TRUE(Submit(request, &run).ok());
  EXPECT_EQ(run.spec().data().csv().dataset(), "sha256/" + shared.hex);
}

TEST_F(RunServiceTest, ALabelBecomesTheHashItStandsFor) {
  const storage::Sha256 mine =
      served_.AddDataset("a,y\n1,1\n2,-1\n", UserName(geteuid()), "mine");
  v1::RunSpec spec = SmallSpec();
  spec.mutable_data()->mutable_csv()->set_dataset("mine");
  const v1::Run run = Submit(spec);
  EXPECT_EQ(run.submitted_spec().data().csv().dataset(), "mine");
  EXPECT_EQ(run.spec().data().csv().dataset(), "sha256/" + mine.hex);
  bool waits = false;
  for (const v1::WaitingReason& reason : run.waiting()) {
    waits |= reason.code() == v1::WAITING_CODE_DATASET_PENDING;
  }
  EXPECT_TRUE(waits) << run.DebugString();
}

TEST_F(RunServiceTest, ARepeatedRequestIsTheSameRun) {
  v1::SubmitRunRequest request;
  *request.mutable_spec() = SmallSpec();
  request.set_request_id("once");
  v1::Run first;
  v1::Run second;
  ASSERT_TRUE(Submit(request, &first).ok());
  served_.Stop();
  Start();
  ASSERT_TRUE(Submit(request, &second).ok());
  EXPECT_EQ(first.name(), second.name());
  request.mutable_spec()->set_seed(2);
  EXPECT_EQ(Submit(request, &second).error_code(),
            grpc::StatusCode::ALREADY_EXISTS);
}

TEST_F(RunServiceTest, ARunThatIsNotThereIsNamed) {
  Submit(SmallSpec());
  v1::Run run;
  const grpc::Status missing = Get("experiments/default/runs/7", &run);
  EXPECT_EQ(missing.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(missing.error_message(), HasSubstr("default/runs/7"));
  EXPECT_EQ(Get("experiments/other/runs/1", &run).error_code(),
            grpc::StatusCode::NOT_FOUND);
  const grpc::Status wrong = Get("runs/1", &run);
  EXPECT_EQ(wrong.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(ViolatedFields(wrong), ElementsAre("name"));
}

// -0.0 is stored as +0.0, and there is one NaN; all else keeps its bits.
TEST_F(RunServiceTest, StrangeValuesSurviveWorkerStoreAndAnswer) {
  const std::vector<double> values = {
      -0.0,   std::nan(""), std::numeric_limits<double>::infinity(),
      5e-324, 1.7e308,      -std::numeric_limits<double>::infinity()};
  v1::SampleBatch batch = SampleRange(0, static_cast<int64_t>(values.size()));
  for (size_t i = 0; i < values.size(); ++i) {
    batch.set_value(static_cast<int>(i), values[i]);
  }
  ScriptedWorker worker(&served_.engine(), "w1");
  Submit(SmallSpec());
  worker.Finish(worker.WaitForTraining(), batch);
  v1::QueryMetricsRequest request;
  request.add_runs("experiments/default/runs/1");
  v1::QueryMetricsResponse response;
  ASSERT_TRUE(Call(*stub_, &Stub::QueryMetrics, request, &response).ok());
  const auto& got = response.series(0).samples().value();
  ASSERT_EQ(got.size(), static_cast<int>(values.size()));
  EXPECT_EQ(std::bit_cast<uint64_t>(got[0]), 0u);
  EXPECT_TRUE(std::isnan(got[1]));
  for (int i = 2; i < got.size(); ++i) {
    EXPECT_EQ(std::bit_cast<uint64_t>(got[i]),
              std::bit_cast<uint64_t>(values[static_cast<size_t>(i)]));
  }
  v1::Run run;
  ASSERT_TRUE(Get("experiments/-/runs/1", &run).ok());
  EXPECT_EQ(run.final_metrics(0).value(), values.back());
}

TEST_F(RunServiceTest, ACancelledRunStaysSoAndAnEndedOneIsLeftAlone) {
  Submit(SmallSpec());
  v1::CancelRunRequest request;
  v1::CancelRunResponse response;
  request.set_name("experiments/default/runs/1");
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(Call(*stub_, &Stub::CancelRun, request, &response).ok());
    EXPECT_EQ(response.run().state(), v1::RUN_STATE_CANCELLED);
    EXPECT_EQ(response.run().result().ended_by(), v1::ENDED_BY_CANCELLATION);
  }
  ScriptedWorker worker(&served_.engine(), "w1");
  Submit(SmallSpec());
  worker.Finish(worker.WaitForTraining(), SampleRange(0, 1));
  request.set_name("experiments/default/runs/2");
  EXPECT_EQ(Call(*stub_, &Stub::CancelRun, request, &response).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
  request.set_name("experiments/other/runs/2");
  EXPECT_EQ(Call(*stub_, &Stub::CancelRun, request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

// Its worker goes on, and nothing of what it reports is to be seen.
TEST_F(RunServiceTest, ARunningRunSaysThatTheDiskIsFull) {
  stub_.reset();
  served_.Stop();
  storage::RegisterFaultVfs();
  served_.set_vfs(storage::kFaultVfs);
  Start();
  ScriptedWorker worker(&served_.engine(), "w1");
  const std::string name = Submit(SmallSpec()).name();
  const v1::TrainLease lease = worker.WaitForTraining();
  worker.Report(lease, SampleRange(0, 1));
  v1::Run run;
  ASSERT_TRUE(Get(name, &run).ok());
  EXPECT_EQ(run.waiting_size(), 0);
  storage::Faults().disk_full = true;
  std::jthread report([&] { worker.Report(lease, SampleRange(1, 1)); });
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (run.waiting_size() == 0 && absl::Now() < deadline) {
    ASSERT_TRUE(Get(name, &run).ok());
  }
  EXPECT_EQ(run.state(), v1::RUN_STATE_RUNNING);
  ASSERT_EQ(run.waiting_size(), 1);
  EXPECT_EQ(run.waiting(0).code(), v1::WAITING_CODE_STORE);
  storage::Faults().disk_full = false;
  report.join();
  ASSERT_TRUE(Get(name, &run).ok());
  EXPECT_EQ(run.waiting_size(), 0);
  EXPECT_EQ(run.sample_count(), 2);
}

TEST_F(RunServiceTest, ATextIsParsedWithItsFaultsAndThenItsDefaults) {
  v1::ParseSpecRequest request;
  v1::ParseSpecResponse response;
  request.set_text("seed: x\nlos: 1\n");
  ASSERT_TRUE(Call(*stub_, &Stub::ParseSpec, request, &response).ok());
  EXPECT_GE(response.faults_size(), 2);
  EXPECT_FALSE(response.has_normalized_spec());
  request.set_text(
      "data: {csv: {file: a.csv}}\n"
      "optimizer: {gradient_descent: {learning_rate: 1}}\n"
      "stop: {steps: 1}\n");
  ASSERT_TRUE(Call(*stub_, &Stub::ParseSpec, request, &response).ok());
  ASSERT_EQ(response.unresolved_files_size(), 1);
  (*request.mutable_files())["a.csv"] = "sha256/" + std::string(64, 'a');
  const grpc::Status missing =
      Call(*stub_, &Stub::ParseSpec, request, &response);
  EXPECT_EQ(missing.error_code(), grpc::StatusCode::NOT_FOUND);
  const storage::Sha256 file =
      served_.AddDataset("a,y\n1,1\n2,-1\n", UserName(geteuid()), "");
  (*request.mutable_files())["a.csv"] = "sha256/" + file.hex;
  ASSERT_TRUE(Call(*stub_, &Stub::ParseSpec, request, &response).ok());
  EXPECT_EQ(response.faults_size(), 0);
  EXPECT_EQ(response.normalized_spec().experiment(), "default");
}

}  // namespace
}  // namespace steelyard::server
