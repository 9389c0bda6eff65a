#ifndef STEELYARD_STORAGE_CHANGE_H_
#define STEELYARD_STORAGE_CHANGE_H_

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "storage/types.h"

// Everything that can change in the store.  A change is applied whole or
// refused whole; each says when it is refused.  All of a run's are refused with
// NotFound when there is no such run, and with InvalidArgument when they
// contradict themselves (arrays of unequal lengths, a hash that is none).
namespace steelyard::storage {

// Queues a new run, and makes its experiment when it is missing.
//
// Refused: AlreadyExists when the id is taken, or the user's request id is kept
// for another run; PermissionDenied when the experiment is another user's and
// not shared; FailedPrecondition when a dataset is not in the store.
struct AddRun {
  RunId run;
  std::string experiment;
  bool new_experiment_shared = false;  // when this change makes it
  std::string name;                    // a label, not an id
  std::string submitted_spec;          // bytes, as submitted
  std::string spec;                    // bytes, every default filled in
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<Sha256> datasets;  // that the run reads
  std::string user;
  std::string host;
  std::string program;
  std::string program_version;
  std::string request_id;  // empty: none
  absl::Time create_time;
};

// Leases a queued run: the state becomes STARTING.
//
// Refused: FailedPrecondition unless the run is QUEUED and `attempt` is its
// next.
struct StartAttempt {
  RunId run;
  AttemptNumber attempt;
  std::string worker;
  std::string host;
  std::string level;
  std::string numerics_id;
  absl::Time time;
};

// What an attempt reports.  The state becomes RUNNING with the first samples,
// and that of `result` with the result, which ends the attempt.
//
// A sample that is stored already is compared (step in both its forms, and
// values by the name of their metric; not the wall time, nor the attempt; NaN
// equals NaN): an equal one is dropped, an unequal one is dropped and counted
// in the run's unequal_repeats.  The result forgets the run's checkpoint.
//
// The pieces of an artifact come one after the other, from offset 0 on.  With
// the last one the artifact is durable and the run's, whole, in place of an
// earlier one of its name.  Until then nothing of it is seen, and it is
// forgotten when another one begins or the attempt ends.  A piece may be
// repeated after an error of the disk.
//
// Refused: FailedPrecondition when `attempt` is not the run's newest or the run
// is not STARTING or RUNNING; InvalidArgument when the samples would leave a
// gap, the checkpoint goes on beyond the samples stored by then, a piece is not
// the next of its artifact, the whole has another hash than announced, or the
// run would have more than kMostArtifacts or kMostArtifactBytes.
struct AddReport {
  RunId run;
  AttemptNumber attempt;
  Samples samples;                       // may be empty
  std::optional<Checkpoint> checkpoint;  // replaces the last one
  std::vector<AbsentMetric> absent_metrics;
  std::optional<ArtifactPiece> artifact;
  std::optional<RunResult> result;
  RunState end_state = RunState::kSucceeded;  // used with `result`
  absl::Time time;
};

// Ends an attempt without a result: the run is QUEUED again.
//
// Refused: FailedPrecondition as for AddReport.
struct EndAttempt {
  RunId run;
  AttemptNumber attempt;
  AttemptEnd end = AttemptEnd::kWorkerLost;
  std::string message;
  int losses_in_a_row = 0;  // as it is to be stored
  absl::Time time;
};

// Ends a run in any unended state, and its attempt if one runs.  Its checkpoint
// is forgotten.
//
// Refused: FailedPrecondition when the run has ended.
struct EndRun {
  RunId run;
  RunState state = RunState::kCancelled;
  AttemptEnd attempt_end = AttemptEnd::kCancelled;
  RunResult result;
  absl::Time time;
};

// Gives a user a dataset whose file is in the store already.  The same user's
// second change may add a label where there was none, and share what was not
// shared; it takes nothing away.
//
// Refused: AlreadyExists when the label is another dataset's of this user, or
// the dataset has another label;
// FailedPrecondition when the bytes are known, not rejected, in another form,
// or the file is not in the store with that size. A rejected dataset becomes
// PENDING again, in the form given now; one that has the label loses it.
struct AddDataset {
  Sha256 sha256;
  int64_t size_bytes = 0;
  int form = 0;  // steelyard.v1.DatasetForm
  std::string owner;
  std::string label;  // empty: none
  bool shared = false;
  absl::Time time;
};

// Ends a PENDING inspection: READY with a summary, or REJECTED.
//
// Refused: FailedPrecondition unless the dataset is PENDING.
struct FinishInspection {
  Sha256 sha256;
  std::string summary;    // bytes of a DatasetSummary; used when ready
  std::string rejection;  // not empty: rejected
  absl::Time time;
};

// Forgets request ids of runs that were created before `before`.
struct ForgetRequests {
  absl::Time before;
};

using Change = std::variant<AddRun, StartAttempt, AddReport, EndAttempt, EndRun,
                            AddDataset, FinishInspection, ForgetRequests>;

}  // namespace steelyard::storage

#endif  // STEELYARD_STORAGE_CHANGE_H_
