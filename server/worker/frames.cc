#include "server/worker/frames.h"

#include <algorithm>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/worker/artifact.h"
#include "server/worker/boundary.h"
#include "server/worker/boundary_picture.h"
#include "server/worker/png_bytes.h"
#include "server/worker/read_files.h"

namespace steelyard::worker {

absl::Status CheckFrames(const v1::RunSpec& spec, int64_t features,
                         int64_t last_step) {
  constexpr int kMostFrames = 1'000;
  if (!spec.artifacts().has_frames()) return absl::OkStatus();
  const auto& steps = spec.artifacts().frames().at().steps();
  if (steps.empty() || steps.size() > kMostFrames) {
    return absl::InvalidArgumentError(
        absl::StrCat("artifacts.frames.at.steps: want 1 to ", kMostFrames,
                     " steps, got ", steps.size()));
  }
  for (const uint64_t step : steps) {
    if (step <= static_cast<uint64_t>(last_step)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("artifacts.frames.at.steps: want at most the last step, ",
                     last_step, ", got ", step));
  }
  if (features == 2) return absl::OkStatus();
  const std::string message = absl::StrCat(
      "artifacts.frames: want it for rows of 2 features, got rows of ",
      features);
  return IsStored(spec.data()) ? absl::FailedPreconditionError(message)
                               : absl::InvalidArgumentError(message);
}

std::vector<int64_t> FrameSteps(const v1::RunSpec& spec) {
  const auto& named = spec.artifacts().frames().at().steps();
  std::vector<int64_t> steps(named.begin(), named.end());
  std::sort(steps.begin(), steps.end());
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  return steps;
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

}  // namespace steelyard::worker
