#include "server/list_pages.h"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "steelyard/v1/run_service.grpc.pb.h"
#include "tests/server/served.h"

namespace steelyard::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Stub = v1::RunService::Stub;

class ListPagesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    served_.Start();
    stub_ = v1::RunService::NewStub(served_.Connect());
  }

  void Submit(const v1::RunSpec& spec) {
    v1::SubmitRunRequest request;
    *request.mutable_spec() = spec;
    v1::SubmitRunResponse response;
    const grpc::Status status =
        Call(*stub_, &Stub::SubmitRun, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
  v1::ListRunsResponse List(const v1::ListRunsRequest& request) {
    v1::ListRunsResponse response;
    const grpc::Status status =
        Call(*stub_, &Stub::ListRuns, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  Served served_;
  std::unique_ptr<Stub> stub_;
};

TEST_F(ListPagesTest, PagesHoldEachRunOnceThoughNewOnesCome) {
  for (int i = 1; i <= 5; ++i) {
    v1::RunSpec spec = SmallSpec();
    (*spec.mutable_labels())["odd"] = i % 2 == 1 ? "yes" : "no";
    Submit(spec);
  }
  v1::ListRunsRequest request;
  request.set_parent("experiments/-");
  request.set_filter("labels.odd = \"yes\" AND state = queued");
  request.set_page_size(2);
  v1::ListRunsResponse page = List(request);
  ASSERT_EQ(page.runs_size(), 2);
  EXPECT_EQ(page.runs(0).name(), "experiments/default/runs/5");
  EXPECT_EQ(page.runs(1).name(), "experiments/default/runs/3");
  EXPECT_EQ(page.runs(0).spec().data().inline_().labels_size(), 0);
  Submit(SmallSpec());
  request.set_page_token(page.next_page_token());
  page = List(request);
  ASSERT_EQ(page.runs_size(), 1);
  EXPECT_EQ(page.runs(0).name(), "experiments/default/runs/1");
  EXPECT_EQ(page.next_page_token(), "");
}

TEST_F(ListPagesTest, AListSaysHowFarTheRunningOnesAre) {
  Submit(SmallSpec());
  ScriptedWorker first(&served_.engine(), "w1");
  const v1::TrainLease ahead = first.WaitForTraining();
  Submit(SmallSpec());
  ScriptedWorker second(&served_.engine(), "w2");
  const v1::TrainLease silent = second.WaitForTraining();
  Submit(SmallSpec());
  first.Progress(ahead, 7);
  // Reports come behind the progress: it has been heard when they are stored.
  first.Report(ahead, SampleRange(0, 1));
  second.Report(silent, SampleRange(0, 1));
  v1::ListRunsRequest request;
  request.set_parent("experiments/-");
  const v1::ListRunsResponse page = List(request);
  ASSERT_EQ(page.runs_size(), 3);
  EXPECT_EQ(page.runs(0).state(), v1::RUN_STATE_QUEUED);
  EXPECT_FALSE(page.runs(0).has_progress());
  EXPECT_EQ(page.runs(1).state(), v1::RUN_STATE_RUNNING);
  EXPECT_FALSE(page.runs(1).has_progress());
  EXPECT_EQ(page.runs(2).progress().step(), 7);
}

TEST_F(ListPagesTest, AWrongListRequestNamesItsField) {
  v1::ListRunsRequest request;
  v1::ListRunsResponse response;
  EXPECT_THAT(ViolatedFields(Call(*stub_, &Stub::ListRuns, request, &response)),
              ElementsAre("parent"));
  request.set_parent("experiments/-");
  request.set_filter("state = NONE");
  const grpc::Status status = Call(*stub_, &Stub::ListRuns, request, &response);
  EXPECT_THAT(status.error_message(), HasSubstr("filter:9: want QUEUED"));
  request.set_filter("");
  request.set_page_size(1001);
  EXPECT_THAT(ViolatedFields(Call(*stub_, &Stub::ListRuns, request, &response)),
              ElementsAre("page_size"));
  request.set_page_size(0);
  request.set_page_token("x");
  EXPECT_THAT(ViolatedFields(Call(*stub_, &Stub::ListRuns, request, &response)),
              ElementsAre("page_token"));
}

TEST_F(ListPagesTest, MetricsOfSeveralRunsComeInPages) {
  ScriptedWorker worker(&served_.engine(), "w1");
  for (int i = 0; i < 2; ++i) {
    Submit(SmallSpec());
    worker.Finish(worker.WaitForTraining(), SampleRange(0, 5));
  }
  v1::QueryMetricsRequest request;
  request.add_runs("experiments/default/runs/1");
  request.add_runs("experiments/-/runs/2");
  request.add_metrics("train/loss");
  request.set_page_size(3);
  std::vector<std::string> got;
  int pages = 0;
  do {
    v1::QueryMetricsResponse page;
    const grpc::Status status =
        Call(*stub_, &Stub::QueryMetrics, request, &page);
    ASSERT_TRUE(status.ok()) << status.error_message();
    ++pages;
    int values = 0;
    for (const v1::RunSamples& series : page.series()) {
      for (const double value : series.samples().value()) {
        got.push_back(absl::StrCat(series.run(), " ", value));
        ++values;
      }
    }
    EXPECT_LE(values, 3);
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(pages, 4);
  std::vector<std::string> want;
  for (int run = 1; run <= 2; ++run) {
    for (int i = 0; i < 5; ++i) {
      want.push_back(absl::StrCat("experiments/default/runs/", run, " ", i));
    }
  }
  EXPECT_EQ(got, want);
}

TEST_F(ListPagesTest, AQueryNamesTheRunThatIsWrong) {
  Submit(SmallSpec());
  v1::QueryMetricsRequest request;
  v1::QueryMetricsResponse response;
  EXPECT_THAT(
      ViolatedFields(Call(*stub_, &Stub::QueryMetrics, request, &response)),
      ElementsAre("runs"));
  request.add_runs("experiments/default/runs/1");
  request.add_runs("x");
  const grpc::Status wrong =
      Call(*stub_, &Stub::QueryMetrics, request, &response);
  EXPECT_THAT(ViolatedFields(wrong), ElementsAre("runs[1]"));
  request.set_runs(1, "experiments/default/runs/9");
  const grpc::Status missing =
      Call(*stub_, &Stub::QueryMetrics, request, &response);
  EXPECT_EQ(missing.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(missing.error_message(), HasSubstr("runs/9"));
}

}  // namespace
}  // namespace steelyard::server
