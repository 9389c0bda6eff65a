#ifndef STEELYARD_TRAINING_RUN_STATE_H_
#define STEELYARD_TRAINING_RUN_STATE_H_

#include <cstdint>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace steelyard::training {

// What has ended a run before its last step.
enum class RunEnd : int64_t { kNot = 0, kStopped = 1, kEarly = 2 };

// Where a run stands.
struct RunPlace {
  int64_t step = 0;
  int64_t next_ordinal = 0;
  int64_t evaluated_step = -1;  // the last one; -1: none yet
  RunEnd ended = RunEnd::kNot;
  // Of EarlyStopping: the least value until now, and how many evaluations in a
  // row have not gone below it; -1: there was none yet.
  double best = 0;
  int64_t waited = -1;
  // The first evaluated step with train/error 0; -1: there was none yet.
  int64_t separated = -1;
  int64_t far = 0;  // places above 2^63 - 1 steps that have been evaluated
};

// A run's state as bytes.  Words of 8 bytes, least byte first: "SteelyTS",
// version 5, fingerprint, step, next ordinal, evaluated step, ended, best,
// waited, separated, far, the number of words of the model's state, these; then
// the Hash64 of all before.
std::string WriteRunState(const RunPlace& place,
                          std::span<const uint64_t> words,
                          uint64_t fingerprint);

// Fills `words` too.
// Errors: DataLoss when the bytes are damaged, of another version, of another
// fingerprint, or hold another number of words; `words` may then be changed.
absl::StatusOr<RunPlace> ReadRunState(absl::string_view bytes,
                                      uint64_t fingerprint,
                                      std::span<uint64_t> words);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_RUN_STATE_H_
