#ifndef STEELYARD_STORAGE_READER_H_
#define STEELYARD_STORAGE_READER_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/types.h"

namespace steelyard::storage {

struct AttemptRow {
  AttemptNumber number;
  std::string worker, host, level, numerics_id;
  absl::Time start_time;
  absl::Time end_time = absl::InfiniteFuture();  // while it runs
  AttemptEnd end = AttemptEnd::kRunning;
  std::string end_message;
};

struct RunRow {
  RunId id;
  std::string experiment;
  std::string name;
  RunState state = RunState::kQueued;
  std::string submitted_spec, spec;  // bytes
  std::string user, host, program, program_version, request_id;
  absl::Time create_time;
  absl::Time start_time = absl::InfiniteFuture();  // until the first attempt
  absl::Time end_time = absl::InfiniteFuture();    // until it has ended
  AttemptNumber newest_attempt;                    // 0 before the first
  int losses_in_a_row = 0;
  int64_t sample_count = 0;
  int64_t unequal_repeats = 0;
  std::string checkpoint_numerics_id;  // empty: no checkpoint
  int64_t checkpoint_next_ordinal = 0;
  std::optional<RunResult> result;  // when it has ended
  std::vector<Sha256> datasets;
  std::vector<AbsentMetric> absent_metrics;
};

// What a watcher asks again and again: little, and cheap to read.
struct RunHead {
  std::string experiment;
  RunState state = RunState::kQueued;
  int64_t sample_count = 0;
};

// Which runs are wanted; every condition must hold.
struct RunFilter {
  std::string experiment;  // empty: any
  std::optional<RunState> state;
  std::string user;                                         // empty: any
  std::vector<std::pair<std::string, std::string>> labels;  // key = value
};

struct RunPage {
  std::vector<RunRow> runs;
  bool more = false;  // whether older ones match
};

struct ExperimentRow {
  std::string name;
  std::string owner;  // empty: nobody's
  bool shared = false;
  absl::Time create_time;
  int64_t run_count = 0;
};

struct DatasetRow {
  Sha256 sha256;
  int64_t size_bytes = 0;
  int form = 0;
  DatasetState state = DatasetState::kPending;
  std::string summary;    // bytes; when ready
  std::string rejection;  // when rejected
  std::string owner;      // of the entry found
  std::string label;
  bool shared = false;
  absl::Time create_time;
};

struct ArtifactRow {
  std::string name;
  std::string media_type;
  Sha256 sha256;
  int64_t size_bytes = 0;
  absl::Time create_time;
};

struct RequestRow {
  std::string user, request_id;
  RunId run;
  absl::Time create_time;
};

// A read-only connection.  One thread at a time; open one for each thread.  No
// method leaves a transaction open, and each sees one state of the store.
//
// Errors of all: DeadlineExceeded when a query takes longer than the limit
// given to Open; Internal or DataLoss as SQLite says.  `vfs` as in
// Writer::Open, which must have made the store.
class Reader {
 public:
  static absl::StatusOr<std::unique_ptr<Reader>> Open(
      const std::string& data_dir,
      absl::Duration query_limit = absl::Seconds(2),
      const std::string& vfs = "");
  virtual ~Reader() = default;

  // Errors: NotFound.
  virtual absl::StatusOr<RunRow> GetRun(RunId run) = 0;
  // Without touching the spec, which may be megabytes.  Errors: NotFound.
  virtual absl::StatusOr<RunHead> GetRunHead(RunId run) = 0;
  // Oldest first.
  virtual absl::StatusOr<std::vector<AttemptRow>> Attempts(RunId run) = 0;
  // Each metric in the last sample that has it, by name.
  virtual absl::StatusOr<std::vector<std::pair<std::string, double>>>
  FinalMetrics(RunId run) = 0;
  // Newest first, ids below `before` (0: no bound), at most `limit` and at most
  // 16 MiB of specs, but at least one.  Without submitted_spec and
  // absent_metrics.
  virtual absl::StatusOr<RunPage> ListRuns(const RunFilter& filter,
                                           RunId before, int limit) = 0;
  // What a server starts from; these four know no limit of time.
  //
  // Every run that has not ended, oldest first.  Without submitted_spec, spec,
  // absent_metrics.
  virtual absl::StatusOr<std::vector<RunRow>> UnendedRuns() = 0;
  // The highest id ever given, 0 in a new store.
  virtual absl::StatusOr<RunId> LastRunId() = 0;
  // Oldest first.
  virtual absl::StatusOr<std::vector<DatasetRow>> PendingDatasets() = 0;
  // Request ids that are kept, oldest first.
  virtual absl::StatusOr<std::vector<RequestRow>> Requests() = 0;

  // Samples from ordinal `from` on: whole samples, at most `max_values` values
  // or one sample; only `metrics` when not empty (a sample without any of them
  // is still there, with no value, and counts as one).  Empty when there are
  // none.
  // Errors: NotFound when there is no such run.
  virtual absl::StatusOr<Samples> ReadSamples(
      RunId run, int64_t from, int64_t max_values,
      const std::vector<std::string>& metrics = {}) = 0;

  // Nothing when the run has none.
  // Errors: DataLoss when its file is missing or damaged.
  virtual absl::StatusOr<std::optional<Checkpoint>> LastCheckpoint(
      RunId run) = 0;

  // By name, names above `after`.  None for a run that does not exist.
  virtual absl::StatusOr<std::vector<ArtifactRow>> ListArtifacts(
      RunId run, const std::string& after, int limit) = 0;
  // Errors: NotFound.
  virtual absl::StatusOr<ArtifactRow> GetArtifact(RunId run,
                                                  const std::string& name) = 0;

  // Errors: NotFound.
  virtual absl::StatusOr<ExperimentRow> GetExperiment(
      const std::string& name) = 0;
  // By name, names above `after`.
  virtual absl::StatusOr<std::vector<ExperimentRow>> ListExperiments(
      const std::string& after, int limit) = 0;

  // The entry of `user`, or a shared one; for any when `user` is empty.
  // Errors: NotFound.
  virtual absl::StatusOr<DatasetRow> GetDataset(const Sha256& sha256,
                                                const std::string& user) = 0;
  // One of `user`'s own.  Errors: NotFound.
  virtual absl::StatusOr<DatasetRow> GetDatasetByLabel(
      const std::string& label, const std::string& user) = 0;
  // The user's own and the shared ones, newest first, each dataset once (the
  // own entry rather than another's); `offset` entries skipped.
  virtual absl::StatusOr<std::vector<DatasetRow>> ListDatasets(
      const std::string& user, int64_t offset, int limit) = 0;
  // How many runs read the dataset, whoever submitted them; 0 when there is no
  // such dataset.  Walks over one entry of an index for each.
  virtual absl::StatusOr<int64_t> CountRuns(const Sha256& sha256) = 0;
};

}  // namespace steelyard::storage

#endif  // STEELYARD_STORAGE_READER_H_
