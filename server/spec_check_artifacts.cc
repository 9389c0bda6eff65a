#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/spec_path.h"
#include "server/spec_rows.h"
#include "server/spec_words.h"

// What a spec wants besides samples.
namespace steelyard::server {
namespace {

constexpr char kFrames[] = "artifacts.frames";
constexpr char kFrameSteps[] = "artifacts.frames.at.steps";
constexpr int kMostFrames = 1'000;
constexpr int64_t kPlaneFeatures = 2;

}  // namespace

void CheckArtifacts(const v1::RunSpec& spec, std::vector<Fault>* faults) {
  if (!spec.artifacts().has_frames()) return;
  const v1::AtSchedule& at = spec.artifacts().frames().at();
  if (at.steps().empty() || at.steps_size() > kMostFrames) {
    const std::string got =
        at.steps().empty() ? "none" : absl::StrCat(at.steps_size());
    faults->push_back({kFrameSteps, absl::StrCat("want 1 to ", kMostFrames,
                                                 " steps, got ", got)});
    return;
  }
  // Where it is wrong itself, every step beyond it may be right.
  const uint64_t last = spec.stop().steps();
  if (last < 1 || last > kMostSteps) return;
  ElementFaults wrong(kFrameSteps, faults);
  for (int i = 0; i < at.steps_size(); ++i) {
    if (at.steps(i) <= last) continue;
    wrong.Add(IndexPath(kFrameSteps, static_cast<size_t>(i)),
              absl::StrCat("want at most the last step, ", last, ", got ",
                           at.steps(i)));
  }
}

void CheckPlane(const v1::RunSpec& spec, const KnownRows& train,
                std::vector<Fault>* faults) {
  if (!spec.artifacts().has_frames() || !train.columns ||
      *train.columns == kPlaneFeatures) {
    return;
  }
  faults->push_back(
      {kFrames, absl::StrCat("want it for rows of ", kPlaneFeatures,
                             " features, which a picture can show, got rows "
                             "of ",
                             *train.columns)});
}

}  // namespace steelyard::server
