#include "server/worker/snapshots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/server/worker/given_artifacts.h"

namespace steelyard::worker {
namespace {

using ::testing::ElementsAre;

v1::TrainLease FramesLease(const std::vector<uint64_t>& steps) {
  v1::TrainLease lease = FullLease(100);
  auto& at = *lease.mutable_spec()
                  ->mutable_artifacts()
                  ->mutable_frames()
                  ->mutable_at()
                  ->mutable_steps();
  at.Add(steps.begin(), steps.end());
  return lease;
}

std::vector<std::string> FramesOf(const std::vector<v1::RunReport>& reports) {
  std::vector<std::string> frames;
  for (const std::string& name : Keys(ArtifactsOf(reports))) {
    if (name.starts_with("frame-")) frames.push_back(name);
  }
  return frames;
}

TEST(FramesTest, AreTakenAtTheirSteps) {
  const std::vector<v1::RunReport> reports =
      Train(FramesLease({100, 7, 0, 7, 33}));
  EXPECT_THAT(FramesOf(reports), ElementsAre("frame-0.png", "frame-100.png",
                                             "frame-33.png", "frame-7.png"));
  const std::map<std::string, std::string> all = ArtifactsOf(reports);
  EXPECT_EQ(all.at("frame-100.png"), all.at("boundary.png"));
  v1::TrainLease shorter = FullLease(33);
  EXPECT_EQ(ArtifactsOf(Train(shorter)).at("boundary.png"),
            all.at("frame-33.png"));
  // They change no sample.
  EXPECT_EQ(SamplesOf(reports), SamplesOf(Train(FullLease(100))));
}

// A checkpoint's report comes after those of the frames before it.
TEST(FramesTest, GoOnFromACheckpoint) {
  v1::TrainLease lease = FramesLease({0, 10, 20, 50, 80});
  LeaseOptions options;
  options.slice = absl::Milliseconds(1);
  options.now = TickingClock(absl::Milliseconds(1));
  options.checkpoint_interval = absl::Milliseconds(17);
  const std::vector<v1::RunReport> reports = Train(lease, options);
  int resumed = 0;
  for (size_t i = 0; i < reports.size(); ++i) {
    if (!reports[i].has_checkpoint()) continue;
    ++resumed;
    std::map<std::string, std::string> given = ArtifactsOf(
        {reports.begin(), reports.begin() + static_cast<int64_t>(i)});
    *lease.mutable_checkpoint() = reports[i].checkpoint();
    given.merge(ArtifactsOf(Train(lease)));
    EXPECT_EQ(given, ArtifactsOf(reports)) << "from report " << i;
  }
  EXPECT_GT(resumed, 2);
}

}  // namespace
}  // namespace steelyard::worker
