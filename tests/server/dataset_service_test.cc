#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "steelyard/v1/dataset_service.grpc.pb.h"
#include "storage/uploads.h"
#include "tests/server/served.h"

namespace steelyard::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Stub = v1::DatasetService::Stub;

const char kCsv[] = "a,y\n1,1\n2,-1\n";

v1::UploadHeader Header(const std::string& bytes) {
  v1::UploadHeader header;
  header.set_sha256(storage::HashOf(bytes).hex);
  header.set_size_bytes(static_cast<int64_t>(bytes.size()));
  header.set_form(v1::DATASET_FORM_CSV);
  return header;
}

class DatasetServiceTest : public ::testing::Test {
 protected:
  void Start() {
    served_.Start();
    if (HasFatalFailure()) return;
    stub_ = v1::DatasetService::NewStub(served_.Connect());
  }

  // Sends `bytes` in chunks until the server has answered.
  grpc::Status Upload(const v1::UploadHeader& header, const std::string& bytes,
                      v1::Dataset* dataset, size_t chunk_bytes = 1000) {
    grpc::ClientContext context;
    v1::UploadDatasetResponse response;
    const auto writer = stub_->UploadDataset(&context, &response);
    v1::UploadDatasetRequest request;
    *request.mutable_header() = header;
    bool open = writer->Write(request);
    chunks_sent_ = 0;
    for (size_t at = 0; open && at < bytes.size(); at += chunk_bytes) {
      request.set_chunk(bytes.substr(at, chunk_bytes));
      open = writer->Write(request);
      ++chunks_sent_;
    }
    writer->WritesDone();
    grpc::Status status = writer->Finish();
    *dataset = response.dataset();
    return status;
  }
  grpc::Status Get(const std::string& name, v1::Dataset* dataset) {
    v1::GetDatasetRequest request;
    request.set_name(name);
    v1::GetDatasetResponse response;
    grpc::Status status = Call(*stub_, &Stub::GetDataset, request, &response);
    *dataset = response.dataset();
    return status;
  }
  void WaitUntilReady(const std::string& name, v1::Dataset* dataset) {
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    do {
      ASSERT_TRUE(Get(name, dataset).ok());
    } while (dataset->state() == v1::DATASET_STATE_PENDING &&
             absl::Now() < deadline);
  }
  grpc::Status GetUpload(const std::string& bytes, v1::Upload* upload) {
    v1::GetUploadRequest request;
    request.set_name("uploads/" + storage::HashOf(bytes).hex);
    v1::GetUploadResponse response;
    grpc::Status status = Call(*stub_, &Stub::GetUpload, request, &response);
    *upload = response.upload();
    return status;
  }
  // Sends the first `count` bytes, and returns when the server has seen that no
  // more come.
  void Abandon(const std::string& bytes, size_t count) {
    {
      grpc::ClientContext context;
      v1::UploadDatasetResponse response;
      const auto writer = stub_->UploadDataset(&context, &response);
      v1::UploadDatasetRequest request;
      *request.mutable_header() = Header(bytes);
      ASSERT_TRUE(writer->Write(request));
      request.set_chunk(bytes.substr(0, count));
      ASSERT_TRUE(writer->Write(request));
      WaitForUpload(bytes, [count](const v1::Upload& upload) {
        return upload.received_bytes() == static_cast<int64_t>(count);
      });
      context.TryCancel();
      EXPECT_FALSE(writer->Finish().ok());
    }
    WaitForUpload(bytes,
                  [](const v1::Upload& upload) { return !upload.under_way(); });
  }
  template <typename Condition>
  void WaitForUpload(const std::string& bytes, Condition condition) {
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    v1::Upload upload;
    while (!GetUpload(bytes, &upload).ok() || !condition(upload)) {
      ASSERT_LT(absl::Now(), deadline);
    }
  }
  std::vector<std::string> StoredFiles() {
    std::vector<std::string> names;
    for (const auto& file :
         std::filesystem::directory_iterator(served_.folder() + "/files")) {
      names.push_back(file.path().filename().string());
    }
    return names;
  }

  Served served_;
  std::unique_ptr<Stub> stub_;
  int chunks_sent_ = 0;
};

