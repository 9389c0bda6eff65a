#include "server/worker/run_artifacts.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/worker/boundary.h"
#include "server/worker/boundary_picture.h"
#include "server/worker/npy_bytes.h"
#include "server/worker/png_bytes.h"
#include "server/worker/predictions.h"
#include "server/worker/row_values.h"
#include "support/status_macros.h"

namespace steelyard::worker {
namespace {

constexpr char kNpy[] = "application/x-npy";
constexpr char kCsv[] = "text/csv";

// Parameters that are read at a time.
constexpr int64_t kBlock = 1 << 16;

absl::StatusOr<Artifact> Parameters(const training::Trainer& trainer,
                                    NpyType type, int64_t limit_bytes) {
  const std::array<int64_t, 1> shape = {trainer.parameters()};
  const int64_t size_bytes = NpyBytes::SizeBytes(type, shape);
  if (size_bytes > limit_bytes) return NoRoom(limit_bytes, size_bytes);
  NpyBytes npy(type, shape);
  std::vector<double> block;
  for (int64_t first = 0; first < shape[0]; first += kBlock) {
    block.resize(static_cast<size_t>(std::min(kBlock, shape[0] - first)));
    trainer.ReadParameters(first, block);
    npy.Append(block);
  }
  return Artifact{
      .name = "parameters.npy", .media_type = kNpy, .bytes = npy.Take()};
}

absl::StatusOr<Artifact> Predictions(training::Trainer& trainer, size_t set,
                                     const std::string& name,
                                     int64_t limit_bytes) {
  STEELYARD_ASSIGN_OR_RETURN(std::string csv,
                             PredictionsCsv(trainer, set, limit_bytes));
  return Artifact{.name = name, .media_type = kCsv, .bytes = std::move(csv)};
}

// The three are made of one boundary, found when the first is made.
void PlanBoundary(training::Trainer& trainer,
                  std::vector<PlannedArtifact>* plan) {
  const auto boundary = std::make_shared<std::optional<Boundary>>();
  const auto found = [&trainer, boundary]() -> const Boundary& {
    if (!boundary->has_value()) *boundary = FindBoundary(trainer);
    return **boundary;
  };
  plan->push_back({.name = "boundary.npy", .make = [found](int64_t limit) {
                     return IfRoom(limit, {.name = "boundary.npy",
                                           .media_type = kNpy,
                                           .bytes = BoundaryNpy(found())});
                   }});
  plan->push_back({.name = "boundary-axes.npy", .make = [found](int64_t limit) {
                     return IfRoom(limit, {.name = "boundary-axes.npy",
                                           .media_type = kNpy,
                                           .bytes = BoundaryAxesNpy(found())});
                   }});
  plan->push_back(
      {.name = "boundary.png", .make = [&trainer, found](int64_t limit) {
         return IfRoom(limit,
                       {.name = "boundary.png",
                        .media_type = kPngType,
                        .bytes = PngBytes(DrawBoundary(found(), trainer))});
       }});
}

}  // namespace

std::string PredictionsName(const std::string& set) {
  std::string name = absl::StrCat("predictions-", set, ".csv");
  std::replace(name.begin(), name.end(), '_', '.');
  return name;
}

std::vector<PlannedArtifact> PlanArtifacts(const v1::RunSpec& spec,
                                           training::Trainer& trainer) {
  // A stored spec says its precision.
  const NpyType type = spec.precision() == v1::PRECISION_DOUBLE
                           ? NpyType::kFloat64
                           : NpyType::kFloat32;
  std::vector<PlannedArtifact> plan;
  plan.push_back(
      {.name = "parameters.npy", .make = [&trainer, type](int64_t limit_bytes) {
         return Parameters(trainer, type, limit_bytes);
       }});
  plan.push_back(PlanWeights("weights.npy", trainer));
  if (!trainer.DualSolution().empty()) {
    plan.push_back(PlanDual("dual.npy", trainer));
  } else if (!trainer.SeparablePart().empty()) {
    plan.push_back(PlanSeparable("separable.npy", trainer));
  }
  const std::vector<training::HeldRows> sets = trainer.held_rows();
  for (size_t set = 1; set < sets.size(); ++set) {
    std::string name = PredictionsName(sets[set].name);
    plan.push_back(
        {.name = name, .make = [&trainer, set, name](int64_t limit_bytes) {
           return Predictions(trainer, set, name, limit_bytes);
         }});
  }
  if (HasBoundary(trainer)) PlanBoundary(trainer, &plan);
  return plan;
}

}  // namespace steelyard::worker
