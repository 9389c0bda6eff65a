#ifndef STEELYARD_TESTS_SERVER_WORKER_GIVEN_ARTIFACTS_H_
#define STEELYARD_TESTS_SERVER_WORKER_GIVEN_ARTIFACTS_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "server/worker/artifact.h"
#include "server/worker/train_lease.h"
#include "tests/server/worker/leases.h"
#include "tests/server/worker/scripted_server.h"

// Leases whose runs give artifacts, and what they gave.
namespace steelyard::worker {

// With a test set of the same rows, and room for all.
inline v1::TrainLease FullLease(uint64_t steps) {
  v1::TrainLease lease = D8Lease(steps);
  (*lease.mutable_spec()->mutable_test_sets())["a_b"] = lease.spec().data();
  lease.set_artifact_bytes_limit(int64_t{1} << 30);
  return lease;
}

// The artifacts that reports put together; fails where pieces do not fit.
inline std::map<std::string, std::string> ArtifactsOf(
    const std::vector<v1::RunReport>& reports) {
  std::map<std::string, std::string> whole;
  std::string arriving;
  for (const v1::RunReport& report : reports) {
    if (!report.has_artifact()) continue;
    const v1::ArtifactPiece& piece = report.artifact();
    if (piece.offset() == 0) arriving.clear();
    EXPECT_EQ(piece.offset(), std::ssize(arriving)) << piece.name();
    EXPECT_LE(piece.content().size(), 1u << 20);
    arriving += piece.content();
    if (std::ssize(arriving) < piece.size_bytes()) continue;
    EXPECT_EQ(Sha256Hex(arriving), piece.sha256());
    whole[piece.name()] = arriving;
  }
  return whole;
}

inline std::vector<std::string> Keys(
    const std::map<std::string, std::string>& map) {
  std::vector<std::string> keys;
  keys.reserve(map.size());
  for (const auto& [key, value] : map) keys.push_back(key);
  return keys;
}

inline std::vector<v1::RunReport> Train(const v1::TrainLease& lease,
                                        const LeaseOptions& options = {}) {
  SessionQueue queue;
  ScriptedServer server(queue);
  EXPECT_EQ(RunTrainLease(lease, options, MemoryLimit(), queue),
            LeaseEnd::kFinished);
  return ReportsOf(server.End());
}

}  // namespace steelyard::worker

#endif  // STEELYARD_TESTS_SERVER_WORKER_GIVEN_ARTIFACTS_H_
