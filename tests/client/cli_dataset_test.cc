#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <vector>

#include "client/cli/file_hash.h"
#include "tests/client/command_run.h"
#include "tests/client/scripted_server.h"

namespace steelyard::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// A server that keeps datasets, and what it was sent.
class DatasetTest : public testing::Test {
 protected:
  DatasetTest() {
    server_.get_dataset = [this](const v1::GetDatasetRequest& request,
                                 v1::GetDatasetResponse& response) {
      const auto found = stored_.find(request.name());
      if (found == stored_.end()) {
        return grpc::Status(grpc::StatusCode::NOT_FOUND, request.name());
      }
      *response.mutable_dataset() = found->second;
      return grpc::Status::OK;
    };
    server_.upload_dataset = [this](const v1::UploadHeader& header,
                                    const std::string& bytes,
                                    v1::Dataset& dataset) {
      sent_.push_back(bytes);
      v1::Dataset& stored = stored_["datasets/" + header.sha256()];
      if (!stored.name().empty() && stored.form() != header.form()) {
        return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION,
                            "form: want the one that is stored");
      }
      stored.set_name("datasets/" + header.sha256());
      stored.set_form(header.form());
      stored.set_label(header.label());
      stored.set_state(v1::DATASET_STATE_READY);
      dataset = stored;
      return grpc::Status::OK;
    };
    run_.environment["STEELYARD_SERVER"] = server_.address();
  }

  std::string Write(const std::string& name, const std::string& text) {
    std::string path = server_.folder() + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  ScriptedServer server_;
  std::map<std::string, v1::Dataset> stored_;
  std::vector<std::string> sent_;  // the bytes of each upload
  CommandRun run_;
};

TEST_F(DatasetTest, BytesThatAreStoredInAnotherFormAreRefused) {
  const std::string path = Write("p.csv", "a,y\n1,1\n");
  EXPECT_EQ(run_({"data", "put", path}), 0);
  EXPECT_EQ(run_({"data", "put", path, "--format", "idx"}), 5);
  EXPECT_THAT(run_.err.str(), HasSubstr("p.csv: form: want the one"));
  EXPECT_EQ(run_({"data", "put", path, "--format", "csv"}), 0);
}

TEST_F(DatasetTest, ANewNameGoesUpWithoutTheBytes) {
  const std::string path = Write("p.csv", "a,y\n1,1\n");
  EXPECT_EQ(run_({"data", "put", path}), 0);
  EXPECT_THAT(run_.err.str(), HasSubstr("uploaded p.csv, 8 bytes\n"));
  run_.err.str("");
  EXPECT_EQ(run_({"data", "put", path, "--name", "p"}), 0);
  EXPECT_THAT(sent_, testing::ElementsAre("a,y\n1,1\n", IsEmpty()));
  EXPECT_THAT(run_.err.str(), Not(HasSubstr("uploaded")));
  EXPECT_EQ(stored_.begin()->second.label(), "p");
  EXPECT_EQ(run_({"data", "put", path, "--name", "p"}), 0);
  EXPECT_EQ(sent_.size(), 2) << "it has that name already";
}

// It may have been for another cause than its content.
TEST_F(DatasetTest, WhatWasRejectedIsReadAgainWhenItIsPutAgain) {
  const std::string path = Write("p.csv", "a,y\n1,1\n");
  EXPECT_EQ(run_({"data", "put", path}), 0);
  stored_.begin()->second.set_state(v1::DATASET_STATE_REJECTED);
  EXPECT_EQ(run_({"data", "put", path}), 0);
  EXPECT_THAT(sent_, testing::ElementsAre("a,y\n1,1\n", IsEmpty()));
}

// A list has no first rows.
TEST_F(DatasetTest, TheFirstDigitsOfAHashShowAllThatTheHashDoes) {
  const std::string name = "datasets/0fabc1" + std::string(58, '2');
  v1::Dataset& dataset = stored_[name];
  dataset.set_name(name);
  dataset.set_state(v1::DATASET_STATE_READY);
  v1::DatasetPreview& preview = *dataset.mutable_summary()->mutable_preview();
  preview.add_columns("colour");
  preview.add_rows()->add_values("red");
  server_.list_datasets = [&](const v1::ListDatasetsRequest& /*request*/,
                              v1::ListDatasetsResponse& response) {
    *response.add_datasets() = dataset;
    response.mutable_datasets(0)->mutable_summary()->clear_preview();
    return grpc::Status::OK;
  };
  EXPECT_EQ(run_({"data", "show", "0fabc1"}), 0);
  EXPECT_THAT(run_.out.str(), HasSubstr("red"));
}

