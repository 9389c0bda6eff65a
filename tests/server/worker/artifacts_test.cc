// What a run gives besides samples, up to the bytes of its files.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/worker/boundary.h"
#include "server/worker/boundary_picture.h"
#include "server/worker/make_trainer.h"
#include "server/worker/npy_bytes.h"
#include "server/worker/png_bytes.h"
#include "server/worker/predictions.h"
#include "server/worker/run_artifacts.h"
#include "server/worker/train_lease.h"
#include "tests/server/worker/given_artifacts.h"
#include "tests/status_matchers.h"

namespace steelyard::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::unique_ptr<training::Trainer> Trained(const v1::TrainLease& lease) {
  std::unique_ptr<training::Trainer> trainer =
      MakeTrainer(lease, MemoryLimit()).value();
  while (!trainer->done()) {
    EXPECT_THAT(trainer->Advance(1 << 30), IsOk());
  }
  return trainer;
}

TEST(NpyBytesTest, AreThoseOfNumpy) {
  const std::vector<int64_t> shape = {2, 3};
  NpyBytes npy(NpyType::kFloat32, shape);
  npy.Append(std::vector<double>{1, 2, 3});
  npy.Append(std::vector<double>{4, 5, 6.5});
  const std::string bytes = npy.Take();
  EXPECT_EQ(std::ssize(bytes), NpyBytes::SizeBytes(NpyType::kFloat32, shape));
  const std::string header =
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  EXPECT_EQ(bytes.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
  EXPECT_EQ(bytes.substr(10, header.size()), header);
  EXPECT_EQ(bytes[127], '\n');
  float last = 0;
  std::memcpy(&last, bytes.data() + 128 + 20, sizeof last);
  EXPECT_EQ(last, 6.5f);
  const std::vector<int64_t> line = {0};
  EXPECT_THAT(NpyBytes(NpyType::kFloat64, line).Take(),
              HasSubstr("'shape': (0,), }"));
}

TEST(PngBytesTest, HoldPaletteAndPixels) {
  const Picture picture = {.width = 3,
                           .height = 2,
                           .palette = {{1, 2, 3}, {250, 251, 252}},
                           .pixels = {0, 1, 0, 1, 1, 0}};
  const std::string png = PngBytes(picture);
  EXPECT_EQ(png.substr(0, 8), "\x89PNG\r\n\x1a\n");
  EXPECT_EQ(png.substr(16, 13),
            std::string("\0\0\0\3\0\0\0\2\x08\x03\0\0\0", 13));
  EXPECT_THAT(png, HasSubstr("PLTE\x01\x02\x03\xfa\xfb\xfc"));
  const size_t at = png.find("IDAT") + 4;
  std::string lines(8, 'x');
  uLongf size = lines.size();
  ASSERT_EQ(uncompress(reinterpret_cast<Bytef*>(lines.data()), &size,
                       reinterpret_cast<const Bytef*>(png.data() + at),
                       png.size() - at),
            Z_OK);
  EXPECT_EQ(lines, std::string("\0\0\1\0\0\1\1\0", 8));
  EXPECT_EQ(png.substr(png.size() - 8), "IEND\xae\x42\x60\x82");
}

TEST(PredictionsTest, ATieIsNeitherClass) {
  v1::TrainLease lease = FullLease(1);
  const auto trainer = MakeTrainer(lease, MemoryLimit()).value();
  // At step 0 every output is 0.
  const std::string csv = PredictionsCsv(*trainer, 1, 1 << 20).value();
  const std::vector<std::string> lines = absl::StrSplit(csv, '\n');
  ASSERT_EQ(lines.size(), 10u);
  EXPECT_EQ(lines[0], "row,label,output,predicted");
  EXPECT_EQ(lines[1], "0,1,0,0");
  EXPECT_EQ(lines[8], "7,-1,0,0");
  EXPECT_EQ(lines[9], "");
  EXPECT_THAT(PredictionsCsv(*trainer, 1, 10),
              StatusIs(absl::StatusCode::kResourceExhausted, "at most 10"));
}

// Three classes: at first all outputs are 0, and then each row is its own.
TEST(PredictionsTest, OfSeveralClassesTheLargestOutputIsPredicted) {
  v1::TrainLease lease = D8Lease(2000);
  v1::RunSpec& spec = *lease.mutable_spec();
  v1::InlineData& table = *spec.mutable_data()->mutable_inline_();
  for (int i = 0; i < 8; ++i) table.set_labels(i, i % 3);
  for (int i = 0; i < 8; ++i) {
    table.mutable_features(i)->set_values(0, i % 3 == 1 ? 1 : 0);
    table.mutable_features(i)->set_values(1, i % 3 == 2 ? 1 : 0);
  }
  (*spec.mutable_test_sets())["test"] = spec.data();
  spec.mutable_loss()->mutable_softmax_cross_entropy();
  spec.mutable_weighting()->mutable_uniform();
  const auto trainer = MakeTrainer(lease, MemoryLimit()).value();
  std::vector<std::string> lines =
      absl::StrSplit(PredictionsCsv(*trainer, 1, 1 << 20).value(), '\n');
  EXPECT_EQ(lines[0], "row,label,output_0,output_1,output_2,predicted");
  EXPECT_EQ(lines[1], "0,0,0,0,0,-1");
  while (!trainer->done()) ASSERT_THAT(trainer->Advance(1 << 20), IsOk());
  lines = absl::StrSplit(PredictionsCsv(*trainer, 1, 1 << 20).value(), '\n');
  for (int i = 0; i < 8; ++i) {
    const std::vector<std::string> fields =
        absl::StrSplit(lines[static_cast<size_t>(i) + 1], ',');
    ASSERT_EQ(fields.size(), 6u);
    EXPECT_EQ(fields[5], absl::StrCat(i % 3)) << lines[1];
    EXPECT_EQ(fields[5], fields[1]);
  }
  EXPECT_EQ(FindBoundary(*trainer).f.size(), 201u * 201u * 3u);
  EXPECT_THAT(BoundaryNpy(FindBoundary(*trainer)),
              HasSubstr("'shape': (201, 201, 3), }"));
}

TEST(BoundaryTest, CoversTheRowsAndATenthMore) {
  const auto trainer = Trained(FullLease(100));
  const Boundary boundary = FindBoundary(*trainer);
  ASSERT_EQ(boundary.x.size(), 201u);
  EXPECT_DOUBLE_EQ(boundary.x.front(), -2 - 0.5);
  EXPECT_DOUBLE_EQ(boundary.x.back(), 3 + 0.5);
  EXPECT_DOUBLE_EQ(boundary.y.front(), -2.5 - 0.55);
  EXPECT_DOUBLE_EQ(boundary.y.back(), 3 + 0.55);
  std::vector<double> f(1);
  trainer->Predict(std::vector<double>{boundary.x[200], boundary.y[0]}, f);
  EXPECT_EQ(boundary.f[200], f[0]);
  trainer->Predict(std::vector<double>{boundary.x[0], boundary.y[200]}, f);
  EXPECT_EQ(boundary.f[size_t{200} * 201], f[0]);
}

// Rows on one line have no extent across it; far ones none that is a double.
TEST(BoundaryTest, IsFiniteForAnyRows) {
  v1::TrainLease lease = D8Lease(1);
  v1::InlineData& table =
      *lease.mutable_spec()->mutable_data()->mutable_inline_();
  for (v1::Row& row : *table.mutable_features()) row.set_values(1, 4);
  table.mutable_features(0)->set_values(0, 1.7e308);
  table.mutable_features(7)->set_values(0, -1.7e308);
  const auto trainer = MakeTrainer(lease, MemoryLimit()).value();
  const Boundary boundary = FindBoundary(*trainer);
  EXPECT_EQ(boundary.y.front(), 3);
  EXPECT_EQ(boundary.y.back(), 5);
  for (const double x : boundary.x) EXPECT_TRUE(std::isfinite(x));
  EXPECT_EQ(DrawBoundary(boundary, *trainer).pixels.size(), 603u * 603u);
}

// A dot lies over each row, in the colour of its label, and the region around
// it in the light one of the sign there.
TEST(BoundaryTest, IsDrawnWithTheSecondFeatureUpwards) {
  const auto trainer = Trained(FullLease(1000));
  const Boundary boundary = FindBoundary(*trainer);
  const Picture picture = DrawBoundary(boundary, *trainer);
  const auto at = [&](double x, double y) {
    const auto column = static_cast<size_t>((x + 2.5) / 6 * 603);
    const auto row = 602 - static_cast<size_t>((y + 3.05) / 6.6 * 603);
    return picture.palette[picture.pixels[row * 603 + column]];
  };
  EXPECT_EQ(at(3, 2.5).blue, 160);     // a row labelled +1: dark blue
  EXPECT_EQ(at(-0.5, -2.5).red, 217);  // -1: dark orange
  EXPECT_EQ(at(3.4, 3.4).blue, 238);   // light blue
  EXPECT_EQ(at(-2.4, -3).red, 253);    // light orange
}

TEST(RunArtifactsTest, AllComeBeforeTheResult) {
  const std::vector<v1::RunReport> reports = Train(FullLease(1000));
  EXPECT_THAT(Keys(ArtifactsOf(reports)),
              ElementsAre("boundary-axes.npy", "boundary.npy", "boundary.png",
                          "dual.npy", "parameters.npy", "predictions-a.b.csv",
                          "weights.npy"));
  EXPECT_TRUE(reports.back().has_result());
  EXPECT_EQ(reports.back().result().message(), "");
  for (size_t i = 0; i < reports.size(); ++i) {
    EXPECT_EQ(reports[i].report_number(), static_cast<int64_t>(i) + 1);
    // The last samples come with the result.
    EXPECT_FALSE(reports[i].has_artifact() && reports[i].has_samples()) << i;
  }
}

TEST(RunArtifactsTest, WithoutRoomThereAreNoneAndTheRunSucceeds) {
  v1::TrainLease lease = FullLease(1000);
  lease.set_artifact_bytes_limit(0);
  const std::vector<v1::RunReport> reports = Train(lease);
  EXPECT_THAT(ArtifactsOf(reports), IsEmpty());
  EXPECT_EQ(reports.back().result().ended_by(), v1::ENDED_BY_STEPS);
  EXPECT_THAT(reports.back().result().message(),
              HasSubstr("no artifact parameters.npy: want at most 0 bytes"));
}

TEST(RunArtifactsTest, TheLimitHoldsForAllTogether) {
  const std::map<std::string, std::string> all =
      ArtifactsOf(Train(FullLease(1000)));
  v1::TrainLease lease = FullLease(1000);
  const int64_t fits = std::ssize(all.at("parameters.npy")) +
                       std::ssize(all.at("weights.npy")) +
                       std::ssize(all.at("dual.npy")) +
                       std::ssize(all.at("predictions-a.b.csv"));
  lease.set_artifact_bytes_limit(fits);
  std::vector<v1::RunReport> reports = Train(lease);
  EXPECT_THAT(Keys(ArtifactsOf(reports)),
              ElementsAre("dual.npy", "parameters.npy", "predictions-a.b.csv",
                          "weights.npy"));
  EXPECT_THAT(reports.back().result().message(), Not(HasSubstr("predictions")));
  lease.set_artifact_bytes_limit(fits - 1);
  reports = Train(lease);
  EXPECT_THAT(Keys(ArtifactsOf(reports)),
              ElementsAre("dual.npy", "parameters.npy", "weights.npy"));
}

TEST(RunArtifactsTest, OnlyWhatLiesInAPlaneHasABoundary) {
  v1::TrainLease lease = D8Lease(10);
  lease.set_artifact_bytes_limit(int64_t{1} << 30);
  v1::InlineData& table =
      *lease.mutable_spec()->mutable_data()->mutable_inline_();
  for (v1::Row& row : *table.mutable_features()) row.add_values(1);
  EXPECT_THAT(Keys(ArtifactsOf(Train(lease))),
              ElementsAre("dual.npy", "parameters.npy", "weights.npy"));
}

TEST(RunArtifactsTest, ALargeOneComesInPieces) {
  v1::TrainLease lease = D8Lease(1);
  lease.set_artifact_bytes_limit(int64_t{1} << 30);
  v1::RunSpec& spec = *lease.mutable_spec();
  v1::MoonsData& moons = *(*spec.mutable_test_sets())["test"].mutable_moons();
  moons.set_positive(50'000);
  moons.set_negative(50'000);
  const std::string csv = ArtifactsOf(Train(lease)).at("predictions-test.csv");
  EXPECT_GT(csv.size(), 2u << 20);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 100'001);
}

TEST(RunArtifactsTest, AStopBetweenPiecesIsObeyed) {
  const v1::TrainLease lease = FullLease(1000);
  SessionQueue queue;
  ScriptedServer server(queue, [&](const v1::SessionRequest& message) {
    if (!message.has_report()) return;
    if (message.report().has_artifact()) {
      queue.Deliver(Stop(lease, /*checkpoint=*/true));
    } else {
      queue.Deliver(Ack(message.report()));
    }
  });
  // The first piece is not acknowledged: the worker has to wait.
  LeaseOptions options;
  options.unacknowledged_reports = 1;
  EXPECT_EQ(RunTrainLease(lease, options, MemoryLimit(), queue),
            LeaseEnd::kStopped);
  const std::vector<v1::RunReport> reports = ReportsOf(server.End());
  EXPECT_FALSE(reports.back().has_result());
  ASSERT_TRUE(reports.back().has_checkpoint());

  // The next attempt has nothing left to train, and gives the same.
  v1::TrainLease next = lease;
  *next.mutable_checkpoint() = reports.back().checkpoint();
  const std::vector<v1::RunReport> rest = Train(next);
  EXPECT_EQ(rest.back().result().ended_by(), v1::ENDED_BY_STEPS);
  EXPECT_EQ(ArtifactsOf(rest), ArtifactsOf(Train(lease)));
}

TEST(RunArtifactsTest, ACheckpointAfterTheWallTimeEndsByItTwice) {
  v1::TrainLease lease = FullLease(uint64_t{1} << 60);
  lease.mutable_spec()->mutable_stop()->mutable_wall_time()->set_seconds(1);
  LeaseOptions options;
  options.slice = absl::Milliseconds(1);
  options.now = TickingClock(absl::Milliseconds(1));
  SessionQueue queue;
  ScriptedServer server(queue, [&](const v1::SessionRequest& message) {
    if (!message.has_report()) return;
    if (message.report().has_artifact()) {
      queue.Deliver(Stop(lease, /*checkpoint=*/true));
    } else {
      queue.Deliver(Ack(message.report()));
    }
  });
  options.unacknowledged_reports = 1;
  EXPECT_EQ(RunTrainLease(lease, options, MemoryLimit(), queue),
            LeaseEnd::kStopped);
  const std::vector<v1::RunReport> reports = ReportsOf(server.End());
  ASSERT_TRUE(reports.back().has_checkpoint());
  *lease.mutable_checkpoint() = reports.back().checkpoint();
  const std::vector<v1::RunReport> rest = Train(lease);
  EXPECT_EQ(rest.back().result().ended_by(), v1::ENDED_BY_WALL_TIME);
  EXPECT_EQ(rest.back().result().steps(), lease.checkpoint().step());
  EXPECT_THAT(SamplesOf(rest), IsEmpty());
}

}  // namespace
}  // namespace steelyard::worker
