#ifndef STEELYARD_TESTS_STORAGE_TEST_STORE_H_
#define STEELYARD_TESTS_STORAGE_TEST_STORE_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/file_store.h"
#include "storage/reader.h"
#include "storage/writer.h"

// A store on a real disk, and changes as short as a test can write them.
namespace steelyard::storage {

// A folder of its own, gone at the end.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "steelyard-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string database() const { return path_ + "/steelyard.db"; }

 private:
  std::string path_;
};

class TestStore {
 public:
  explicit TestStore(std::string vfs = "") : vfs_(std::move(vfs)) { Open(); }

  void Open() {
    auto writer = Writer::Open(folder_.path(), vfs_);
    ASSERT_TRUE(writer.ok()) << writer.status();
    writer_ = *std::move(writer);
    auto reader = Reader::Open(folder_.path(), absl::InfiniteDuration(), vfs_);
    ASSERT_TRUE(reader.ok()) << reader.status();
    reader_ = *std::move(reader);
  }
  void Close() {
    reader_.reset();
    writer_.reset();
  }
  void Reopen() {
    Close();
    Open();
  }

  absl::Status Apply(const Change& change) {
    return writer_->Apply({&change, 1}).front();
  }
  std::vector<absl::Status> Apply(const std::vector<Change>& changes) {
    return writer_->Apply(changes);
  }

  Reader& reader() { return *reader_; }
  const TempFolder& folder() const { return folder_; }

  RunRow Run(int64_t run) { return reader_->GetRun(RunId{run}).value(); }
  Samples AllSamples(int64_t run) {
    return reader_->ReadSamples(RunId{run}, 0, 1 << 30).value();
  }

 private:
  TempFolder folder_;
  const std::string vfs_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<Reader> reader_;
};

inline absl::Time At(int64_t seconds) { return absl::FromUnixSeconds(seconds); }

inline AddRun NewRun(int64_t run) {
  AddRun change;
  change.run = RunId{run};
  change.experiment = "default";
  change.name = "d8";
  change.submitted_spec = "submitted";
  change.spec = "spec";
  change.user = "ann";
  change.host = "laptop";
  change.program = "steelyard";
  change.program_version = "0.1.0";
  change.create_time = At(1000 + run);
  return change;
}

inline StartAttempt Start(int64_t run, int64_t attempt) {
  return {.run = RunId{run},
          .attempt = AttemptNumber{attempt},
          .worker = "w1",
          .host = "node",
          .level = "x86-64",
          .numerics_id = "1-x86-64-double",
          .time = At(2000 + attempt)};
}

inline AddReport Report(int64_t run, int64_t attempt, Samples samples = {}) {
  AddReport report;
  report.run = RunId{run};
  report.attempt = AttemptNumber{attempt};
  report.samples = std::move(samples);
  report.time = At(3000);
  return report;
}

inline AddReport LastReport(int64_t run, int64_t attempt,
                            Samples samples = {}) {
  AddReport report = Report(run, attempt, std::move(samples));
  report.result =
      RunResult{.ended_by = 1, .steps = 100, .training_s = 1.5, .message = ""};
  return report;
}

inline AddReport CheckpointReport(int64_t run, int64_t attempt,
                                  Checkpoint checkpoint) {
  AddReport report = Report(run, attempt);
  report.checkpoint = std::move(checkpoint);
  return report;
}

inline EndAttempt Lose(int64_t run, int64_t attempt) {
  return {.run = RunId{run},
          .attempt = AttemptNumber{attempt},
          .end = AttemptEnd::kWorkerLost,
          .message = "no contact for 20 s",
          .losses_in_a_row = 1,
          .time = At(2500)};
}

inline EndRun Cancel(int64_t run) {
  return {.run = RunId{run},
          .result = {.ended_by = 3, .message = "cancelled"},
          .time = At(4000)};
}

// One sample and its values, to be put together by Batch.
struct OneSample {
  int64_t step = 0;
  std::vector<std::pair<std::string, double>> values;
};
Samples Batch(int64_t first_ordinal, const std::vector<OneSample>& samples);

// `count` samples with two metrics that depend on the ordinal alone.
Samples Series(int64_t first_ordinal, int64_t count);

// A value of a sample by its name; fails the test when there is none.
double ValueOf(const Samples& samples, int64_t sample,
               const std::string& metric);

// Puts bytes into the store as a dataset's file, and says what to add.
AddDataset NewDataset(const TestStore& store, const std::string& bytes,
                      const std::string& owner = "ann");

// The names in a folder of the store, sorted.
std::vector<std::string> FilesIn(const TestStore& store,
                                 const std::string& folder);

}  // namespace steelyard::storage

#endif  // STEELYARD_TESTS_STORAGE_TEST_STORE_H_
