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
constexpr char kMargins[] = "artifacts.margins";
constexpr char kWeights[] = "artifacts.weights";
constexpr int kMostSnapshots = 1'000;
constexpr int64_t kPlaneFeatures = 2;

// `path`: of what is taken at these steps.
void CheckSteps(const v1::RunSpec& spec, const char* path,
                const v1::AtSchedule& at, std::vector<Fault>* faults) {
  const std::string list = FieldPath(path, "at.steps");
  if (at.steps().empty() || at.steps_size() > kMostSnapshots) {
    const std::string got =
        at.steps().empty() ? "none" : absl::StrCat(at.steps_size());
    faults->push_back({list, absl::StrCat("want 1 to ", kMostSnapshots,
                                          " steps, got ", got)});
    return;
  }
  // Where it is wrong itself, every step beyond it may be right.
  const uint64_t last = StepsOf(spec.stop());
  if (last < 1 || last > kMostSteps) return;
  ElementFaults wrong(list, faults);
  for (int i = 0; i < at.steps_size(); ++i) {
    if (at.steps(i) <= last) continue;
    wrong.Add(IndexPath(list, static_cast<size_t>(i)),
              absl::StrCat("want at most the last step, ", last, ", got ",
                           at.steps(i)));
  }
}

}  // namespace

void CheckArtifacts(const v1::RunSpec& spec, std::vector<Fault>* faults) {
  const v1::Artifacts& artifacts = spec.artifacts();
  if (artifacts.has_frames()) {
    CheckSteps(spec, kFrames, artifacts.frames().at(), faults);
  }
  if (artifacts.has_margins()) {
    CheckSteps(spec, kMargins, artifacts.margins().at(), faults);
    WantClasses(kMargins, LabelsOf(spec), faults);
  }
  if (!artifacts.has_weights()) return;
  CheckSteps(spec, kWeights, artifacts.weights().at(), faults);
  const v1::Weighting& weighting = spec.weighting();
  if (weighting.has_learned() || weighting.schedule().has_deferred() ||
      weighting.schedule().has_annealed()) {
    return;
  }
  faults->push_back({kWeights,
                     "want it with weights that change, learned or on a "
                     "schedule; weights.npy has the others"});
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
