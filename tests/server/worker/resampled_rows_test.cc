#include "server/worker/resampled_rows.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "tests/server/worker/leases.h"
#include "tests/server/worker/train_to_end.h"

// Rows drawn in the place of weights, and the way to the dual-optimal ones,
// from the spec to what is trained.
namespace steelyard::worker {
namespace {

std::vector<double> WeightsOf(const training::Trainer& trainer) {
  std::vector<double> weights(static_cast<size_t>(trainer.held_rows()[0].rows));
  trainer.ReadWeights(0, weights);
  return weights;
}

int64_t RowsOf(const v1::TrainLease& lease) {
  return Make(lease)->held_rows()[0].rows;
}

TEST(ResamplingTest, MultinomialDrawsAsManyRowsAsWeigh) {
  v1::TrainLease lease = D8Lease(10);
  lease.mutable_spec()->mutable_resampling()->mutable_multinomial();
  EXPECT_EQ(RowsOf(lease), 8);
  // With a weight of 10 most are positive, and they weigh 1 each.
  int positive = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    lease.mutable_spec()->mutable_resampling()->set_seed(seed);
    const auto trainer = Make(lease);
    std::vector<double> features(16);
    std::vector<double> labels(8);
    trainer->ReadRows(0, 0, features, labels);
    for (const double label : labels) positive += label > 0 ? 1 : 0;
    for (const double weight : WeightsOf(*trainer)) EXPECT_EQ(weight, 1);
  }
  // 1,600 draws of probability 10 / 11.
  EXPECT_NEAR(positive, 1600 * 10. / 11, 5 * std::sqrt(1600 * 10. / 121));
}

TEST(ResamplingTest, BernoulliKeepsAllPositives) {
  v1::TrainLease lease = D8Lease(10);
  lease.mutable_spec()->mutable_resampling()->mutable_bernoulli();
  for (uint64_t seed = 0; seed < 50; ++seed) {
    lease.mutable_spec()->mutable_resampling()->set_seed(seed);
    EXPECT_GE(RowsOf(lease), 4);
    EXPECT_LE(RowsOf(lease), 8);
  }
}

TEST(ResamplingTest, UnderAndOverKeepTheWeights) {
  v1::TrainLease lease = D8Lease(10);
  v1::InlineData& table =
      *lease.mutable_spec()->mutable_data()->mutable_inline_();
  table.set_labels(3, -1);  // 3 of +1, 5 of -1
  lease.mutable_spec()->mutable_resampling()->mutable_under();
  const auto under = Make(lease);
  EXPECT_EQ(under->held_rows()[0].rows, 6);
  EXPECT_NEAR(WeightsOf(*under)[0] / WeightsOf(*under)[5], 10, 1e-12);
  lease.mutable_spec()->mutable_resampling()->mutable_over();
  EXPECT_EQ(RowsOf(lease), 10);
}

// Rows of weight 0 are not there to be drawn or counted.
TEST(ResamplingTest, UnderAndOverLeaveRowsWithoutWeightOut) {
  v1::TrainLease lease = D8Lease(10);
  v1::PerExampleWeighting* weights =
      lease.mutable_spec()->mutable_weighting()->mutable_per_example();
  for (const double w : {1, 0, 0, 1, 1, 1, 1, 1}) weights->add_weights(w);
  lease.mutable_spec()->mutable_resampling()->mutable_under();
  EXPECT_EQ(RowsOf(lease), 4);
  lease.mutable_spec()->mutable_resampling()->mutable_over();
  EXPECT_EQ(RowsOf(lease), 8);
}

// Drawn twice is two rows: the run is that of the weights that say so.
TEST(ResamplingTest, ARowTwiceIsAWeightOfTwo) {
  v1::TrainLease drawn = D8Lease(1000);
  drawn.mutable_spec()->mutable_resampling()->mutable_multinomial();
  drawn.mutable_spec()->mutable_resampling()->set_seed(4);
  const auto trainer = Make(drawn);
  std::vector<double> features(16);
  std::vector<double> labels(8);
  trainer->ReadRows(0, 0, features, labels);
  v1::TrainLease weighted = D8Lease(1000);
  v1::PerExampleWeighting* counts =
      weighted.mutable_spec()->mutable_weighting()->mutable_per_example();
  for (const v1::Row& row : weighted.spec().data().inline_().features()) {
    double count = 0;
    for (size_t k = 0; k < 8; ++k) {
      count += features[2 * k] == row.values(0) &&
                       features[2 * k + 1] == row.values(1)
                   ? 1
                   : 0;
    }
    counts->add_weights(count);
  }
  const std::map<std::string, double> a = TrainToEnd(trainer.get());
  const std::map<std::string, double> b = TrainToEnd(Make(weighted).get());
  for (const char* metric : {"train/log_loss", "parameters/0", "parameters/2",
                             "direction/gap", "margin/normalized"}) {
    EXPECT_NEAR(a.at(metric), b.at(metric), 1e-12 * std::fabs(b.at(metric)))
        << metric;
  }
}

// P5 (ii): along the path e(w) is linear in the share and KL(p*||w) grows.
TEST(DualPathTest, TheGapConstantIsLinearAlongIt) {
  const auto at = [](double share) {
    v1::TrainLease lease = D8Lease(1);
    v1::DualPath* path =
        lease.mutable_spec()->mutable_weighting()->mutable_dual_path();
    path->set_share(share);
    path->set_floor(0);
    return TrainToEnd(Make(lease).get());
  };
  const double whole = at(0.999).at("theory/gap_constant") / 0.999;
  double before = 0;
  for (const double share : {0.25, 0.5, 0.75, 0.999}) {
    const std::map<std::string, double> values = at(share);
    EXPECT_NEAR(values.at("theory/gap_constant"), share * whole, 1e-10 * whole)
        << share;
    EXPECT_GT(values.at("theory/kl"), before);
    before = values.at("theory/kl");
  }
  EXPECT_NEAR(at(0).at("theory/kl"), 0, 1e-14);
  EXPECT_NEAR(at(0).at("theory/gap_constant"), 0, 1e-12);
  // SCIENCE 5.2: positives x10.
  EXPECT_NEAR(at(1).at("theory/kl"), 2.03737, 5.1e-6);
}

TEST(DualPathTest, RowsThatAreNotSeparableFail) {
  v1::TrainLease lease = D8Lease(1);
  lease.mutable_spec()->mutable_weighting()->mutable_dual_path()->set_share(
      0.5);
  lease.mutable_spec()->mutable_data()->mutable_inline_()->set_labels(0, -1);
  lease.mutable_spec()->mutable_data()->mutable_inline_()->set_labels(1, -1);
  server::FillDefaults(lease.mutable_spec());
  EXPECT_THAT(MakeTrainer(lease, MemoryLimit()),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "weighting.dual_path: want rows that have a largest"));
}

}  // namespace
}  // namespace steelyard::worker
