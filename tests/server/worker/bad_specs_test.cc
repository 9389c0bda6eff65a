#include "tests/server/bad_specs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/worker/failure.h"
#include "server/worker/make_trainer.h"
#include "tests/status_matchers.h"

// Neither the server's check nor the worker's switch accepts what the other
// refuses: the other half of the table's test is spec_check_test.
namespace steelyard::worker {
namespace {

v1::TrainLease LeaseOf(const v1::RunSpec& spec) {
  v1::TrainLease lease;
  lease.set_inflated_bytes_limit(int64_t{1} << 30);
  *lease.mutable_spec() = spec;
  return lease;
}

TEST(BadSpecsTest, TheWorkerAcceptsTheGoodSpec) {
  EXPECT_THAT(MakeTrainer(LeaseOf(GoodSpec()), MemoryLimit()), IsOk());
}

TEST(BadSpecsTest, TheWorkerRefusesWhatTheServerRefuses) {
  int refused = 0;
  for (const BadSpec& bad : AllBadSpecs()) {
    if (!bad.for_worker) continue;
    v1::RunSpec spec = GoodSpec();
    bad.spoil(&spec);
    const absl::Status status =
        MakeTrainer(LeaseOf(spec), MemoryLimit()).status();
    EXPECT_EQ(FailureReasonOf(status), v1::FAILURE_REASON_INVALID_SPEC)
        << bad.name << ": " << status;
    ++refused;
  }
  EXPECT_GE(refused, 50);
}

}  // namespace
}  // namespace steelyard::worker
