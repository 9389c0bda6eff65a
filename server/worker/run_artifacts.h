#ifndef STEELYARD_SERVER_WORKER_RUN_ARTIFACTS_H_
#define STEELYARD_SERVER_WORKER_RUN_ARTIFACTS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/worker/artifact.h"
#include "steelyard/v1/spec.pb.h"
#include "training/trainer.h"

namespace steelyard::worker {

// An artifact to be made.
struct PlannedArtifact {
  std::string name;
  // Makes it of at most so many bytes.
  // Errors: ResourceExhausted when it would have more.
  // Throws std::bad_alloc where there is no memory for it.
  std::function<absl::StatusOr<Artifact>(int64_t limit_bytes)> make;
};

// What a run gives at its end, besides samples: docs/artifacts.md.  `trainer`
// is done, and outlives the plan.
std::vector<PlannedArtifact> PlanArtifacts(const v1::RunSpec& spec,
                                           training::Trainer& trainer);

// predictions-SET.csv; a '_' of the set's name, which no artifact may have, is
// a '.', which no set may have.
std::string PredictionsName(const std::string& set);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_RUN_ARTIFACTS_H_
