#include "server/worker/training_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "server/worker/make_trainer.h"
#include "tests/server/worker/leases.h"
#include "tests/server/worker/stored_leases.h"
#include "tests/status_matchers.h"

namespace steelyard::worker {
namespace {

using ::testing::ElementsAre;

// 20 rows of +1 and 40 of -1.
v1::Data Moons() {
  v1::Data data;
  data.mutable_moons()->set_positive(20);
  data.mutable_moons()->set_negative(40);
  data.mutable_moons()->set_noise(0.1);
  return data;
}

absl::StatusOr<TrainingRows> Read(const v1::Data& data) {
  v1::RunSpec spec;
  *spec.mutable_data() = data;
  const v1::TrainLease lease;
  return ReadTrainingRows(spec, LeasedFiles(lease));
}

int64_t Positive(const training::Rows& rows) {
  return std::count(rows.labels.begin(), rows.labels.end(), 1);
}

TEST(TrainingRowsTest, WithoutAnyTheRowsAreAsTheyAre) {
  const auto rows = Read(Moons());
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ(rows->train.rows, 60);
  EXPECT_FALSE(rows->test.has_value());
}

// The test rows are as they were drawn: neither rarer nor wrong.
TEST(TrainingRowsTest, SplitThenImbalanceThenNoise) {
  v1::Data data = Moons();
  data.mutable_split()->set_test_fraction(0.25);
  data.mutable_imbalance()->mutable_step()->set_ratio(0.2);
  data.mutable_label_noise()->mutable_pair()->set_fraction(0.5);
  const auto rows = Read(data);
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ(rows->test->rows, 15);
  EXPECT_EQ(Positive(*rows->test), 5);
  EXPECT_EQ(rows->train.rows, 36);  // 15 and 30, 6 and 30
  EXPECT_EQ(Positive(rows->train), 3 + 15);
}

TEST(TrainingRowsTest, EachSeedCounts) {
  v1::Data data = Moons();
  data.mutable_split()->set_test_fraction(0.5);
  data.mutable_label_noise()->mutable_symmetric()->set_fraction(0.5);
  const auto first = Read(data);
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(Read(data)->train.features, first->train.features);
  data.mutable_label_noise()->set_seed(1);
  const auto second = Read(data);
  EXPECT_EQ(second->test->features, first->test->features);
  EXPECT_NE(second->train.labels, first->train.labels);
  data.mutable_split()->set_seed(1);
  EXPECT_NE(Read(data)->test->features, first->test->features);
}

TEST(TrainingRowsTest, TheSetThatASplitMakesStandsInItsPlace) {
  v1::TrainLease lease = D8Lease(10);
  v1::RunSpec& spec = *lease.mutable_spec();
  *spec.mutable_data() = Moons();
  spec.mutable_data()->mutable_split()->set_test_fraction(0.5);
  EXPECT_EQ(EstimateBytes(lease), 60 * 3 * 8 * 3 / 2);
  for (const std::string name : {"a", "z"}) {
    *(*spec.mutable_test_sets())[name].mutable_moons() = Moons().moons();
  }
  const auto trainer = MakeTrainer(lease, MemoryLimit());
  ASSERT_THAT(trainer, IsOk());
  std::vector<std::string> names;
  for (const std::string& metric : (*trainer)->metrics()) {
    const size_t slash = metric.find("/error");
    if (slash != std::string::npos) names.push_back(metric.substr(0, slash));
  }
  EXPECT_THAT(names, ElementsAre("train", "a", "test", "z"));
}

// A stored table of which the rows with the texts of `test` in fold are tested.
v1::TrainLease FoldLease(const std::string& text,
                         const std::vector<std::string>& test) {
  v1::TrainLease lease = CsvLease("folds.csv", text);
  v1::ColumnSplit& by =
      *lease.mutable_spec()->mutable_data()->mutable_split()->mutable_by();
  by.set_column("fold");
  by.mutable_test()->Assign(test.begin(), test.end());
  return lease;
}

TEST(TrainingRowsTest, AColumnSplitsThemBeforeNoise) {
  v1::TrainLease lease =
      FoldLease("fold,x,y\na,1,1\nb,2,-1\na,3,-1\nb,4,1\n", {"b"});
  v1::Data& data = *lease.mutable_spec()->mutable_data();
  data.mutable_label_noise()->mutable_pair()->set_fraction(1);
  const auto rows = ReadTrainingRows(lease.spec(), LeasedFiles(lease));
  ASSERT_THAT(rows, IsOk());
  EXPECT_THAT(rows->train.features, ElementsAre(1, 3));
  EXPECT_THAT(rows->train.labels, ElementsAre(-1, 1));
  EXPECT_THAT(rows->test->features, ElementsAre(2, 4));
  EXPECT_THAT(rows->test->labels, ElementsAre(-1, 1));
  EXPECT_THAT(MakeTrainer(lease, MemoryLimit()), IsOk());
}

// The class 2 is tested alone: the model has an output for it.
TEST(TrainingRowsTest, AClassOfTheTestRowsAloneIsCounted) {
  v1::TrainLease lease = FoldLease("fold,x,y\na,1,0\nb,2,2\na,3,1\n", {"b"});
  lease.mutable_spec()->mutable_loss()->mutable_softmax_cross_entropy();
  const auto rows = ReadTrainingRows(lease.spec(), LeasedFiles(lease));
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ(rows->classes, 3);
}

TEST(TrainingRowsTest, ATextThatNoRowHasIsNoFaultOfTheSpec) {
  constexpr auto kDataset = absl::StatusCode::kFailedPrecondition;
  const v1::TrainLease lease =
      FoldLease("fold,x,y\na,1,1\nb,2,-1\n", {"b", "c"});
  EXPECT_THAT(MakeTrainer(lease, MemoryLimit()),
              StatusIs(kDataset,
                       "data.csv: split: want texts that some row has, got "
                       "\"c\""));
}

TEST(TrainingRowsTest, NamesTheFieldTheValueAndTheCure) {
  constexpr auto kSpec = absl::StatusCode::kInvalidArgument;
  v1::Data data = Moons();
  data.mutable_split()->set_test_fraction(0.001);
  EXPECT_THAT(Read(data),
              StatusIs(kSpec,
                       "data.split.test_fraction: want a fraction that "
                       "leaves a row on both sides, got 0.001 of 60"));
  data.mutable_split()->set_test_fraction(1.5);
  EXPECT_THAT(Read(data), StatusIs(kSpec,
                                   "data.split.test_fraction: want a "
                                   "value > 0 and < 1, got 1.5"));
  data = Moons();
  data.mutable_imbalance()->mutable_step()->set_ratio(0.001);
  EXPECT_THAT(Read(data), StatusIs(kSpec,
                                   "data.imbalance.step.ratio: want a "
                                   "ratio that leaves a row"));
  data = Moons();
  data.mutable_label_noise()->mutable_pair()->set_fraction(-1);
  EXPECT_THAT(Read(data), StatusIs(kSpec,
                                   "data.label_noise.pair.fraction: "
                                   "want a value of 0 to 1, got -1"));
  EXPECT_THAT(CheckUnaltered(data),
              StatusIs(kSpec, "label_noise: want it in data alone"));
}

}  // namespace
}  // namespace steelyard::worker
