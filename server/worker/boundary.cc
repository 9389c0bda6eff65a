#include "server/worker/boundary.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include "server/worker/npy_bytes.h"

namespace steelyard::worker {
namespace {

constexpr int64_t kBlockRows = 256;

struct Extent {
  double least = std::numeric_limits<double>::infinity();
  double most = -std::numeric_limits<double>::infinity();
};

std::array<Extent, 2> ExtentOfRows(const training::Trainer& trainer) {
  std::array<Extent, 2> extent;
  const int64_t rows = trainer.held_rows()[0].rows;
  std::vector<double> features(2 * kBlockRows);
  std::vector<double> labels(kBlockRows);
  for (int64_t first = 0; first < rows; first += kBlockRows) {
    const auto count = static_cast<size_t>(std::min(kBlockRows, rows - first));
    trainer.ReadRows(0, first, std::span(features).first(2 * count),
                     std::span(labels).first(count));
    for (size_t i = 0; i < 2 * count; ++i) {
      Extent& it = extent[i % 2];
      it.least = std::min(it.least, features[i]);
      it.most = std::max(it.most, features[i]);
    }
  }
  return extent;
}

std::vector<double> Axis(const Extent& extent) {
  // Halves: the length of an extent may be no double.
  const double half = extent.most / 2 - extent.least / 2;
  const double beyond = half > 0 ? half / 5 : 1;
  const double middle = extent.most / 2 + extent.least / 2;
  std::vector<double> axis;
  for (int64_t i = 0; i < Boundary::kNodes; ++i) {
    const double place = static_cast<double>(2 * i - (Boundary::kNodes - 1)) /
                         static_cast<double>(Boundary::kNodes - 1);
    const double value = middle + place * half + place * beyond;
    const double largest = std::numeric_limits<double>::max();
    axis.push_back(std::clamp(value, -largest, largest));
  }
  return axis;
}

}  // namespace

bool HasBoundary(const training::Trainer& trainer) {
  return trainer.held_rows()[0].features == 2;
}

Boundary FindBoundary(training::Trainer& trainer) {
  const std::array<Extent, 2> extent = ExtentOfRows(trainer);
  Boundary boundary = {.x = Axis(extent[0]),
                       .y = Axis(extent[1]),
                       .outputs = trainer.outputs(),
                       .f = {}};
  const size_t nodes = boundary.x.size();
  const size_t row_outputs = nodes * static_cast<size_t>(boundary.outputs);
  boundary.f.resize(nodes * row_outputs);
  std::vector<double> features;
  for (size_t i = 0; i < nodes; ++i) {
    features.clear();
    for (const double x : boundary.x) {
      features.push_back(x);
      features.push_back(boundary.y[i]);
    }
    trainer.Predict(
        features, std::span(boundary.f).subspan(i * row_outputs, row_outputs));
  }
  return boundary;
}

std::string BoundaryNpy(const Boundary& boundary) {
  std::vector<int64_t> shape = {std::ssize(boundary.y), std::ssize(boundary.x)};
  if (boundary.outputs > 1) shape.push_back(boundary.outputs);
  NpyBytes npy(NpyType::kFloat64, shape);
  npy.Append(boundary.f);
  return npy.Take();
}

std::string BoundaryAxesNpy(const Boundary& boundary) {
  const std::array<int64_t, 2> shape = {2, std::ssize(boundary.x)};
  NpyBytes npy(NpyType::kFloat64, shape);
  npy.Append(boundary.x);
  npy.Append(boundary.y);
  return npy.Take();
}

}  // namespace steelyard::worker
