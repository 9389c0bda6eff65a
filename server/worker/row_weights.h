#ifndef STEELYARD_SERVER_WORKER_ROW_WEIGHTS_H_
#define STEELYARD_SERVER_WORKER_ROW_WEIGHTS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "server/worker/target.h"
#include "server/worker/training_rows.h"
#include "steelyard/v1/spec.pb.h"
#include "training/weight_schedule.h"

namespace steelyard::worker {

// The weight of each training row before normalisation; empty: all 1.  shift:
// FindShift's of these rows.
// Errors: InvalidArgument, naming the field; FailedPrecondition when the rows
// of a dataset have no such weights.
absl::StatusOr<std::vector<double>> RowWeightsOf(const v1::RunSpec& spec,
                                                 const TrainingRows& rows,
                                                 const Shift& shift);

// Errors: InvalidArgument, naming the field.
absl::StatusOr<training::WeightSchedule> WeightScheduleOf(
    const v1::WeightSchedule& schedule);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_ROW_WEIGHTS_H_
