#include "server/worker/test_sets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/worker/make_trainer.h"
#include "tests/server/worker/leases.h"
#include "tests/status_matchers.h"

namespace steelyard::worker {
namespace {

using ::testing::ElementsAre;

constexpr auto kSpec = absl::StatusCode::kInvalidArgument;

v1::Data& Set(v1::RunSpec& spec, const std::string& name) {
  return (*spec.mutable_test_sets())[name];
}

// One test set of one row, (3, 4).
v1::RunSpec Spec() {
  v1::RunSpec spec;
  v1::InlineData& table = *Set(spec, "mid").mutable_inline_();
  v1::Row& row = *table.add_features();
  row.add_values(3);
  row.add_values(4);
  table.add_labels(-1);
  return spec;
}

absl::StatusOr<std::vector<training::TestSet>> Read(
    const v1::RunSpec& spec, std::optional<training::Rows> split = {}) {
  const v1::TrainLease lease;
  return ReadTestSets(spec, LeasedFiles(lease), 2, std::move(split));
}

TEST(TestSetsTest, AreInTheOrderOfTheirNamesWhateverTheyComeFrom) {
  v1::RunSpec spec = Spec();
  Set(spec, "a").mutable_uniform_noise()->set_rows(1);
  Set(spec, "a").mutable_uniform_noise()->set_high(1);
  Set(spec, "z").mutable_uniform_noise()->set_rows(2);
  Set(spec, "z").mutable_uniform_noise()->set_high(1);
  Set(spec, "n").mutable_shifted_copy()->set_of("mid");
  Set(spec, "n").mutable_shifted_copy()->add_shift(1);
  const auto sets = Read(
      spec, training::Rows{
                .rows = 1, .columns = 2, .features = {5, 6}, .labels = {1}});
  ASSERT_THAT(sets, IsOk());
  std::vector<std::string> names;
  for (const training::TestSet& set : *sets) names.push_back(set.name);
  EXPECT_THAT(names, ElementsAre("a", "mid", "n", "test", "z"));
  EXPECT_THAT((*sets)[2].rows.features, ElementsAre(4, 5));
  EXPECT_THAT((*sets)[2].rows.labels, ElementsAre(-1));
  EXPECT_THAT((*sets)[3].rows.features, ElementsAre(5, 6));
  EXPECT_EQ((*sets)[4].rows.rows, 2);
  EXPECT_NE((*sets)[4].rows.features[0], (*sets)[0].rows.features[0]);
}

TEST(TestSetsTest, EveryFieldOfNoiseAndCopiesCounts) {
  v1::RunSpec spec = Spec();
  v1::UniformNoiseData& noise = *Set(spec, "z").mutable_uniform_noise();
  noise.set_rows(1);
  noise.set_low(10);
  noise.set_high(11);
  const double first = (*Read(spec))[1].rows.features[0];
  EXPECT_TRUE(first > 10 && first < 11);
  noise.set_seed(1);
  EXPECT_NE((*Read(spec))[1].rows.features[0], first);

  v1::ShiftedCopyData& copy = *Set(spec, "z").mutable_shifted_copy();
  copy.set_of("test");
  copy.add_shift(1);
  copy.add_shift(-1);
  const auto sets = Read(
      spec, training::Rows{
                .rows = 1, .columns = 2, .features = {5, 6}, .labels = {1}});
  ASSERT_THAT(sets, IsOk());
  EXPECT_THAT((*sets)[2].rows.features, ElementsAre(6, 5));
}

// Five rows (i, i) with the labels 2, 4, 5, 2, 6.
void AddClasses(v1::Data& data) {
  double i = 0;
  for (const int label : {2, 4, 5, 2, 6}) {
    v1::Row& row = *data.mutable_inline_()->add_features();
    row.add_values(i);
    row.add_values(i++);
    data.mutable_inline_()->add_labels(label);
  }
}

TEST(TestSetsTest, RowsOfTheClassesThatDataLeavesOut) {
  v1::RunSpec spec;
  spec.mutable_data()->mutable_classes()->add_positive(2);
  spec.mutable_data()->mutable_classes()->add_negative(4);
  AddClasses(Set(spec, "a"));
  Set(spec, "a").mutable_classes()->set_left_out(true);
  auto sets = Read(spec);
  ASSERT_THAT(sets, IsOk());
  EXPECT_THAT((*sets)[0].rows.features, ElementsAre(2, 2, 4, 4));
  EXPECT_THAT((*sets)[0].rows.labels, ElementsAre(1, 1));
  Set(spec, "a").mutable_take()->set_first_per_class(1);
  EXPECT_THAT(Read(spec)->at(0).rows.features, ElementsAre(2, 2));
  // A copy of such a set is like one of any other.
  Set(spec, "b").mutable_shifted_copy()->set_of("a");
  Set(spec, "b").mutable_shifted_copy()->add_shift(3);
  EXPECT_THAT(Read(spec)->at(1).rows.features, ElementsAre(5, 5));
  Set(spec, "a").mutable_inline_()->set_labels(2, 2);
  Set(spec, "a").mutable_inline_()->set_labels(4, 4);
  EXPECT_THAT(Read(spec),
              StatusIs(kSpec,
                       "test_sets.a.inline.labels: want at least one "
                       "row with another label than those"));
}

TEST(TestSetsTest, TheSameOfSeveralClasses) {
  v1::RunSpec spec;
  spec.mutable_loss()->mutable_softmax_cross_entropy();
  for (const int label : {6, 2, 3}) {
    spec.mutable_data()->mutable_classes()->add_each(label);
  }
  AddClasses(Set(spec, "a"));
  Set(spec, "a").mutable_classes()->set_left_out(true);
  const auto sets = Read(spec);
  ASSERT_THAT(sets, IsOk());
  EXPECT_THAT((*sets)[0].rows.features, ElementsAre(1, 1, 2, 2));
  EXPECT_THAT((*sets)[0].rows.labels, ElementsAre(1, 1));
}

TEST(TestSetsTest, MemoryIsCountedBefore) {
  v1::TrainLease lease = D8Lease(10);
  v1::RunSpec& spec = *lease.mutable_spec();
  v1::UniformNoiseData& noise = *Set(spec, "noise").mutable_uniform_noise();
  noise.set_rows(100);
  noise.set_high(1);
  EXPECT_EQ(EstimateBytes(lease), 100 * 3 * 8);
  Set(spec, "moons").mutable_moons()->set_positive(10);
  Set(spec, "copy").mutable_shifted_copy()->set_of("moons");
  Set(spec, "copy").mutable_shifted_copy()->add_shift(1);
  EXPECT_EQ(EstimateBytes(lease), 120 * 3 * 8);
  EXPECT_THAT(MakeTrainer(lease, MemoryLimit()), IsOk());
}

TEST(TestSetsTest, NamesTheFieldTheValueAndTheCure) {
  v1::RunSpec spec = Spec();
  v1::ShiftedCopyData& copy = *Set(spec, "z").mutable_shifted_copy();
  copy.set_of("z");
  copy.add_shift(1);
  EXPECT_THAT(Read(spec),
              StatusIs(kSpec,
                       "test_sets.z.shifted_copy.of: want the name of a "
                       "test set that comes from no other, got \"z\""));
  copy.set_of("mid");
  copy.mutable_shift()->Resize(3, 1);
  EXPECT_THAT(Read(spec), StatusIs(kSpec,
                                   "test_sets.z.shifted_copy.shift: "
                                   "want one value or 2, got 3"));
  Set(spec, "z").mutable_uniform_noise();
  EXPECT_THAT(Read(spec), StatusIs(kSpec,
                                   "test_sets.z.uniform_noise: high: "
                                   "want a value above low, 0, got 0"));
}

}  // namespace
}  // namespace steelyard::worker
