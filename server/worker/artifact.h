#ifndef STEELYARD_SERVER_WORKER_ARTIFACT_H_
#define STEELYARD_SERVER_WORKER_ARTIFACT_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "steelyard/v1/worker_service.pb.h"

namespace steelyard::worker {

// A file that a run gives.
struct Artifact {
  std::string name;  // A of experiments/E/runs/R/artifacts/A
  std::string media_type;
  std::string bytes;
};

// That an artifact would need more than the run's others have left.
absl::Status NoRoom(int64_t limit_bytes, int64_t size_bytes);
// The artifact, or NoRoom.
absl::StatusOr<Artifact> IfRoom(int64_t limit_bytes, Artifact artifact);

// 64 lower-case hexadecimal digits.
std::string Sha256Hex(absl::string_view bytes);

// The piece that begins at `offset`: at most 1 MiB, and at least a byte unless
// the artifact is empty.  sha256: of all its bytes.
v1::ArtifactPiece PieceOf(const Artifact& artifact, const std::string& sha256,
                          int64_t offset);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_ARTIFACT_H_
