#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "absl/strings/str_cat.h"
#include "client/cli/file_hash.h"
#include "tests/client/command_run.h"
#include "tests/client/scripted_server.h"

namespace steelyard::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

v1::SpecFault Fault(int line, int column, const std::string& path,
                    const std::string& message) {
  v1::SpecFault fault;
  fault.set_line(line);
  fault.set_column(column);
  fault.set_path(path);
  fault.set_message(message);
  return fault;
}

// A server that accepts every spec, numbers the runs, and keeps datasets.
class SubmitTest : public testing::Test {
 protected:
  SubmitTest() {
    server_.parse_spec = [](const v1::ParseSpecRequest& /*request*/,
                            v1::ParseSpecResponse& response) {
      response.mutable_spec()->set_name("d8");
      response.mutable_normalized_spec()->set_name("d8");
      response.mutable_normalized_spec()->set_experiment("default");
      return grpc::Status::OK;
    };
    server_.submit_run = [this](const v1::SubmitRunRequest& request,
                                v1::SubmitRunResponse& response) {
      submitted_.push_back(request);
      response.mutable_run()->set_name(
          absl::StrCat("experiments/d/runs/", submitted_.size()));
      return grpc::Status::OK;
    };
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
      EXPECT_EQ(Sha256Hex(bytes), header.sha256());
      EXPECT_EQ(static_cast<int64_t>(bytes.size()), header.size_bytes());
      dataset.set_name("datasets/" + header.sha256());
      dataset.set_form(header.form());
      dataset.set_state(v1::DATASET_STATE_READY);
      if (rejection_.empty()) {
        dataset.mutable_summary()->set_dtype("float64");
      } else {
        dataset.set_state(v1::DATASET_STATE_REJECTED);
        dataset.set_rejection(rejection_);
      }
      stored_[dataset.name()] = dataset;
      return grpc::Status::OK;
    };
    run_.environment["STEELYARD_SERVER"] = server_.address();
  }

  // Every spec names one CSV file at line 3, column 20, until it is resolved.
  void SpecsNameAFile(const std::string& path) {
    server_.parse_spec = [this, path](const v1::ParseSpecRequest& request,
                                      v1::ParseSpecResponse& response) {
      parsed_.push_back(request);
      const auto resolved = request.files().find(path);
      if (resolved != request.files().end()) {
        response.mutable_spec()->mutable_data()->mutable_csv()->set_dataset(
            resolved->second);
        *response.mutable_normalized_spec() = response.spec();
        return grpc::Status::OK;
      }
      v1::SpecFile& file = *response.add_unresolved_files();
      file.set_path(path);
      file.set_form(v1::DATASET_FORM_CSV);
      file.set_field("data.csv.dataset");
      file.set_line(3);
      file.set_column(20);
      return grpc::Status::OK;
    };
  }

  std::string Write(const std::string& name, const std::string& text) {
    std::string path = server_.folder() + "/" + name;
    std::filesystem::create_directories(
        std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
    return path;
  }

  ScriptedServer server_;
  std::vector<v1::SubmitRunRequest> submitted_;
  std::vector<v1::ParseSpecRequest> parsed_;
  std::map<std::string, v1::Dataset> stored_;
  std::string rejection_;
  CommandRun run_;
};

TEST_F(SubmitTest, TheNameIsOnStdoutAndTheNextCommandOnStderr) {
  EXPECT_EQ(run_({"submit", Write("a.yaml", "seed: 1\n")}), 0);
  EXPECT_EQ(run_.out.str(), "experiments/d/runs/1\n");
  EXPECT_EQ(run_.err.str(), "follow it: steelyard watch d/1\n");
  ASSERT_EQ(submitted_.size(), 1);
  EXPECT_EQ(submitted_[0].spec().name(), "d8");
  EXPECT_EQ(submitted_[0].spec().experiment(), "")
      << "the spec goes as it was written, the server fills in defaults";
  EXPECT_EQ(submitted_[0].submitter().program(), "steelyard");
  EXPECT_FALSE(submitted_[0].submitter().host().empty());
}