TEST_F(DatasetServiceTest, AnUploadIsFoundByHashAndLabelAndInspected) {
  Start();
  v1::UploadHeader header = Header(kCsv);
  header.set_label("mine");
  v1::Dataset dataset;
  const grpc::Status status = Upload(header, kCsv, &dataset, 5);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(dataset.name(), "datasets/" + header.sha256());
  EXPECT_EQ(dataset.state(), v1::DATASET_STATE_PENDING);
  EXPECT_EQ(dataset.owner(), UserName(geteuid()));
  EXPECT_EQ(served_.files().Get({header.sha256()}).value(), kCsv);
  ScriptedWorker worker(&served_.engine(), "w1");
  worker.Inspected(worker.WaitForInspection());
  WaitUntilReady("datasets/mine", &dataset);
  EXPECT_EQ(dataset.state(), v1::DATASET_STATE_READY);
  EXPECT_EQ(dataset.summary().shape_size(), 2);
}

TEST_F(DatasetServiceTest, WhatTheServerHasIsNotTakenAgain) {
  Start();
  const std::string bytes(1'000'000, '7');
  v1::Dataset dataset;
  ASSERT_TRUE(Upload(Header(bytes), bytes, &dataset).ok());
  // Announced alone, without a byte of it.
  v1::UploadHeader again = Header(bytes);
  again.set_label("named");
  ASSERT_TRUE(Upload(again, "", &dataset).ok());
  EXPECT_EQ(dataset.label(), "named");
}

