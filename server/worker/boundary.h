#ifndef STEELYARD_SERVER_WORKER_BOUNDARY_H_
#define STEELYARD_SERVER_WORKER_BOUNDARY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "training/trainer.h"

namespace steelyard::worker {

// What a model of two features says in the plane: f at the nodes of a grid over
// the training rows' extent and a tenth of it beyond on each side (1, where
// there is no extent).
struct Boundary {
  // Nodes along each feature, the ends of the extent among them.
  static constexpr int64_t kNodes = 201;

  std::vector<double> x;  // [nodes] of the first feature, ascending
  std::vector<double> y;  // [nodes] of the second
  int64_t outputs = 1;    // k
  std::vector<double> f;  // [nodes of y, nodes of x, k]
};

// Whether the model has a boundary in the plane.
bool HasBoundary(const training::Trainer& trainer);

// Of the model as it stands.  Wants HasBoundary.
Boundary FindBoundary(training::Trainer& trainer);

// boundary.npy: f, [nodes of y, nodes of x], and k last where it is not 1.
std::string BoundaryNpy(const Boundary& boundary);
// boundary-axes.npy: x and y, [2, nodes].
std::string BoundaryAxesNpy(const Boundary& boundary);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_BOUNDARY_H_