TEST_F(SubmitTest, ChangesAreHandedOnInTheirOrder) {
  SpecsNameAFile("unused.csv");
  Write("unused.csv", "a\n");
  EXPECT_EQ(run_({"submit", Write("a.yaml", "x: 1\n"), "--set", "seed=7",
                  "--set", "data.inline.labels=[1, -1]", "--set", "name=-"}),
            0);
  EXPECT_THAT(parsed_[0].set(),
              ElementsAre("seed=7", "data.inline.labels=[1, -1]", "name=-"));
  EXPECT_EQ(parsed_[0].text(), "x: 1\n");
}

TEST_F(SubmitTest, EveryFaultIsPrintedAtItsPlaceAndNothingIsSubmitted) {
  server_.parse_spec = [](const v1::ParseSpecRequest& /*request*/,
                          v1::ParseSpecResponse& response) {
    *response.add_faults() = Fault(9, 8, "loss.exponetial",
                                   "loss.exponetial: no such field; did you "
                                   "mean exponential?");
    v1::SpecFault change = Fault(0, 0, "stop.steps", "want at least 1, got 0");
    change.set_set_number(2);
    *response.add_faults() = change;
    response.set_more_faults(3);
    return grpc::Status::OK;
  };
  const std::string path = Write("d8.yaml", "loss:\n");
  EXPECT_EQ(run_({"submit", path, "--set", "seed=1", "--set", "stop.steps=0"}),
            3);
  EXPECT_EQ(run_.err.str(),
            path +
                ":9:8: loss.exponetial: no such field; did you mean "
                "exponential?\n"
                "--set 2 (stop.steps=0): stop.steps: want at least 1, got 0\n" +
                path + ": and 3 more\n");
  EXPECT_THAT(run_.out.str(), IsEmpty());
  EXPECT_THAT(submitted_, IsEmpty());
}

TEST_F(SubmitTest, OfSeveralSpecsNoneIsSubmittedWhenOneIsWrong) {
  server_.parse_spec = [](const v1::ParseSpecRequest& request,
                          v1::ParseSpecResponse& response) {
    if (request.text() == "bad")
      *response.add_faults() = Fault(1, 1, "", "bad");
    return grpc::Status::OK;
  };
  EXPECT_EQ(run_({"submit", Write("a.yaml", "good"), Write("b.yaml", "bad")}),
            3);
  EXPECT_THAT(submitted_, IsEmpty());
  EXPECT_EQ(run_({"submit", Write("a.yaml", "good"),
                  server_.folder() + "/none.yaml"}),
            3);
  EXPECT_THAT(submitted_, IsEmpty());
  EXPECT_EQ(run_({"submit", Write("a.yaml", "good"), Write("b.yaml", "good")}),
            0);
  EXPECT_EQ(submitted_.size(), 2);
}

TEST_F(SubmitTest, ASpecComesFromStandardInputToo) {
  run_.in.str("seed: 1\n");
  EXPECT_EQ(run_({"submit", "-"}), 0);
  EXPECT_EQ(run_({"submit", "-", "-"}), 2);
}

TEST_F(SubmitTest, ASpecThatIsNoUtf8IsRefusedWithItsPlace) {
  const std::string path = Write("a.yaml", "seed: 1\nname: caf\xe9\n");
  EXPECT_EQ(run_({"submit", path}), 3);
  EXPECT_EQ(run_.err.str(),
            "error: " + path + ":2:10: want UTF-8, got the byte 0xe9\n");
  EXPECT_THAT(server_.calls(), ElementsAre("GetServerInfo"));
}

