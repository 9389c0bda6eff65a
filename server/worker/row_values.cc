#include "server/worker/row_values.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "server/worker/artifact.h"
#include "server/worker/npy_bytes.h"

namespace steelyard::worker {
namespace {

// Rows that are taken together.
constexpr int64_t kBlockRows = 1024;

// Writes the values of rows from number `first` on.
using ReadValues = std::function<void(int64_t first, std::span<double> to)>;

absl::StatusOr<Artifact> MakeValues(const std::string& name, int64_t rows,
                                    const ReadValues& read,
                                    int64_t limit_bytes) {
  const std::array<int64_t, 1> shape = {rows};
  const int64_t size_bytes = NpyBytes::SizeBytes(NpyType::kFloat64, shape);
  if (size_bytes > limit_bytes) return NoRoom(limit_bytes, size_bytes);
  NpyBytes npy(NpyType::kFloat64, shape);
  std::vector<double> block;
  for (int64_t first = 0; first < rows; first += kBlockRows) {
    block.resize(static_cast<size_t>(std::min(kBlockRows, rows - first)));
    read(first, block);
    npy.Append(block);
  }
  return Artifact{
      .name = name, .media_type = "application/x-npy", .bytes = npy.Take()};
}

PlannedArtifact Plan(const std::string& name, const training::Trainer& trainer,
                     ReadValues read) {
  const int64_t rows = trainer.held_rows()[0].rows;
  return {.name = name,
          .make = [name, rows, read = std::move(read)](int64_t limit_bytes) {
            return MakeValues(name, rows, read, limit_bytes);
          }};
}

ReadValues ReadFrom(std::vector<double> all) {
  return [all = std::move(all)](int64_t first, std::span<double> to) {
    std::copy_n(all.begin() + first, to.size(), to.begin());
  };
}

// Of one row's outputs.
double MarginOf(std::span<const double> outputs, double label) {
  if (outputs.size() == 1) return label * outputs[0];
  const auto own = static_cast<size_t>(label);
  double others = -std::numeric_limits<double>::infinity();
  for (size_t k = 0; k < outputs.size(); ++k) {
    if (k != own) others = std::max(others, outputs[k]);
  }
  return outputs[own] - others;
}

void ReadMargins(training::Trainer& trainer, int64_t first,
                 std::span<double> to) {
  const auto d = static_cast<size_t>(trainer.held_rows()[0].features);
  const auto k = static_cast<size_t>(trainer.outputs());
  std::vector<double> features(to.size() * d);
  std::vector<double> labels(to.size());
  std::vector<double> outputs(to.size() * k);
  trainer.ReadRows(0, first, features, labels);
  trainer.Predict(features, outputs);
  for (size_t i = 0; i < to.size(); ++i) {
    to[i] = MarginOf(std::span(outputs).subspan(i * k, k), labels[i]) + 0.0;
  }
}

}  // namespace

PlannedArtifact PlanWeights(const std::string& name,
                            training::Trainer& trainer) {
  return Plan(name, trainer, [&trainer](int64_t first, std::span<double> to) {
    trainer.ReadWeights(first, to);
  });
}

PlannedArtifact PlanMargins(const std::string& name,
                            training::Trainer& trainer) {
  return Plan(name, trainer, [&trainer](int64_t first, std::span<double> to) {
    ReadMargins(trainer, first, to);
  });
}

PlannedArtifact PlanDual(const std::string& name, training::Trainer& trainer) {
  return Plan(name, trainer, ReadFrom(trainer.DualSolution()));
}

PlannedArtifact PlanSeparable(const std::string& name,
                              training::Trainer& trainer) {
  return Plan(name, trainer, ReadFrom(trainer.SeparablePart()));
}

}  // namespace steelyard::worker
