#include "server/worker/snapshots.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/worker/artifact.h"
#include "server/worker/boundary.h"
#include "server/worker/boundary_picture.h"
#include "server/worker/failure.h"
#include "server/worker/png_bytes.h"
#include "server/worker/read_data.h"
#include "server/worker/read_files.h"
#include "server/worker/row_values.h"
#include "support/status_macros.h"

namespace steelyard::worker {
namespace {

using Steps = google::protobuf::RepeatedField<uint64_t>;

absl::Status CheckSteps(const char* path, const Steps& steps,
                        int64_t last_step) {
  constexpr int kMostSnapshots = 1'000;
  if (steps.empty() || steps.size() > kMostSnapshots) {
    return Wrong(path, ".at.steps: want 1 to ", kMostSnapshots, " steps, got ",
                 steps.size());
  }
  for (const uint64_t step : steps) {
    if (step <= static_cast<uint64_t>(last_step)) continue;
    return Wrong(path, ".at.steps: want at most the last step, ", last_step,
                 ", got ", step);
  }
  return absl::OkStatus();
}

absl::Status CheckPlane(const v1::RunSpec& spec, int64_t features) {
  if (features == 2) return absl::OkStatus();
  const std::string message = absl::StrCat(
      "artifacts.frames: want it for rows of 2 features, got rows of ",
      features);
  return IsStored(spec.data()) ? absl::FailedPreconditionError(message)
                               : absl::InvalidArgumentError(message);
}

bool HasChangingWeights(const v1::Weighting& weighting) {
  return weighting.has_learned() || weighting.schedule().has_deferred() ||
         weighting.schedule().has_annealed();
}

PlannedArtifact PlanFrame(training::Trainer& trainer) {
  const std::string name = absl::StrCat("frame-", trainer.step(), ".png");
  return {.name = name,
          .make = [&trainer,
                   name](int64_t limit_bytes) -> absl::StatusOr<Artifact> {
            const Boundary boundary = FindBoundary(trainer);
            return IfRoom(limit_bytes,
                          {.name = name,
                           .media_type = kPngType,
                           .bytes = PngBytes(DrawBoundary(boundary, trainer))});
          }};
}

}  // namespace

absl::Status CheckSnapshots(const v1::RunSpec& spec, int64_t features,
                            int64_t last_step) {
  const v1::Artifacts& wanted = spec.artifacts();
  if (wanted.has_frames()) {
    STEELYARD_RETURN_IF_ERROR(CheckSteps(
        "artifacts.frames", wanted.frames().at().steps(), last_step));
    STEELYARD_RETURN_IF_ERROR(CheckPlane(spec, features));
  }
  if (wanted.has_margins()) {
    STEELYARD_RETURN_IF_ERROR(CheckSteps(
        "artifacts.margins", wanted.margins().at().steps(), last_step));
    if (LabelsOf(spec) == training::LabelValues::kNumbers) {
      return Wrong(
          "artifacts.margins: want labels that are classes, got numbers");
    }
  }
  if (!wanted.has_weights()) return absl::OkStatus();
  STEELYARD_RETURN_IF_ERROR(CheckSteps(
      "artifacts.weights", wanted.weights().at().steps(), last_step));
  if (HasChangingWeights(spec.weighting())) return absl::OkStatus();
  return Wrong("artifacts.weights: want it with weights that change");
}

std::vector<int64_t> SnapshotSteps(const v1::RunSpec& spec) {
  std::vector<int64_t> steps;
  const v1::Artifacts& wanted = spec.artifacts();
  for (const Steps* named :
       {&wanted.frames().at().steps(), &wanted.margins().at().steps(),
        &wanted.weights().at().steps()}) {
    steps.insert(steps.end(), named->begin(), named->end());
  }
  std::sort(steps.begin(), steps.end());
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  return steps;
}

std::vector<PlannedArtifact> PlanSnapshots(const v1::RunSpec& spec,
                                           training::Trainer& trainer) {
  const auto due = [&](const Steps& steps) {
    return std::find(steps.begin(), steps.end(),
                     static_cast<uint64_t>(trainer.step())) != steps.end();
  };
  const v1::Artifacts& wanted = spec.artifacts();
  std::vector<PlannedArtifact> plan;
  if (due(wanted.frames().at().steps())) plan.push_back(PlanFrame(trainer));
  if (due(wanted.margins().at().steps())) {
    plan.push_back(
        PlanMargins(absl::StrCat("margins-", trainer.step(), ".npy"), trainer));
  }
  if (due(wanted.weights().at().steps())) {
    plan.push_back(
        PlanWeights(absl::StrCat("weights-", trainer.step(), ".npy"), trainer));
  }
  return plan;
}

}  // namespace steelyard::worker
