#ifndef STEELYARD_SERVER_WORKER_SNAPSHOTS_H_
#define STEELYARD_SERVER_WORKER_SNAPSHOTS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "server/worker/run_artifacts.h"
#include "steelyard/v1/spec.pb.h"
#include "training/trainer.h"

namespace steelyard::worker {

// Whether a run of so many steps can give the frames, margins and weights that
// its spec names, of training rows with so many features.
// Errors, with the field: InvalidArgument; FailedPrecondition where the rows of
// a dataset have not two features.
absl::Status CheckSnapshots(const v1::RunSpec& spec, int64_t features,
                            int64_t last_step);

// At which steps there is any of them: ascending, each once.
std::vector<int64_t> SnapshotSteps(const v1::RunSpec& spec);

// What is wanted of the model as it stands: frame-STEP.png, margins-STEP.npy,
// weights-STEP.npy.  `trainer` outlives the plans.
std::vector<PlannedArtifact> PlanSnapshots(const v1::RunSpec& spec,
                                           training::Trainer& trainer);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_SNAPSHOTS_H_
