#ifndef STEELYARD_SERVER_WORKER_RUN_LENGTH_H_
#define STEELYARD_SERVER_WORKER_RUN_LENGTH_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "steelyard/v1/spec.pb.h"
#include "training/schedule.h"

// How long a run trains, and when it is evaluated.  Errors: InvalidArgument,
// naming the field.
namespace steelyard::worker {

// All that `stop` says on its own.
absl::Status CheckStop(const v1::Stop& stop);

// Whether the last step is above 2^63 - 1; `stop` is checked.
bool IsFar(const v1::Stop& stop);

// The steps of a run, Trainer::kFarStep where they are more, whose epochs have
// so many; `stop` is checked.
absl::StatusOr<int64_t> StepsOf(const v1::Stop& stop, int64_t epoch_steps);

// The schedule of a run of so many steps.
absl::StatusOr<training::Schedule> ScheduleOf(const v1::Evaluate& evaluate,
                                              int64_t steps);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_RUN_LENGTH_H_