TEST_F(SubmitTest, AFileIsSentOnceAndThenKnown) {
  SpecsNameAFile("data/t.csv");
  Write("data/t.csv", "a,y\n1,1\n");
  const std::string spec = Write("a.yaml", "x: 1\n");
  EXPECT_EQ(run_({"submit", spec}), 0);
  EXPECT_THAT(
      server_.calls(),
      ElementsAre("GetServerInfo", "ParseSpec", "GetDataset", "GetUpload",
                  "UploadDataset", "ParseSpec", "SubmitRun"));
  EXPECT_EQ(submitted_[0].spec().data().csv().dataset(),
            "sha256/" + Sha256Hex("a,y\n1,1\n"));
  EXPECT_THAT(run_.err.str(), HasSubstr("uploaded t.csv, 8 bytes\n"));

  EXPECT_EQ(run_({"submit", spec}), 0);
  const std::vector<std::string> calls = server_.calls();
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "UploadDataset"), 1);
}

TEST_F(SubmitTest, AFileOfManyChunksArrivesWhole) {
  SpecsNameAFile("t.csv");
  std::string text;
  while (text.size() < (5u << 20) + 12345)
    absl::StrAppend(&text, text.size(), "\n");
  Write("t.csv", text);
  EXPECT_EQ(run_({"submit", Write("a.yaml", "x: 1\n")}), 0);
  EXPECT_EQ(stored_.count("datasets/" + Sha256Hex(text)), 1);
}

TEST_F(SubmitTest, AMissingFileIsAFaultWhereTheSpecNamesIt) {
  SpecsNameAFile("none.csv");
  const std::string spec = Write("a.yaml", "x: 1\n");
  EXPECT_EQ(run_({"submit", spec}), 3);
  EXPECT_THAT(run_.err.str(),
              AllOf(HasSubstr(spec + ":3:20: data.csv.dataset: "),
                    HasSubstr("none.csv: No such file or directory\n")));
  EXPECT_THAT(submitted_, IsEmpty());
}

TEST_F(SubmitTest, AnEmptyFileIsRefusedBeforeItIsSent) {
  SpecsNameAFile("t.csv");
  const std::string data = Write("t.csv", "");
  EXPECT_EQ(run_({"data", "put", data}), 3);
  EXPECT_EQ(run_.err.str(), "error: " + data +
                                ": want a file with content, got an empty "
                                "one\n");
  const std::string spec = Write("a.yaml", "x: 1\n");
  EXPECT_EQ(run_({"submit", spec}), 3);
  EXPECT_THAT(run_.err.str(), HasSubstr(spec + ":3:20: data.csv.dataset: " +
                                        data + ": want a file with content"));
  EXPECT_THAT(server_.calls(), Not(testing::Contains("UploadDataset")));
}

TEST_F(SubmitTest, ARejectedFileIsAFaultWithItsRowAndColumn) {
  SpecsNameAFile("t.csv");
  Write("t.csv", "a,y\nx,1\n");
  rejection_ = "row 2, column 1: want a number, got \"x\"";
  const std::string spec = Write("a.yaml", "x: 1\n");
  EXPECT_EQ(run_({"submit", spec}), 3);
  EXPECT_THAT(run_.err.str(),
              AllOf(HasSubstr(spec + ":3:20: data.csv.dataset: "),
                    HasSubstr("t.csv: row 2, column 1: want a number")));
  EXPECT_THAT(submitted_, IsEmpty());
}

TEST_F(SubmitTest, AFileThatNoWorkerReadsInTimeIsSubmittedWithAWarning) {
  SpecsNameAFile("t.csv");
  Write("t.csv", "a,y\n1,1\n");
  server_.upload_dataset = [this](const v1::UploadHeader& header,
                                  const std::string& /*bytes*/,
                                  v1::Dataset& dataset) {
    dataset.set_name("datasets/" + header.sha256());
    dataset.set_state(v1::DATASET_STATE_PENDING);
    stored_[dataset.name()] = dataset;
    return grpc::Status::OK;
  };
  run_.patience.upload.inspection = absl::Milliseconds(50);
  EXPECT_EQ(run_({"submit", Write("a.yaml", "x: 1\n")}), 0);
  EXPECT_THAT(run_.err.str(), HasSubstr("no worker has read it yet"));
  EXPECT_EQ(submitted_.size(), 1);
}

