#ifndef STEELYARD_SERVER_WORKER_MAKE_TRAINER_H_
#define STEELYARD_SERVER_WORKER_MAKE_TRAINER_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "server/worker/memory_limit.h"
#include "steelyard/v1/worker_service.pb.h"
#include "training/shift/stop_check.h"
#include "training/trainer.h"

namespace steelyard::worker {

// The one place where a spec becomes training objects.  Reads the lease's
// files. The lease's checkpoint takes no part.
//
// Errors, with the field:
//   InvalidArgument     a part of the spec is not known here, or is wrong
//   FailedPrecondition  a dataset is not what the spec needs
//   ResourceExhausted   the data alone need more than `memory` allows
//   Internal            a file cannot be read, or is not in the lease
//   Cancelled           `stop` said so while weights were estimated
// Throws std::bad_alloc where there is no memory for what it makes.
absl::StatusOr<std::unique_ptr<training::Trainer>> MakeTrainer(
    const v1::TrainLease& lease, const MemoryLimit& memory,
    training::StopCondition stop = nullptr);

// Bytes that the lease's data will take at least.
int64_t EstimateBytes(const v1::TrainLease& lease);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_MAKE_TRAINER_H_
