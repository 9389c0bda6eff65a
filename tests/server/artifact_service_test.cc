#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/rpc/status.pb.h"
#include "steelyard/v1/run_service.grpc.pb.h"
#include "tests/server/served.h"

// RunService.ListArtifacts and GetArtifact.
namespace steelyard::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Stub = v1::RunService::Stub;

constexpr char kRun[] = "experiments/default/runs/1";

class ArtifactServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    served_.Start();
    stub_ = v1::RunService::NewStub(served_.Connect());
    v1::SubmitRunRequest request;
    *request.mutable_spec() = SmallSpec();
    v1::SubmitRunResponse response;
    ASSERT_TRUE(Call(*stub_, &Stub::SubmitRun, request, &response).ok());
    worker_ = std::make_unique<ScriptedWorker>(&served_.engine(), "w1");
    lease_ = worker_->WaitForTraining();
  }
  void TearDown() override { worker_.reset(); }

  grpc::Status List(const v1::ListArtifactsRequest& request,
                    v1::ListArtifactsResponse* response) {
    return Call(*stub_, &Stub::ListArtifacts, request, response);
  }
  std::vector<std::string> Names() {
    v1::ListArtifactsRequest request;
    request.set_parent(kRun);
    v1::ListArtifactsResponse response;
    EXPECT_TRUE(List(request, &response).ok());
    std::vector<std::string> names;
    for (const v1::Artifact& artifact : response.artifacts()) {
      names.push_back(artifact.name());
    }
    return names;
  }

  struct Got {
    grpc::Status status;
    v1::Artifact artifact;
    std::string bytes;
    size_t largest = 0;
  };
  Got Get(const std::string& name) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(30));
    v1::GetArtifactRequest request;
    request.set_name(name);
    const auto reader = stub_->GetArtifact(&context, request);
    Got got;
    v1::GetArtifactResponse response;
    for (int i = 0; reader->Read(&response); ++i) {
      EXPECT_EQ(response.has_artifact(), i == 0);
      if (i == 0) got.artifact = response.artifact();
      got.bytes += response.chunk();
      got.largest = std::max(got.largest, response.chunk().size());
    }
    got.status = reader->Finish();
    return got;
  }

  Served served_;
  std::unique_ptr<Stub> stub_;
  std::unique_ptr<ScriptedWorker> worker_;
  v1::TrainLease lease_;
};

TEST_F(ArtifactServiceTest, WhatAWorkerGaveComesBackByteForByte) {
  std::string bytes;
  for (int i = 0; std::ssize(bytes) < (5 << 19); ++i) {
    absl::StrAppend(&bytes, i, "\n");
  }
  worker_->Give(lease_, "long.txt", bytes, 700'000);
  const Got got = Get(absl::StrCat(kRun, "/artifacts/long.txt"));
  ASSERT_TRUE(got.status.ok()) << got.status.error_message();
  EXPECT_EQ(got.bytes, bytes);
  EXPECT_EQ(got.largest, 1u << 20);
  EXPECT_EQ(got.artifact.name(), absl::StrCat(kRun, "/artifacts/long.txt"));
  EXPECT_EQ(got.artifact.size_bytes(), std::ssize(bytes));
  EXPECT_EQ(got.artifact.sha256(), storage::HashOf(bytes).hex);
  EXPECT_EQ(got.artifact.media_type(), "text/plain");
  EXPECT_GT(got.artifact.create_time().seconds(), 0);
}

TEST_F(ArtifactServiceTest, TheyAreThereWhileTheRunGoesOnAndAfterItsEnd) {
  EXPECT_THAT(Names(), IsEmpty());
  worker_->Give(lease_, "a", "whole");
  EXPECT_THAT(Names(), ElementsAre(absl::StrCat(kRun, "/artifacts/a")));
  worker_->Finish(lease_, SampleRange(0, 1));
  EXPECT_THAT(Names(), ElementsAre(absl::StrCat(kRun, "/artifacts/a")));
}

TEST_F(ArtifactServiceTest, AnyExperimentFindsIt) {
  worker_->Give(lease_, "a", "x");
  const Got got = Get("experiments/-/runs/1/artifacts/a");
  EXPECT_TRUE(got.status.ok());
  EXPECT_EQ(got.artifact.name(), absl::StrCat(kRun, "/artifacts/a"));
}

TEST_F(ArtifactServiceTest, PagesHoldEachOnce) {
  for (const char* name : {"c", "a", "b"}) worker_->Give(lease_, name, name);
  v1::ListArtifactsRequest request;
  request.set_parent(kRun);
  request.set_page_size(2);
  v1::ListArtifactsResponse page;
  ASSERT_TRUE(List(request, &page).ok());
  ASSERT_EQ(page.artifacts_size(), 2);
  EXPECT_EQ(page.artifacts(1).name(), absl::StrCat(kRun, "/artifacts/b"));
  request.set_page_token(page.next_page_token());
  ASSERT_TRUE(List(request, &page).ok());
  ASSERT_EQ(page.artifacts_size(), 1);
  EXPECT_EQ(page.artifacts(0).name(), absl::StrCat(kRun, "/artifacts/c"));
  EXPECT_EQ(page.next_page_token(), "");
  request.set_parent("experiments/-/runs/1");
  EXPECT_EQ(List(request, &page).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  request.clear_page_token();
  request.set_page_size(1001);
  EXPECT_EQ(List(request, &page).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ArtifactServiceTest, ErrorsNameWhatIsMissingOrWrong) {
  v1::ListArtifactsRequest request;
  v1::ListArtifactsResponse page;
  request.set_parent("experiments/default/runs/9");
  EXPECT_EQ(List(request, &page).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(List(request, &page).error_message(), HasSubstr("runs/9"));
  request.set_parent("runs/1");
  EXPECT_EQ(List(request, &page).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);

  for (const char* name : {"experiments/default/runs/9/artifacts/a",
                           "experiments/other/runs/1/artifacts/a"}) {
    const Got got = Get(name);
    EXPECT_EQ(got.status.error_code(), grpc::StatusCode::NOT_FOUND) << name;
    EXPECT_THAT(got.status.error_message(), HasSubstr("run: no experiments/"));
  }
  const Got none = Get(absl::StrCat(kRun, "/artifacts/none"));
  EXPECT_EQ(none.status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(none.status.error_message(), HasSubstr("runs/1 has no none"));
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(none.status.error_details()));
  EXPECT_EQ(details.code(), grpc::StatusCode::NOT_FOUND);
  const Got wrong = Get(absl::StrCat(kRun, "/artifacts/../a"));
  EXPECT_EQ(wrong.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ArtifactServiceTest, DamageIsDataLoss) {
  worker_->Give(lease_, "a", "bytes");
  const std::string path = absl::StrCat(served_.folder(), "/artifacts/",
                                        storage::HashOf("bytes").hex);
  std::ofstream(path) << "bites";
  Got got = Get(absl::StrCat(kRun, "/artifacts/a"));
  EXPECT_EQ(got.status.error_code(), grpc::StatusCode::DATA_LOSS);
  std::filesystem::remove(path);
  got = Get(absl::StrCat(kRun, "/artifacts/a"));
  EXPECT_EQ(got.status.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_THAT(got.status.error_message(), HasSubstr("artifacts/a"));
}

}  // namespace
}  // namespace steelyard::server
