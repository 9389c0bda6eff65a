#ifndef STEELYARD_SERVER_WORKER_MAKE_NETWORK_H_
#define STEELYARD_SERVER_WORKER_MAKE_NETWORK_H_

#include "absl/status/statusor.h"
#include "steelyard/v1/spec.pb.h"
#include "training/network_problem.h"

namespace steelyard::worker {

// Model, loss, optimizer, initial, precision and seed of a spec, of any kind:
// all of a problem that needs no row.  A linear model has no hidden layer, its
// bias is a constant feature.
// Errors: InvalidArgument, naming the field.
absl::StatusOr<training::NetworkProblem> MakeNetwork(const v1::RunSpec& spec);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_MAKE_NETWORK_H_
