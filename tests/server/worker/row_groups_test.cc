// Groups of stored rows, from a column to the metrics.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/worker/make_trainer.h"
#include "tests/server/worker/leases.h"
#include "tests/server/worker/stored_leases.h"
#include "tests/status_matchers.h"
#include "training/trainer.h"

namespace steelyard::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

constexpr auto kSpec = absl::StatusCode::kInvalidArgument;
constexpr auto kDataset = absl::StatusCode::kFailedPrecondition;

using Values = std::map<std::string, double>;

// What the run has of its groups in the end.
Values GroupValues(const v1::TrainLease& lease) {
  Values values;
  auto trainer = MakeTrainer(lease, MemoryLimit());
  EXPECT_THAT(trainer, IsOk());
  if (!trainer.ok()) return values;
  while (!(*trainer)->done()) {
    const auto evaluation =
        (*trainer)->Advance(std::numeric_limits<int64_t>::max());
    values.clear();
    for (const training::MetricValue& value : (*evaluation)->values) {
      const std::string& name = (*trainer)->metrics()[value.metric];
      if (absl::StrContains(name, "/error/") ||
          absl::StrContains(name, "group")) {
        values[name] = value.value;
      }
    }
  }
  return values;
}

// Rows that the sign of x tells apart.
v1::TrainLease Lease() {
  v1::TrainLease lease =
      CsvLease("train", "x,site,y\n1,a b,1\n2,c,1\n-1,a b,-1\n-2,c,-1\n");
  lease.mutable_spec()->mutable_data()->mutable_csv()->set_group("site");
  return lease;
}

// A test set of other rows.
v1::Data& AddTestSet(v1::TrainLease& lease, const std::string& text) {
  const std::string dataset =
      AddFile(lease, WriteFile("test", text), v1::DATASET_FORM_CSV);
  v1::Data& data = (*lease.mutable_spec()->mutable_test_sets())["test"];
  data.mutable_csv()->set_dataset(dataset);
  return data;
}

TEST(RowGroupsTest, EachSetHasTheErrorsOfItsOwnGroups) {
  v1::TrainLease lease = Lease();
  AddTestSet(lease, "where,x,y\n1,3,1\n2,4,-1\n2,5,-1\n2,6,1\n")
      .mutable_csv()
      ->set_group("where");
  EXPECT_THAT(
      GroupValues(lease),
      ElementsAre(Pair("test/error/1", 0), Pair("test/error/2", 2. / 3),
                  Pair("test/worst_group_error", 2. / 3),
                  Pair("train/error/a%20b", 0), Pair("train/error/c", 0),
                  Pair("train/worst_group_error", 0)));
}

// A test set says its own column, as it says its own label.
TEST(RowGroupsTest, ATestSetWithoutAColumnHasNone) {
  v1::TrainLease lease = Lease();
  AddTestSet(lease, "x,y\n1,1\n");
  EXPECT_THAT(
      GroupValues(lease),
      ElementsAre(Pair("train/error/a%20b", 0), Pair("train/error/c", 0),
                  Pair("train/worst_group_error", 0)));
}

TEST(RowGroupsTest, SplitAndCopiesKeepThem) {
  v1::TrainLease lease = Lease();
  v1::RunSpec& spec = *lease.mutable_spec();
  spec.mutable_data()->mutable_split()->set_test_fraction(0.5);
  v1::ShiftedCopyData& copy =
      *(*spec.mutable_test_sets())["moved"].mutable_shifted_copy();
  copy.set_of("test");
  copy.add_shift(0);
  const Values values = GroupValues(lease);
  std::map<std::string, int> metrics;  // of each set
  for (const auto& [name, value] : values) {
    ++metrics[name.substr(0, name.find('/'))];
    if (!absl::StartsWith(name, "test/")) continue;
    EXPECT_EQ(values.count("moved" + name.substr(4)), 1U) << name;
  }
  // Of four rows two are tested, of one group or of both.
  EXPECT_GE(metrics["test"], 2);
  EXPECT_EQ(metrics["moved"], metrics["test"]);
  EXPECT_EQ(metrics["train"], metrics["test"]);
}

