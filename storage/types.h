#ifndef STEELYARD_STORAGE_TYPES_H_
#define STEELYARD_STORAGE_TYPES_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"

// The words of the store.  Storage knows no protobuf: a spec, a summary are
// bytes to it, and its enums have the numbers of their steelyard.v1 namesakes.
namespace steelyard::storage {

// A run's number: unique in the store, never used again.
struct RunId {
  int64_t value = 0;
  friend auto operator<=>(const RunId&, const RunId&) = default;
};

// A lease of a run, from 1 on within the run.
struct AttemptNumber {
  int64_t value = 0;
  friend auto operator<=>(const AttemptNumber&, const AttemptNumber&) = default;
};

// SHA-256 of a file's bytes in 64 lower-case hexadecimal digits.
struct Sha256 {
  std::string hex;
  friend auto operator<=>(const Sha256&, const Sha256&) = default;
};

enum class RunState {
  kQueued = 1,
  kStarting = 2,
  kRunning = 3,
  kSucceeded = 4,
  kFailed = 5,
  kCancelled = 6,
};

// Whether nothing more can happen to a run.
constexpr bool IsEnded(RunState state) { return state >= RunState::kSucceeded; }

enum class AttemptEnd {
  kRunning = 0,
  kFinished = 1,
  kCancelled = 2,
  kWorkerLost = 3,
  kServerStopped = 4,
};

enum class DatasetState { kPending = 1, kReady = 2, kRejected = 3 };

// Samples of one run, in order and without gaps, by columns; the twin of
// steelyard.v1.SampleBatch.
struct Samples {
  int64_t first_ordinal = 0;
  std::vector<std::string> metrics;  // the names metric_index counts
  std::vector<int64_t> step;         // [samples] -1 above 2^63 - 1
  std::vector<double> log10_step;    // [samples] NaN at step 0
  std::vector<double> wall_s;        // [samples] seconds of training until then
  std::vector<int64_t> attempt;      // [samples] who reported it
  std::vector<uint32_t> value_count;   // [samples]
  std::vector<uint32_t> metric_index;  // [values]
  std::vector<double> value;           // [values] -0.0 is stored as +0.0

  int64_t size() const { return static_cast<int64_t>(step.size()); }
  int64_t next_ordinal() const { return first_ordinal + size(); }
};

// From where training can go on.
struct Checkpoint {
  std::string numerics_id;
  int64_t step = 0;
  int64_t next_ordinal = 0;
  double training_s = 0;  // seconds, over all attempts
  std::string state;      // the training library's own format
};

// What a run may have of artifacts, in all its attempts: of bytes twice what a
// worker is told, since it does not know what an earlier one gave.
inline constexpr int64_t kMostArtifacts = 2'000;
inline constexpr int64_t kMostArtifactBytes = int64_t{2} << 30;

// A stretch of a file that a run gave.  What is said of the whole file stands
// in each of its pieces.
struct ArtifactPiece {
  std::string name;  // within the run: 1-127 of [a-z0-9-.], the first [a-z0-9]
  std::string media_type;  // e.g. "image/png": 1-127 bytes of printable ASCII
  Sha256 sha256;
  int64_t size_bytes = 0;
  int64_t offset = 0;  // where the piece begins
  std::string bytes;
};

// How a run ended; the numbers are steelyard.v1's EndedBy and FailureReason.
struct RunResult {
  int ended_by = 0;
  int64_t steps = 0;
  double training_s = 0;
  int failure_reason = 0;
  std::string message;
};

struct AbsentMetric {
  std::string metric;
  std::string reason;
};

}  // namespace steelyard::storage

#endif  // STEELYARD_STORAGE_TYPES_H_