TEST_F(DatasetTest, LabelsThatDifferInTheirLastDigitAreShownApart) {
  v1::Dataset& dataset = stored_["datasets/p"];
  dataset.set_name("datasets/0f");
  dataset.set_state(v1::DATASET_STATE_READY);
  for (const double label : {20240101.0, 20240102.0, 0.1}) {
    v1::ValueCount& value = *dataset.mutable_summary()->add_values();
    value.set_value(label);
    value.set_count(1);
  }
  EXPECT_EQ(run_({"data", "show", "p"}), 0);
  EXPECT_THAT(run_.out.str(), HasSubstr("20240101 (1), 20240102 (1), 0.1 (1)"));
}

// It is there again before the file is inspected.
TEST_F(DatasetTest, AServerThatIsStartedAnewIsWaitedForDuringTheInspection) {
  const std::string path = Write("p.csv", "a,y\n1,1\n");
  int asked = 0;
  const auto answer = server_.get_dataset;
  server_.upload_dataset = [this](const v1::UploadHeader& header,
                                  const std::string& /*bytes*/,
                                  v1::Dataset& dataset) {
    v1::Dataset& stored = stored_["datasets/" + header.sha256()];
    stored.set_name("datasets/" + header.sha256());
    stored.set_state(v1::DATASET_STATE_PENDING);
    dataset = stored;
    return grpc::Status::OK;
  };
  server_.get_dataset = [&](const v1::GetDatasetRequest& request,
                            v1::GetDatasetResponse& response) {
    if (stored_.empty()) return answer(request, response);
    if (++asked == 1) {
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "draining");
    }
    stored_.begin()->second.set_state(v1::DATASET_STATE_READY);
    return answer(request, response);
  };
  EXPECT_EQ(run_({"data", "put", path}), 0);
  EXPECT_GE(asked, 2);
}

TEST_F(DatasetTest, TheFirstRowsAreATable) {
  v1::Dataset& dataset = stored_["datasets/p"];
  dataset.set_name("datasets/0f");
  dataset.set_state(v1::DATASET_STATE_READY);
  v1::DatasetSummary& summary = *dataset.mutable_summary();
  summary.add_columns()->set_name("colour");
  summary.add_columns()->set_numeric(true);
  v1::DatasetPreview& preview = *summary.mutable_preview();
  preview.add_columns("colour");
  preview.add_columns("y");
  preview.set_more_columns(1234);
  for (const auto& [colour, y] :
       {std::pair("red", "1"), std::pair("\x1b[31m", "-0.5")}) {
    v1::PreviewRow& row = *preview.add_rows();
    row.add_values(colour);
    row.add_values(y);
    row.add_values("one too many");
  }
  EXPECT_EQ(run_({"data", "show", "p"}), 0);
  EXPECT_THAT(run_.out.str(), HasSubstr("\nfirst rows\n"
                                        "  colour       y\n"
                                        "  red          1\n"
                                        "  \\x1b[31m  -0.5\n"
                                        "  and 1,234 more columns\n"));
}

TEST_F(DatasetTest, TheTextsOfAColumnAreShown) {
  v1::Dataset& dataset = stored_["datasets/p"];
  dataset.set_name("datasets/0f");
  dataset.set_state(v1::DATASET_STATE_READY);
  v1::ColumnSummary& site = *dataset.mutable_summary()->add_columns();
  site.set_name("site");
  for (const char* text : {"", "\x1b[31m", "north"}) {
    v1::TextCount& count = *site.add_texts();
    count.set_text(text);
    count.set_count(1234);
  }
  EXPECT_EQ(run_({"data", "show", "p"}), 0);
  EXPECT_THAT(run_.out.str(),
              testing::ContainsRegex("\n  0  site +text +"
                                     "\"\" \\(1,234\\), "
                                     "\\\\x1b\\[31m \\(1,234\\), "
                                     "north \\(1,234\\)\n"));
}

