#include "server/worker/row_values.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "server/worker/snapshots.h"
#include "tests/server/worker/given_artifacts.h"
#include "tests/server/worker/train_to_end.h"

// Files of a value for each training row.
namespace steelyard::worker {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pointwise;

std::vector<double> ValuesOf(const std::string& npy) {
  EXPECT_THAT(npy.substr(0, 128), HasSubstr("'descr': '<f8'"));
  std::vector<double> values((npy.size() - 128) / 8);
  std::memcpy(values.data(), npy.data() + 128, 8 * values.size());
  return values;
}

// SCIENCE 5.2: 39, 35 and 59 parts of 133 on three rows of D8.
TEST(RowValuesTest, TheDualSolutionOfD8) {
  const std::map<std::string, std::string> given =
      ArtifactsOf(Train(FullLease(10)));
  EXPECT_THAT(ValuesOf(given.at("dual.npy")),
              Pointwise(DoubleNear(1e-15),
                        {0., 0., 0., 39. / 133, 0., 35. / 133, 0., 59. / 133}));
  const double one = 1 / 5.5;
  EXPECT_THAT(ValuesOf(given.at("weights.npy")),
              Pointwise(DoubleNear(1e-15), {10 * one, 10 * one, 10 * one,
                                            10 * one, one, one, one, one}));
}

// A row of weight 0 is in none of the files.
TEST(RowValuesTest, RowsWithoutWeightAreLeftOut) {
  v1::TrainLease lease = FullLease(10);
  lease.mutable_spec()->mutable_weighting()->mutable_per_class()->set_ratio(0);
  const std::map<std::string, std::string> given = ArtifactsOf(Train(lease));
  EXPECT_THAT(ValuesOf(given.at("weights.npy")), ElementsAre(1, 1, 1, 1));
  EXPECT_EQ(ValuesOf(given.at("dual.npy")).size(), 4);
}

TEST(RowValuesTest, MarginsAreOfTheModelAtTheirStep) {
  v1::TrainLease lease = FullLease(100);
  v1::AtSchedule* at = lease.mutable_spec()
                           ->mutable_artifacts()
                           ->mutable_margins()
                           ->mutable_at();
  for (const uint64_t step : {100U, 0U, 40U}) at->add_steps(step);
  const std::map<std::string, std::string> given = ArtifactsOf(Train(lease));
  EXPECT_THAT(ValuesOf(given.at("margins-0.npy")),
              ElementsAre(0, 0, 0, 0, 0, 0, 0, 0));
  const auto margins_of = [](const std::string& parameters) {
    const std::vector<double> theta = ValuesOf(parameters);
    std::vector<double> margins;
    const v1::TrainLease d8 = D8Lease(1);
    const v1::InlineData& table = d8.spec().data().inline_();
    for (int i = 0; i < 8; ++i) {
      const auto& x = table.features(i).values();
      margins.push_back(table.labels(i) *
                        (theta[0] * x[0] + theta[1] * x[1] + theta[2]));
    }
    return margins;
  };
  EXPECT_EQ(ValuesOf(given.at("margins-100.npy")),
            margins_of(given.at("parameters.npy")));
  EXPECT_EQ(ValuesOf(given.at("margins-40.npy")),
            margins_of(ArtifactsOf(Train(FullLease(40))).at("parameters.npy")));
}

TEST(RowValuesTest, LearnedWeightsHaveAHistory) {
  v1::TrainLease lease = FullLease(200);
  v1::RunSpec& spec = *lease.mutable_spec();
  v1::LearnedWeighting* learned = spec.mutable_weighting()->mutable_learned();
  learned->set_bound(4);
  learned->set_learning_rate(20);
  learned->set_goal(v1::LEARNING_GOAL_MAXIMIZE);
  v1::AtSchedule* at =
      spec.mutable_artifacts()->mutable_weights()->mutable_at();
  for (const uint64_t step : {0U, 1U, 200U}) at->add_steps(step);
  const std::map<std::string, std::string> given = ArtifactsOf(Train(lease));
  EXPECT_THAT(ValuesOf(given.at("weights-0.npy")),
              ElementsAre(1, 1, 1, 1, 1, 1, 1, 1));
  // At theta = 0 every loss is the mean.
  EXPECT_THAT(ValuesOf(given.at("weights-1.npy")),
              ElementsAre(1, 1, 1, 1, 1, 1, 1, 1));
  EXPECT_NE(given.at("weights-200.npy"), given.at("weights-0.npy"));
  EXPECT_EQ(given.at("weights-200.npy"), given.at("weights.npy"));
}

// As in the step that would be next.
TEST(RowValuesTest, ScheduledWeightsAreThoseOfTheStep) {
  for (const bool network : {false, true}) {
    v1::TrainLease lease = FullLease(30);
    v1::RunSpec& spec = *lease.mutable_spec();
    if (network) spec.mutable_optimizer()->mutable_sgd()->set_learning_rate(1);
    v1::AnnealedWeights* annealed =
        spec.mutable_weighting()->mutable_schedule()->mutable_annealed();
    annealed->set_from(10);
    annealed->set_until(20);
    v1::AtSchedule* at =
        spec.mutable_artifacts()->mutable_weights()->mutable_at();
    for (const uint64_t step : {0U, 15U, 20U}) at->add_steps(step);
    server::FillDefaults(&spec);
    const std::map<std::string, std::string> given = ArtifactsOf(Train(lease));
    EXPECT_EQ(ValuesOf(given.at("weights-0.npy"))[0], 1);
    EXPECT_NEAR(ValuesOf(given.at("weights-15.npy"))[0], (1 + 10 / 5.5) / 2,
                1e-15);
    EXPECT_EQ(given.at("weights-20.npy"), given.at("weights.npy"));
  }
}

}  // namespace
}  // namespace steelyard::worker
