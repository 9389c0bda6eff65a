#ifndef STEELYARD_SERVER_WORKER_RESAMPLED_ROWS_H_
#define STEELYARD_SERVER_WORKER_RESAMPLED_ROWS_H_

#include <vector>

#include "absl/status/status.h"
#include "server/worker/training_rows.h"
#include "steelyard/v1/spec.pb.h"

namespace steelyard::worker {

// Does what the spec's `resampling` says to the training rows and their weights
// (empty: all 1); nothing where it says nothing.
// Errors: InvalidArgument, naming the field; FailedPrecondition when no row of
// a dataset stays, or too many come of them.
absl::Status Resample(const v1::RunSpec& spec, TrainingRows& rows,
                      std::vector<double>& weights);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_RESAMPLED_ROWS_H_