TEST_F(SubmitTest, NoFileIsSentWhileAnotherSpecIsWrong) {
  SpecsNameAFile("t.csv");
  Write("t.csv", "a,y\n1,1\n");
  const std::string spec = Write("a.yaml", "x: 1\n");
  const std::string elsewhere = Write("elsewhere/b.yaml", "x: 1\n");
  EXPECT_EQ(run_({"submit", spec, elsewhere}), 3);
  EXPECT_THAT(server_.calls(), Not(testing::Contains("UploadDataset")));
}

TEST_F(SubmitTest, AnUploadThatWasCutOffIsTriedAgain) {
  SpecsNameAFile("t.csv");
  Write("t.csv", "a,y\n1,1\n");
  auto good = server_.upload_dataset;
  int failures = 2;
  server_.upload_dataset = [&](const v1::UploadHeader& header,
                               const std::string& bytes, v1::Dataset& dataset) {
    if (failures-- > 0) {
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "later");
    }
    return good(header, bytes, dataset);
  };
  EXPECT_EQ(run_({"submit", Write("a.yaml", "x: 1\n")}), 0);
  EXPECT_THAT(run_.err.str(), HasSubstr("trying again"));
}

TEST_F(SubmitTest, AnUploadThatIsRefusedEndsItWithItsCode) {
  SpecsNameAFile("t.csv");
  Write("t.csv", "a,y\n1,1\n");
  server_.upload_dataset = [](const v1::UploadHeader&, const std::string&,
                              v1::Dataset&) {
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "disk full");
  };
  EXPECT_EQ(run_({"submit", Write("a.yaml", "x: 1\n")}), 7);
  EXPECT_THAT(run_.err.str(), HasSubstr("error: disk full"));
  EXPECT_THAT(submitted_, IsEmpty());
}

TEST_F(SubmitTest, ARepeatedSubmissionKeepsItsRequestId) {
  auto good = server_.submit_run;
  std::set<std::string> ids;
  int calls = 0;
  server_.submit_run = [&](const v1::SubmitRunRequest& request,
                           v1::SubmitRunResponse& response) {
    ids.insert(request.request_id());
    if (++calls < 3) {
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "later");
    }
    return good(request, response);
  };
  const std::string spec = Write("a.yaml", "x: 1\n");
  EXPECT_EQ(run_({"submit", spec}), 0);
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(ids.size(), 1);
  EXPECT_EQ(run_.out.str(), "experiments/d/runs/1\n");
  EXPECT_EQ(run_({"submit", spec}), 0);
  EXPECT_EQ(ids.size(), 2) << "another submission, another run";
}

TEST_F(SubmitTest, RepetitionsEndAndTheDoubtIsSaid) {
  server_.submit_run = [](const v1::SubmitRunRequest&, v1::SubmitRunResponse&) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "draining");
  };
  run_.patience.calls.retry = absl::Milliseconds(20);
  EXPECT_EQ(run_({"submit", Write("a.yaml", "x: 1\n")}), 8);
  EXPECT_THAT(run_.err.str(),
              HasSubstr("whether the run was accepted is not known"));
}

TEST_F(SubmitTest, HowManyWereSubmittedIsSaidOfSeveralAlone) {
  server_.submit_run = [this](const v1::SubmitRunRequest& request,
                              v1::SubmitRunResponse& response) {
    if (submitted_.size() == 1) {
      return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "queue full");
    }
    submitted_.push_back(request);
    response.mutable_run()->set_name("experiments/d/runs/1");
    return grpc::Status::OK;
  };
  const std::string one = Write("a.yaml", "x: 1\n");
  const std::string two = Write("b.yaml", "x: 1\n");
  EXPECT_EQ(run_({"submit", one, two}), 7);
  EXPECT_EQ(run_.err.str(), "error: queue full\nwarning: " + two +
                                ": not submitted; 1 of 2 were\n");
  run_.err.str("");
  EXPECT_EQ(run_({"submit", one}), 7);
  EXPECT_EQ(run_.err.str(), "error: queue full\n");
}

