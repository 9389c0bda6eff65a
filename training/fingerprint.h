#ifndef STEELYARD_TRAINING_FINGERPRINT_H_
#define STEELYARD_TRAINING_FINGERPRINT_H_

#include <cstdint>

#include "training/trainer.h"

namespace steelyard::training {

// What tells one problem from another: a hash of every field of it and of the
// numerics id.
uint64_t Fingerprint(const LinearProblem& problem);
uint64_t Fingerprint(const NetworkProblem& problem);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_FINGERPRINT_H_
