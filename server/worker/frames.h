#ifndef STEELYARD_SERVER_WORKER_FRAMES_H_
#define STEELYARD_SERVER_WORKER_FRAMES_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "server/worker/run_artifacts.h"
#include "steelyard/v1/spec.pb.h"
#include "training/trainer.h"

namespace steelyard::worker {

// Whether a run of so many steps can give the frames that its spec names, of
// training rows with so many features.
// Errors, with the field: InvalidArgument; FailedPrecondition where the rows of
// a dataset have not two features.
absl::Status CheckFrames(const v1::RunSpec& spec, int64_t features,
                         int64_t last_step);

// At which steps there are frames: ascending, each once.
std::vector<int64_t> FrameSteps(const v1::RunSpec& spec);

// frame-STEP.png of the model as it stands.  `trainer` outlives the plan.
PlannedArtifact PlanFrame(training::Trainer& trainer);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_FRAMES_H_
