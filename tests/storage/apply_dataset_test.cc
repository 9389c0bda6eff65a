// Datasets: bytes, who has them, and what a worker found in them.

#include <gtest/gtest.h>

#include "tests/status_matchers.h"
#include "tests/storage/test_store.h"

namespace steelyard::storage {
namespace {

using absl::StatusCode;

FinishInspection Ready(const Sha256& sha256) {
  return {
      .sha256 = sha256, .summary = "summary", .rejection = "", .time = At(600)};
}

FinishInspection Rejected(const Sha256& sha256) {
  return {.sha256 = sha256,
          .summary = "",
          .rejection = "row 3, column 2: want a number, got \"x\"",
          .time = At(600)};
}

TEST(ApplyDatasetTest, ADatasetIsPendingUntilItIsInspected) {
  TestStore store;
  AddDataset data = NewDataset(store, "1,2\n");
  data.label = "tiny";
  ASSERT_THAT(store.Apply(data), IsOk());
  DatasetRow row = store.reader().GetDataset(data.sha256, "ann").value();
  EXPECT_EQ(row.state, DatasetState::kPending);
  EXPECT_EQ(row.size_bytes, 4);
  EXPECT_EQ(row.form, 1);
  EXPECT_EQ(row.owner, "ann");
  EXPECT_EQ(row.label, "tiny");
  EXPECT_FALSE(row.shared);
  EXPECT_EQ(row.create_time, At(500));
  ASSERT_EQ(store.reader().PendingDatasets()->size(), 1u);

  ASSERT_THAT(store.Apply(Ready(data.sha256)), IsOk());
  row = store.reader().GetDatasetByLabel("tiny", "ann").value();
  EXPECT_EQ(row.state, DatasetState::kReady);
  EXPECT_EQ(row.summary, "summary");
  EXPECT_EQ(row.rejection, "");
  EXPECT_TRUE(store.reader().PendingDatasets()->empty());
  EXPECT_THAT(store.Apply(Ready(data.sha256)),
              StatusIs(StatusCode::kFailedPrecondition, "PENDING"));
  EXPECT_THAT(store.Apply(Ready(HashOf("unknown"))),
              StatusIs(StatusCode::kFailedPrecondition, "PENDING"));
}

TEST(ApplyDatasetTest, ARejectedDatasetMayComeAgainInAnotherForm) {
  TestStore store;
  AddDataset data = NewDataset(store, "1,x\n");
  ASSERT_THAT(store.Apply(data), IsOk());
  ASSERT_THAT(store.Apply(Rejected(data.sha256)), IsOk());
  DatasetRow row = store.reader().GetDataset(data.sha256, "ann").value();
  EXPECT_EQ(row.state, DatasetState::kRejected);
  EXPECT_EQ(row.rejection, Rejected(data.sha256).rejection);

  data.form = 2;
  ASSERT_THAT(store.Apply(data), IsOk());
  row = store.reader().GetDataset(data.sha256, "ann").value();
  EXPECT_EQ(row.state, DatasetState::kPending);
  EXPECT_EQ(row.form, 2);
  EXPECT_EQ(row.rejection, "");
}

TEST(ApplyDatasetTest, TheSameBytesHaveOneForm) {
  TestStore store;
  AddDataset data = NewDataset(store, "1,2\n");
  ASSERT_THAT(store.Apply(data), IsOk());
  data.owner = "bob";
  data.form = 2;
  EXPECT_THAT(store.Apply(data),
              StatusIs(StatusCode::kFailedPrecondition, "form: want 1"));
  EXPECT_THAT(store.reader().GetDataset(data.sha256, "bob"),
              StatusIs(StatusCode::kNotFound, data.sha256.hex));
}

TEST(ApplyDatasetTest, ALabelIsUniqueForItsOwner) {
  TestStore store;
  AddDataset one = NewDataset(store, "one");
  AddDataset two = NewDataset(store, "two");
  one.label = two.label = "train";
  ASSERT_THAT(store.Apply(one), IsOk());
  EXPECT_THAT(store.Apply(two),
              StatusIs(StatusCode::kAlreadyExists, one.sha256.hex));
  two.owner = "bob";
  EXPECT_THAT(store.Apply(two), IsOk());
  EXPECT_EQ(store.reader().GetDatasetByLabel("train", "ann")->sha256,
            one.sha256);
  EXPECT_EQ(store.reader().GetDatasetByLabel("train", "bob")->sha256,
            two.sha256);
  EXPECT_THAT(store.reader().GetDatasetByLabel("train", "eve"),
              StatusIs(StatusCode::kNotFound, "train"));
}

TEST(ApplyDatasetTest, ARejectedDatasetLeavesItsLabelToTheNext) {
  TestStore store;
  AddDataset bad = NewDataset(store, "1,x\n");
  bad.label = "train";
  AddDataset of_bob = bad;
  of_bob.owner = "bob";
  AddDataset mended = NewDataset(store, "1,2\n");
  mended.label = "train";
  ASSERT_THAT(store.Apply(bad), IsOk());
  ASSERT_THAT(store.Apply(of_bob), IsOk());
  EXPECT_THAT(store.Apply(mended),
              StatusIs(StatusCode::kAlreadyExists, "want a new one"));
  ASSERT_THAT(store.Apply(Rejected(bad.sha256)), IsOk());
  ASSERT_THAT(store.Apply(mended), IsOk());
  EXPECT_EQ(store.reader().GetDatasetByLabel("train", "ann")->sha256,
            mended.sha256);
  EXPECT_EQ(store.reader().GetDataset(bad.sha256, "ann")->label, "");
  // Others' stay, and a change that is refused takes nothing.
  EXPECT_EQ(store.reader().GetDatasetByLabel("train", "bob")->sha256,
            bad.sha256);
  mended.owner = "bob";
  mended.form = 2;
  EXPECT_THAT(store.Apply(mended),
              StatusIs(StatusCode::kFailedPrecondition, "form"));
  EXPECT_EQ(store.reader().GetDatasetByLabel("train", "bob")->sha256,
            bad.sha256);
}

TEST(ApplyDatasetTest, TheSameUsersSecondChangeAddsAndTakesNothingAway) {
  TestStore store;
  AddDataset data = NewDataset(store, "bytes");
  ASSERT_THAT(store.Apply(data), IsOk());
  data.label = "name";
  data.shared = true;
  ASSERT_THAT(store.Apply(data), IsOk());
  data.label = "";
  data.shared = false;
  ASSERT_THAT(store.Apply(data), IsOk());
  const DatasetRow row = store.reader().GetDataset(data.sha256, "ann").value();
  EXPECT_EQ(row.label, "name");
  EXPECT_TRUE(row.shared);
  data.label = "other";
  EXPECT_THAT(store.Apply(data), StatusIs(StatusCode::kAlreadyExists,
                                          "want \"name\", under which"));
  // Any number of datasets may have no label.
  EXPECT_THAT(store.Apply(NewDataset(store, "others")), IsOk());
  EXPECT_THAT(store.Apply(NewDataset(store, "more")), IsOk());
}

TEST(ApplyDatasetTest, ADatasetIsItsOwnersUnlessShared) {
  TestStore store;
  AddDataset data = NewDataset(store, "bytes");
  ASSERT_THAT(store.Apply(data), IsOk());
  EXPECT_THAT(store.reader().GetDataset(data.sha256, "bob"),
              StatusIs(StatusCode::kNotFound, data.sha256.hex));
  EXPECT_THAT(store.reader().GetDataset(data.sha256, ""), IsOk());
  data.shared = true;
  ASSERT_THAT(store.Apply(data), IsOk());
  EXPECT_EQ(store.reader().GetDataset(data.sha256, "bob")->owner, "ann");
  AddDataset own = data;
  own.owner = "bob";
  ASSERT_THAT(store.Apply(own), IsOk());
  EXPECT_EQ(store.reader().GetDataset(data.sha256, "bob")->owner, "bob");
}

TEST(ApplyDatasetTest, AListShowsEachDatasetOnceTheNewestFirst) {
  TestStore store;
  const auto add = [&store](const std::string& bytes, const std::string& owner,
                            bool shared) {
    AddDataset data = NewDataset(store, bytes, owner);
    data.shared = shared;
    EXPECT_THAT(store.Apply(data), IsOk());
    return data.sha256;
  };
  const Sha256 private_of_bob = add("1", "bob", false);
  const Sha256 own = add("2", "ann", false);
  const Sha256 shared = add("3", "bob", true);
  const Sha256 both = add("4", "bob", true);
  add("4", "ann", false);
  add("3", "eve", true);

  const auto all = store.reader().ListDatasets("ann", 0, 10).value();
  std::vector<std::pair<Sha256, std::string>> seen;
  seen.reserve(all.size());
  for (const DatasetRow& row : all) seen.emplace_back(row.sha256, row.owner);
  EXPECT_EQ(seen, (std::vector<std::pair<Sha256, std::string>>{
                      {both, "ann"}, {shared, "bob"}, {own, "ann"}}));
  const auto second = store.reader().ListDatasets("ann", 1, 1).value();
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].sha256, shared);
  EXPECT_TRUE(store.reader().ListDatasets("ann", 3, 10)->empty());
}

TEST(ApplyDatasetTest, ADatasetWithoutItsFileIsRefused) {
  TestStore store;
  AddDataset data = NewDataset(store, "bytes");
  data.size_bytes = 6;
  EXPECT_THAT(store.Apply(data),
              StatusIs(StatusCode::kFailedPrecondition, "got 5 bytes"));
  data.sha256 = HashOf("never uploaded");
  EXPECT_THAT(store.Apply(data),
              StatusIs(StatusCode::kFailedPrecondition, "got none"));
  data.sha256 = Sha256{"../steelyard.db"};
  EXPECT_THAT(store.Apply(data),
              StatusIs(StatusCode::kInvalidArgument, "sha256"));
}

}  // namespace
}  // namespace steelyard::storage