TEST(RowGroupsTest, NetworksHaveThemAndNumbersDoNot) {
  v1::TrainLease lease = Lease();
  v1::RunSpec& spec = *lease.mutable_spec();
  spec.mutable_weighting()->mutable_uniform();
  spec.mutable_loss()->mutable_squared();
  const auto trainer = MakeTrainer(lease, MemoryLimit());
  ASSERT_THAT(trainer, IsOk());
  std::map<std::string, std::string> absent;
  for (const training::Absence& absence : (*trainer)->absent()) {
    absent[absence.metric] = absence.reason;
  }
  // All labels are +1 or -1, but only `classes` would make them classes.
  EXPECT_EQ(absent["train/worst_group_error"], "the labels are no classes");
  EXPECT_THAT(GroupValues(lease), ElementsAre());
  spec.mutable_data()->mutable_classes()->add_positive(1);
  spec.mutable_data()->mutable_classes()->add_negative(-1);
  EXPECT_THAT(
      GroupValues(lease),
      ElementsAre(Pair("train/error/a%20b", 0), Pair("train/error/c", 0),
                  Pair("train/worst_group_error", 0)));
  v1::TrainLease numbers = CsvLease("numbers", "x,site,y\n1,a,0.5\n2,b,1\n");
  numbers.mutable_spec()->mutable_data()->mutable_csv()->set_group("site");
  numbers.mutable_spec()->mutable_weighting()->mutable_uniform();
  numbers.mutable_spec()->mutable_loss()->mutable_squared();
  const auto other = MakeTrainer(numbers, MemoryLimit());
  ASSERT_THAT(other, IsOk());
  for (const training::Absence& absence : (*other)->absent()) {
    absent[absence.metric] = absence.reason;
  }
  EXPECT_EQ(absent["train/worst_group_error"], "the labels are no classes");
  EXPECT_EQ(absent["train/error/GROUP"], "the labels are no classes");
  EXPECT_THAT(GroupValues(numbers), ElementsAre());
}

TEST(RowGroupsTest, AColumnThatIsNotThereIsNoFaultOfTheSpec) {
  v1::TrainLease lease = Lease();
  lease.mutable_spec()->mutable_data()->mutable_csv()->set_group("sight");
  EXPECT_THAT(MakeTrainer(lease, MemoryLimit()),
              StatusIs(kDataset,
                       "data.csv: group: want a column's name or its number, 0 "
                       "to 2, got \"sight\""));
}

std::string ManyGroups(int64_t first, int64_t count) {
  std::string text = "x,g,y\n";
  for (int64_t i = first; i < first + count; ++i) {
    absl::StrAppend(&text, "1,", i, ",1\n");
  }
  return text;
}

TEST(RowGroupsTest, TakesAsManyGroupsAsTheLimitAndNotOneMore) {
  for (const int64_t more : {0, 1}) {
    v1::TrainLease lease = CsvLease("many", ManyGroups(0, 600));
    lease.mutable_spec()->mutable_data()->mutable_csv()->set_group("g");
    AddTestSet(lease, ManyGroups(200, 400 + more))
        .mutable_csv()
        ->set_group("g");
    const absl::Status status = MakeTrainer(lease, MemoryLimit()).status();
    if (more == 0) {
      EXPECT_THAT(status, IsOk());
    } else {
      EXPECT_THAT(status, StatusIs(kDataset,
                                   "want at most 1000 groups over all sets, "
                                   "got 1001"));
    }
  }
}

// 1,000 classes are 1,004 metrics a set.
TEST(RowGroupsTest, ARunOfMoreThanTenThousandMetricsIsRefused) {
  v1::TrainLease lease = CsvLease("classes", "x,y\n1,999\n2,0\n");
  v1::RunSpec& spec = *lease.mutable_spec();
  spec.mutable_weighting()->mutable_uniform();
  spec.mutable_loss()->mutable_softmax_cross_entropy();
  spec.set_precision(v1::PRECISION_SINGLE);
  for (int k = 0; k < 8; ++k) {
    (*spec.mutable_test_sets())[absl::StrCat("t", k)] = spec.data();
  }
  EXPECT_THAT(MakeTrainer(lease, MemoryLimit()), IsOk());
  (*spec.mutable_test_sets())["t8"] = spec.data();
  EXPECT_THAT(MakeTrainer(lease, MemoryLimit()),
              StatusIs(kSpec, "want at most 10000 metrics in all, got 1004"));
}

}  // namespace
}  // namespace steelyard::worker
