#ifndef STEELYARD_STORAGE_APPLY_H_
#define STEELYARD_STORAGE_APPLY_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/artifact_files.h"
#include "storage/change.h"
#include "storage/checkpoint_files.h"
#include "storage/database.h"
#include "storage/file_store.h"

// How each change becomes rows.  Every function runs in a savepoint of the
// writer, which undoes it when it returns an error; change.h says when it does.
namespace steelyard::storage {

// The numbers that stand for names of metrics in point and final_metric.
class MetricIds {
 public:
  // Gives the name a number when it has none.
  absl::StatusOr<int64_t> Find(Database& database, const std::string& name);
  // A savepoint or transaction was rolled back: some numbers may be gone.
  void Forget() { ids_.clear(); }

 private:
  absl::flat_hash_map<std::string, int64_t> ids_;
};

// What changes work on.
struct Store {
  Database& database;
  const FileStore& datasets;
  CheckpointFiles& checkpoints;
  ArtifactFiles& artifacts;
  MetricIds& metric_ids;
};

absl::Status Apply(const Store& store, const AddRun& change);
absl::Status Apply(const Store& store, const StartAttempt& change);
absl::Status Apply(const Store& store, const AddReport& change);
absl::Status Apply(const Store& store, const EndAttempt& change);
absl::Status Apply(const Store& store, const EndRun& change);
absl::Status Apply(const Store& store, const AddDataset& change);
absl::Status Apply(const Store& store, const FinishInspection& change);
absl::Status Apply(const Store& store, const ForgetRequests& change);

// What most changes of a run ask first.
struct RunFacts {
  RunState state = RunState::kQueued;
  AttemptNumber newest_attempt;
  int64_t sample_count = 0;
};
// Errors: NotFound.
absl::StatusOr<RunFacts> FindRun(Database& database, RunId run);
// Errors: NotFound; FailedPrecondition unless that attempt has the run.
absl::StatusOr<RunFacts> FindRunOfAttempt(Database& database, RunId run,
                                          AttemptNumber attempt);

// Takes a piece of an artifact of a run that the attempt has. apply_artifact.cc
struct ArtifactArrival {
  RunId run;
  AttemptNumber attempt;
  const ArtifactPiece& piece;
  absl::Time time;
};
absl::Status AddArtifact(const Store& store, const ArtifactArrival& arrival);

// Ends the run's row, and forgets its checkpoint.
// Errors: InvalidArgument unless `state` is one of an ended run.
struct RunEnd {
  RunId run;
  RunState state = RunState::kSucceeded;
  const RunResult& result;
  absl::Time time;
};
absl::Status WriteRunEnd(const Store& store, const RunEnd& end);

// Ends the attempt's row.
struct AttemptEnding {
  RunId run;
  AttemptNumber attempt;
  AttemptEnd end = AttemptEnd::kFinished;
  const std::string& message;
  absl::Time time;
};
absl::Status WriteAttemptEnd(const Store& store, const AttemptEnding& ending);

}  // namespace steelyard::storage

#endif  // STEELYARD_STORAGE_APPLY_H_
