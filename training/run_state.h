#ifndef STEELYARD_TRAINING_RUN_STATE_H_
#define STEELYARD_TRAINING_RUN_STATE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "training/trainer.h"

namespace steelyard::training {

// All that training changes.
struct RunState {
  int64_t step = 0;
  int64_t next_ordinal = 0;
  int64_t evaluated_step = -1;          // the last one; -1: none yet
  int64_t stopped = 0;                  // 1: ended by Stop()
  std::vector<double> theta;            // [d] at `step`, finite
  std::vector<double> evaluated_theta;  // [d] at `evaluated_step`
};

// What tells one problem from another: a hash of every field of it and of the
// numerics id.
uint64_t Fingerprint(const LinearProblem& problem);

// Words of 8 bytes, least byte first: "SteelyTS", version 1, fingerprint, step,
// next ordinal, evaluated step, stopped, d, theta, theta as last evaluated;
// then the Hash64 of all these.
std::string WriteState(const RunState& state, uint64_t fingerprint);

// Errors: DataLoss when the bytes are damaged, of another version, of another
// fingerprint, or not of d parameters.
absl::StatusOr<RunState> ReadState(absl::string_view bytes,
                                   uint64_t fingerprint, int64_t d);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_RUN_STATE_H_