// That others have it must not be told.
TEST_F(DatasetServiceTest, WhatAnotherUserHasIsTakenAgain) {
  Start();
  served_.AddDataset(kCsv, "bob", "theirs");
  v1::Dataset dataset;
  EXPECT_EQ(Get("datasets/" + Header(kCsv).sha256(), &dataset).error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Get("datasets/theirs", &dataset).error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Upload(Header(kCsv), "", &dataset).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(Upload(Header(kCsv), kCsv, &dataset).ok());
  EXPECT_EQ(dataset.owner(), UserName(geteuid()));
}

TEST_F(DatasetServiceTest, OtherBytesThanAnnouncedLeaveNothing) {
  Start();
  const std::string bytes = kCsv;
  std::string other = bytes;
  std::reverse(other.begin(), other.end());
  v1::Dataset dataset;
  for (const std::string& sent :
       {other, bytes + "x", bytes.substr(1), std::string()}) {
    const grpc::Status status = Upload(Header(bytes), sent, &dataset, 5);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
        << status.error_message();
  }
  EXPECT_THAT(StoredFiles(), ElementsAre());
  EXPECT_EQ(Get("datasets/" + Header(bytes).sha256(), &dataset).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(DatasetServiceTest, ABadHeaderNamesEveryField) {
  Start();
  v1::UploadHeader header;
  header.set_label("A B");
  v1::Dataset dataset;
  EXPECT_THAT(ViolatedFields(Upload(header, "", &dataset)),
              ElementsAre("header.sha256", "header.size_bytes", "header.form",
                          "header.label"));
}

TEST_F(DatasetServiceTest, TheSameBytesInAnotherFormAreRefusedByName) {
  Start();
  v1::Dataset dataset;
  ASSERT_TRUE(Upload(Header(kCsv), kCsv, &dataset).ok());
  v1::UploadHeader header = Header(kCsv);
  header.set_form(v1::DATASET_FORM_IDX);
  const grpc::Status status = Upload(header, kCsv, &dataset);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(),
              HasSubstr("header.form: want CSV, in which the same bytes are "
                        "stored already, got IDX"));
}

TEST_F(DatasetServiceTest, SizesHaveLimits) {
  served_.options().limits.set_upload_bytes(20);
  served_.options().limits.set_upload_chunk_bytes(10);
  Start();
  v1::Dataset dataset;
  const std::string fits(20, 'x');
  EXPECT_TRUE(Upload(Header(fits), fits, &dataset, 10).ok());
  const std::string fits_not(21, 'x');
  const grpc::Status large = Upload(Header(fits_not), "", &dataset);
  EXPECT_EQ(large.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(large.error_message(), HasSubstr("at most 20"));
  const std::string other(20, 'y');
  EXPECT_THAT(Upload(Header(other), other, &dataset, 11).error_message(),
              HasSubstr("chunk: want at most 10 bytes, got 11"));
}

TEST_F(DatasetServiceTest, MessagesOutOfOrderAreRefused) {
  Start();
  grpc::ClientContext context;
  v1::UploadDatasetResponse response;
  const auto writer = stub_->UploadDataset(&context, &response);
  v1::UploadDatasetRequest request;
  request.set_chunk("x");
  writer->Write(request);
  const grpc::Status status = writer->Finish();
  EXPECT_THAT(ViolatedFields(status), ElementsAre("header"));
}

TEST_F(DatasetServiceTest, AnAbandonedUploadIsContinuedAfterARestart) {
  Start();
  Abandon(kCsv, 3);
  served_.Stop();  // waits for the server's side of the call
  EXPECT_THAT(StoredFiles(), ElementsAre());
  Start();
  v1::Upload upload;
  ASSERT_TRUE(GetUpload(kCsv, &upload).ok());
  EXPECT_EQ(upload.name(), "uploads/" + Header(kCsv).sha256());
  EXPECT_EQ(upload.received_bytes(), 3);
  EXPECT_FALSE(upload.under_way());
  const absl::Duration left =
      absl::FromUnixSeconds(upload.expire_time().seconds()) - absl::Now();
  EXPECT_GT(left, absl::Hours(7 * 24 - 1));
  EXPECT_LE(left, absl::Hours(7 * 24));

  v1::UploadHeader header = Header(kCsv);
  header.set_offset_bytes(3);
  v1::Dataset dataset;
  const grpc::Status status =
      Upload(header, std::string(kCsv).substr(3), &dataset, 4);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(served_.files().Get({header.sha256()}).value(), kCsv);
  EXPECT_EQ(GetUpload(kCsv, &upload).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(DatasetServiceTest, WrongBytesBehindAnotherCallsAreRefusedAndForgotten) {
  Start();
  Abandon(kCsv, 3);
  v1::UploadHeader header = Header(kCsv);
  header.set_offset_bytes(3);
  std::string rest = std::string(kCsv).substr(3);
  std::reverse(rest.begin(), rest.end());
  v1::Dataset dataset;
  EXPECT_EQ(Upload(header, rest, &dataset).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  v1::Upload upload;
  EXPECT_EQ(GetUpload(kCsv, &upload).error_code(), grpc::StatusCode::NOT_FOUND);
  header.set_offset_bytes(0);
  EXPECT_TRUE(Upload(header, kCsv, &dataset).ok());
}

TEST_F(DatasetServiceTest, AnUploadGoesOnWhereItBrokeOffAndNowhereElse) {
  Start();
  Abandon(kCsv, 3);
  v1::UploadHeader header = Header(kCsv);
  header.set_offset_bytes(4);
  v1::Dataset dataset;
  EXPECT_EQ(Upload(header, "", &dataset).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
  for (const int64_t offset : {-1, 1000}) {
    header.set_offset_bytes(offset);
    EXPECT_THAT(ViolatedFields(Upload(header, "", &dataset)),
                ElementsAre("header.offset_bytes"));
  }
}

// That others have begun with it must not be told.
TEST_F(DatasetServiceTest, AnotherUsersUploadIsNotFound) {
  Start();
  const auto uploads =
      storage::Uploads::Open(served_.folder(), &served_.files(), {}, absl::Now);
  ASSERT_TRUE(uploads.ok());
  const storage::Uploads::Key theirs = {"bob", storage::HashOf(kCsv)};
  ASSERT_TRUE((*uploads)->Start(theirs, 14, 0).value()->Append("a,y").ok());
  ASSERT_TRUE((*uploads)->Find(theirs).ok());
  v1::Upload upload;
  EXPECT_EQ(GetUpload(kCsv, &upload).error_code(), grpc::StatusCode::NOT_FOUND);
  v1::GetUploadRequest request;
  request.set_name("uploads/../x");
  v1::GetUploadResponse response;
  EXPECT_THAT(
      ViolatedFields(Call(*stub_, &Stub::GetUpload, request, &response)),
      ElementsAre("name"));
}

TEST_F(DatasetServiceTest, KeptUploadsHaveTheirLimits) {
  served_.options().limits.set_kept_uploads(2);
  Start();
  const std::vector<std::string> tables = {"a\n1\n", "a\n2\n", "a\n3\n"};
  v1::Upload upload;
  for (const std::string& bytes : tables) Abandon(bytes, 3);
  EXPECT_FALSE(GetUpload(tables[0], &upload).ok());
  EXPECT_TRUE(GetUpload(tables[1], &upload).ok());
  EXPECT_TRUE(GetUpload(tables[2], &upload).ok());
}

TEST_F(DatasetServiceTest, ADatasetSaysHowManyRunsReadIt) {
  Start();
  v1::Dataset dataset;
  ASSERT_TRUE(Upload(Header(kCsv), kCsv, &dataset).ok());
  EXPECT_EQ(dataset.run_count(), 0);
  for (int i = 0; i < 3; ++i) {
    storage::AddRun run;
    run.experiment = "default";
    run.user = "bob";
    run.spec = SmallSpec().SerializeAsString();
    run.datasets = {{Header(kCsv).sha256()}};
    std::promise<absl::Status> added;
    served_.engine().SubmitRun(
        std::move(run), [&](const absl::StatusOr<storage::RunId>& answer) {
          added.set_value(answer.status());
        });
    ASSERT_TRUE(added.get_future().get().ok());
  }
  ASSERT_TRUE(Get(dataset.name(), &dataset).ok());
  EXPECT_EQ(dataset.run_count(), 3);
  v1::ListDatasetsResponse page;
  ASSERT_TRUE(
      Call(*stub_, &Stub::ListDatasets, v1::ListDatasetsRequest(), &page).ok());
  ASSERT_EQ(page.datasets_size(), 1);
  EXPECT_EQ(page.datasets(0).run_count(), 3);
}

TEST_F(DatasetServiceTest, ThePreviewIsInGetDatasetAlone) {
  Start();
  v1::Dataset dataset;
  ASSERT_TRUE(Upload(Header(kCsv), kCsv, &dataset).ok());
  v1::InspectionReport report;
  report.set_dataset(dataset.name());
  report.mutable_summary()->add_shape(2);
  report.mutable_summary()->mutable_preview()->add_columns("a");
  ScriptedWorker worker(&served_.engine(), "w1");
  worker.WaitForInspection();
  worker.Inspected(report);
  WaitUntilReady(dataset.name(), &dataset);
  EXPECT_EQ(dataset.summary().preview().columns_size(), 1);
  v1::ListDatasetsResponse page;
  ASSERT_TRUE(
      Call(*stub_, &Stub::ListDatasets, v1::ListDatasetsRequest(), &page).ok());
  ASSERT_EQ(page.datasets_size(), 1);
  EXPECT_EQ(page.datasets(0).summary().shape_size(), 1);
  EXPECT_FALSE(page.datasets(0).summary().has_preview());
}

TEST_F(DatasetServiceTest, TheListHoldsOwnAndSharedOnesInPages) {
  Start();
  served_.AddDataset("a\n1\n", "bob", "secret");
  served_.AddDataset("a\n2\n", "bob", "open", true);
  for (int i = 0; i < 3; ++i) {
    const std::string bytes = "a\n1" + std::to_string(i) + "\n";
    v1::Dataset dataset;
    ASSERT_TRUE(Upload(Header(bytes), bytes, &dataset).ok());
  }
  v1::ListDatasetsRequest request;
  request.set_page_size(3);
  v1::ListDatasetsResponse page;
  ASSERT_TRUE(Call(*stub_, &Stub::ListDatasets, request, &page).ok());
  EXPECT_EQ(page.datasets_size(), 3);
  request.set_page_token(page.next_page_token());
  ASSERT_TRUE(Call(*stub_, &Stub::ListDatasets, request, &page).ok());
  ASSERT_EQ(page.datasets_size(), 1);
  EXPECT_EQ(page.datasets(0).label(), "open");
  EXPECT_EQ(page.next_page_token(), "");
}

}  // namespace
}  // namespace steelyard::server