// The server keeps what came, and breaks each call off at the numbers of bytes
// in `breaks`.
class BrokenUploadTest : public DatasetTest {
 protected:
  BrokenUploadTest() {
    const auto store = server_.upload_dataset;
    server_.get_upload = [this](const v1::GetUploadRequest& request,
                                v1::GetUploadResponse& response) {
      const auto held = held_.find(request.name());
      if (held == held_.end()) {
        return grpc::Status(grpc::StatusCode::NOT_FOUND, request.name());
      }
      response.mutable_upload()->set_received_bytes(
          static_cast<int64_t>(held->second.size()));
      response.mutable_upload()->set_under_way(under_way_ > 0);
      if (under_way_ > 0) --under_way_;
      return grpc::Status::OK;
    };
    server_.upload_dataset = [this, store](const v1::UploadHeader& header,
                                           const std::string& bytes,
                                           v1::Dataset& dataset) {
      std::string& held = held_["uploads/" + header.sha256()];
      const auto offset = static_cast<size_t>(header.offset_bytes());
      offsets_.push_back(offset);
      held = held.substr(0, offset) + bytes;
      if (!breaks_.empty()) {
        held.resize(breaks_.front());
        breaks_.erase(breaks_.begin());
        return grpc::Status(grpc::StatusCode::UNAVAILABLE, "broken");
      }
      if (Sha256Hex(held) != header.sha256()) {
        held_.erase("uploads/" + header.sha256());
        return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "upload: want");
      }
      return store(header, bytes, dataset);
    };
  }

  std::map<std::string, std::string> held_;
  std::vector<size_t> breaks_;
  std::vector<size_t> offsets_;  // where each call began
  int under_way_ = 0;            // how often another call is said to add
};

TEST_F(BrokenUploadTest, AnUploadIsContinuedWhereItBrokeOff) {
  const std::string path = Write("p.csv", "a,y\n1,1\n");
  breaks_ = {3, 3, 5};
  EXPECT_EQ(run_({"data", "put", path}), 0) << run_.err.str();
  EXPECT_THAT(offsets_, testing::ElementsAre(0, 3, 3, 5));
  EXPECT_THAT(sent_, testing::ElementsAre(",1\n"));
  EXPECT_THAT(run_.err.str(),
              AllOf(HasSubstr("the upload was cut off; trying again\n"),
                    HasSubstr("continuing p.csv, of which the server has 5 "
                              "bytes\n"),
                    HasSubstr("uploaded p.csv, 8 bytes in all\n")));
}

TEST_F(BrokenUploadTest, ALaterCommandContinuesToo) {
  const std::string path = Write("p.csv", "a,y\n1,1\n");
  breaks_ = {3};
  run_.patience.calls.retry = absl::ZeroDuration();
  EXPECT_EQ(run_({"data", "put", path}), 8);
  EXPECT_EQ(run_({"data", "put", path}), 0);
  EXPECT_THAT(offsets_, testing::ElementsAre(0, 3));
}

TEST_F(BrokenUploadTest, WhatDoesNotFitIsSentAgainFromTheBeginning) {
  const std::string path = Write("p.csv", "a,y\n1,1\n");
  held_["uploads/" + Sha256Hex("a,y\n1,1\n")] = "xxx";
  EXPECT_EQ(run_({"data", "put", path}), 0) << run_.err.str();
  EXPECT_THAT(offsets_, testing::ElementsAre(3, 0));
}

// It may be complete soon, and else it goes up twice.
TEST_F(BrokenUploadTest, AnotherCallThatAddsToTheSameUploadIsWaitedFor) {
  const std::string path = Write("p.csv", "a,y\n1,1\n");
  held_["uploads/" + Sha256Hex("a,y\n1,1\n")] = "a,y";
  under_way_ = 3;
  EXPECT_EQ(run_({"data", "put", path}), 0);
  EXPECT_THAT(offsets_, testing::ElementsAre(3));
}

TEST_F(BrokenUploadTest, OneThatGetsNoFurtherIsNotWaitedForWithoutEnd) {
  const std::string path = Write("p.csv", "a,y\n1,1\n");
  held_["uploads/" + Sha256Hex("a,y\n1,1\n")] = "a,y";
  under_way_ = 1'000'000;
  run_.patience.upload.busy = absl::Milliseconds(20);
  EXPECT_EQ(run_({"data", "put", path}), 0);
  EXPECT_THAT(offsets_, testing::ElementsAre(0));
}

TEST_F(DatasetTest, ARejectionStandsUnderItsOwnNameAndASizeOnce) {
  v1::Dataset& dataset = stored_["datasets/p"];
  dataset.set_name("datasets/0f");
  dataset.set_size_bytes(20);
  dataset.set_state(v1::DATASET_STATE_REJECTED);
  dataset.set_rejection("row 2: want 3 fields, got 2");
  EXPECT_EQ(run_({"data", "show", "p"}), 0);
  EXPECT_THAT(
      run_.out.str(),
      AllOf(HasSubstr("rejected  row 2: want 3 fields, got 2\n"),
            HasSubstr("size      20 bytes\n"), Not(HasSubstr("content"))));
  run_.out.str("");
  dataset.set_size_bytes(2048);
  EXPECT_EQ(run_({"data", "show", "p"}), 0);
  EXPECT_THAT(run_.out.str(), HasSubstr("2.0 KiB (2,048 bytes)\n"));
}

}  // namespace
}  // namespace steelyard::cli