TEST_F(SubmitTest, ADryRunStoresNothing) {
  EXPECT_EQ(run_({"submit", Write("a.yaml", "x: 1\n"), "--dry-run"}), 0);
  EXPECT_EQ(run_.out.str(), "name: d8\nexperiment: default\nseed: 0\n");
  EXPECT_THAT(submitted_, IsEmpty());
  run_.out.str("");
  EXPECT_EQ(run_({"submit", Write("a.yaml", "x: 1\n"), "--dry-run", "--json"}),
            0);
  EXPECT_EQ(run_.out.str(), "{\"name\":\"d8\",\"experiment\":\"default\"}\n");

  SpecsNameAFile("t.csv");
  Write("t.csv", "a,y\n1,1\n");
  EXPECT_EQ(run_({"submit", Write("a.yaml", "x: 1\n"), "--dry-run"}), 0);
  EXPECT_THAT(server_.calls(), Not(testing::Contains("UploadDataset")));
  EXPECT_THAT(run_.err.str(), HasSubstr("t.csv is not on the server"));
}

TEST_F(SubmitTest, JsonIsTheRunItself) {
  EXPECT_EQ(run_({"submit", Write("a.yaml", "x: 1\n"), "--json"}), 0);
  EXPECT_EQ(run_.out.str(), "{\"name\":\"experiments/d/runs/1\"}\n");
}

TEST_F(SubmitTest, PuttingADatasetNamesIt) {
  const std::string path = Write("t.csv", "a,y\n1,1\n");
  EXPECT_EQ(run_({"data", "put", path}), 0);
  EXPECT_EQ(run_.out.str(), "datasets/" + Sha256Hex("a,y\n1,1\n") + "\n");
  EXPECT_EQ(run_({"data", "put", Write("t.dat", "1"), "--format", "idx"}), 0);
  rejection_ = "row 1: want a header";
  EXPECT_EQ(run_({"data", "put", Write("u.csv", "2")}), 3);
  EXPECT_THAT(run_.err.str(), HasSubstr("u.csv: row 1: want a header"));
}

TEST_F(SubmitTest, PuttingNeedsAFormAndNamesOneFile) {
  EXPECT_EQ(run_({"data", "put", Write("t.dat", "1")}), 2);
  EXPECT_EQ(run_({"data", "put", "a.csv", "b.csv", "--name", "x"}), 2);
  for (const char* name : {"Bad Name", "", "a/b"}) {
    run_.err.str("");
    EXPECT_EQ(run_({"data", "put", Write("t.csv", "1"), "--name", name}), 2);
    EXPECT_THAT(run_.err.str(),
                HasSubstr("--name: want 1-63 of [a-z0-9-_.], got \""));
  }
}

TEST_F(SubmitTest, AFileThatCannotBeReadIsWrongWhereItIsNamed) {
  EXPECT_EQ(run_({"data", "put", "/none/t.csv"}), 3);
  EXPECT_EQ(run_({"data", "put", server_.folder(), "--format", "csv"}), 3);
  EXPECT_EQ(run_({"submit", "/none/a.yaml"}), 3);
  EXPECT_EQ(run_({"submit", server_.folder()}), 3);
  for (const std::string& token :
       {std::string("/none/token"), Write("empty", ""), server_.folder(),
        Write("large", std::string(5000, 'x'))}) {
    run_.err.str("");
    EXPECT_EQ(run_({"ls", "--token-file", token}), 2);
    EXPECT_THAT(run_.err.str(),
                testing::StartsWith("error: --token-file: " + token + ": "));
  }
  EXPECT_THAT(submitted_, IsEmpty());
}

}  // namespace
}  // namespace steelyard::cli
