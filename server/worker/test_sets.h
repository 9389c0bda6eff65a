#ifndef STEELYARD_SERVER_WORKER_TEST_SETS_H_
#define STEELYARD_SERVER_WORKER_TEST_SETS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/worker/leased_files.h"
#include "steelyard/v1/spec.pb.h"
#include "training/rows.h"

namespace steelyard::worker {

// The test sets of a spec, by name, for training rows of so many features:
// those that are read or drawn, the target's (named target), the one of `split`
// (named test), and those that come from others.
// Errors: those of ReadRows; InvalidArgument, naming the field;
// FailedPrecondition where a dataset has not as many features.
absl::StatusOr<std::vector<training::TestSet>> ReadTestSets(
    const v1::RunSpec& spec, const LeasedFiles& files, int64_t columns,
    std::optional<training::Rows> split);

// Where the test set of this name stands in a spec: test_sets.NAME, or
// target.data.
std::string SetPath(const std::string& name);

// What it says there; null where there is none, as of what `split` makes.
const v1::Data* FindSet(const v1::RunSpec& spec, const std::string& name);

// What the set `data` of `spec` will take in memory, as EstimateRowBytes says
// it.
int64_t EstimateTestBytes(const v1::RunSpec& spec, const v1::Data& data,
                          const LeasedFiles& files);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_TEST_SETS_H_
