// How SQLite goes about the reader's queries: by an index, in its order, never
// over a whole table of runs or points.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "storage/database.h"
#include "storage/query_text.h"
#include "tests/storage/test_store.h"

namespace steelyard::storage {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class QueryPlanTest : public testing::Test {
 protected:
  std::string Plan(const std::string& sql) {
    Statement statement =
        database_->Prepare(absl::StrCat("EXPLAIN QUERY PLAN ", sql)).value();
    std::string plan;
    while (statement.Step().value()) {
      absl::StrAppend(&plan, statement.Text(3), "\n");
    }
    return plan;
  }

  std::string ListPlan(const RunFilter& filter) {
    return Plan(ListRunsText({.filter = filter, .before = RunId{5}}));
  }

  TestStore store_;
  std::unique_ptr<Database> database_ =
      Database::Open(store_.folder().database(), {}).value();
};

// Sorting would read every run that matches before the first is returned.
auto GoesByAnIndexInOrder() {
  return AllOf(Not(HasSubstr("SCAN")), Not(HasSubstr("TEMP B-TREE")),
               Not(HasSubstr("AUTOMATIC")));
}

TEST_F(QueryPlanTest, ListsOfRunsGoByAnIndexInItsOrder) {
  for (int bits = 0; bits < 16; ++bits) {
    RunFilter filter;
    if ((bits & 1) != 0) filter.experiment = "e";
    if ((bits & 2) != 0) filter.user = "u";
    if ((bits & 4) != 0) filter.state = RunState::kQueued;
    if ((bits & 8) != 0) filter.labels = {{"k", "v"}, {"l", "w"}};
    EXPECT_THAT(ListPlan(filter), GoesByAnIndexInOrder()) << "filter " << bits;
  }
}

TEST_F(QueryPlanTest, AListStartsAtTheRarestCondition) {
  RunFilter filter;
  EXPECT_THAT(ListPlan(filter), HasSubstr("PRIMARY KEY (rowid<?)"));
  filter.state = RunState::kQueued;
  EXPECT_THAT(ListPlan(filter),
              HasSubstr("run_by_state (state=? AND rowid<?)"));
  filter.experiment = "e";
  EXPECT_THAT(ListPlan(filter),
              HasSubstr("run_by_experiment (experiment_id=? AND rowid<?)"));
  filter.user = "u";
  EXPECT_THAT(ListPlan(filter), HasSubstr("run_by_user (user=? AND rowid<?)"));
  filter.state = RunState::kRunning;
  EXPECT_THAT(ListPlan(filter),
              HasSubstr("run_by_state (state=? AND rowid<?)"));
  filter.labels = {{"k", "v"}};
  EXPECT_THAT(ListPlan(filter),
              HasSubstr("run_label_by_value (key=? AND value=? AND run_id<?)"));
}

TEST_F(QueryPlanTest, SamplesAreReadFromTheirOrdinalOn) {
  for (const int metric_count : {-1, 0, 1, 5}) {
    const std::string plan = Plan(SamplesText(metric_count));
    EXPECT_THAT(plan, GoesByAnIndexInOrder());
    EXPECT_THAT(plan, HasSubstr("(run_id=? AND ordinal>?)"));
  }
  EXPECT_THAT(Plan(SamplesText(2)),
              HasSubstr("(run_id=? AND ordinal=? AND metric_id=?)"));
}

TEST_F(QueryPlanTest, FinalMetricsDoNotTouchTheSamples) {
  const std::string plan = Plan(FinalMetricsText());
  EXPECT_THAT(plan, AllOf(Not(HasSubstr("SCAN")), Not(HasSubstr("point")),
                          Not(HasSubstr("sample"))));
}

TEST_F(QueryPlanTest, OneRunIsFoundByItsNumber) {
  for (const std::string& sql :
       {GetRunText(), GetRunHeadText(), AttemptsText()}) {
    EXPECT_THAT(Plan(sql), GoesByAnIndexInOrder());
  }
}

TEST_F(QueryPlanTest, ArtifactsAreFoundByRunAndInTheOrderOfTheirNames) {
  EXPECT_THAT(Plan(ListArtifactsText()),
              AllOf(GoesByAnIndexInOrder(),
                    HasSubstr("PRIMARY KEY (run_id=? AND name>?)")));
  EXPECT_THAT(Plan(GetArtifactText()),
              HasSubstr("PRIMARY KEY (run_id=? AND name=?)"));
}

TEST_F(QueryPlanTest, UnendedRunsAreFoundByTheirState) {
  const std::string plan = Plan(UnendedRunsText());
  EXPECT_THAT(plan, AllOf(HasSubstr("run_by_state"), Not(HasSubstr("SCAN"))));
}

TEST_F(QueryPlanTest, DatasetsAreFoundByIndex) {
  for (const std::string& sql :
       {GetDatasetText(), GetDatasetByLabelText(), PendingDatasetsText()}) {
    EXPECT_THAT(Plan(sql), Not(HasSubstr("SCAN dataset"))) << sql;
  }
  const std::string list = Plan(ListDatasetsText());
  EXPECT_THAT(list, AllOf(HasSubstr("MERGE (UNION ALL)"),
                          Not(HasSubstr("SCAN dataset"))));
}

// Neither the runs nor their specs are touched, however many there are, and
// nothing is sorted.
TEST_F(QueryPlanTest, TheRunsOfADatasetAreCountedInAnIndex) {
  const std::string plan = Plan(CountRunsText());
  EXPECT_THAT(plan, GoesByAnIndexInOrder());
  EXPECT_THAT(plan, HasSubstr("COVERING INDEX run_dataset_by_file (sha256=?)"));
}

// The same with the statistics that SQLite may keep of 100,000 runs.
TEST_F(QueryPlanTest, TheRunsOfADatasetAreCountedSoWhenThereAreMany) {
  const auto writable = Database::Open(store_.folder().database(), {}).value();
  ASSERT_TRUE(writable
                  ->Execute(R"sql(
PRAGMA foreign_keys = OFF;
WITH RECURSIVE run(id) AS (
  SELECT 1 UNION ALL SELECT id + 1 FROM run WHERE id < 100000)
INSERT INTO run_dataset (run_id, position, sha256)
SELECT id, 0, iif(id % 10 = 0, printf('%064d', id % 7), printf('%064d', 9))
FROM run;
ANALYZE)sql")
                  .ok());
  EXPECT_EQ(store_.reader().CountRuns({std::string(63, '0') + "9"}).value(),
            90'000);
  database_ = Database::Open(store_.folder().database(), {}).value();
  EXPECT_THAT(
      Plan(CountRunsText()),
      AllOf(GoesByAnIndexInOrder(),
            HasSubstr("COVERING INDEX run_dataset_by_file (sha256=?)")));
}

}  // namespace
}  // namespace steelyard::storage
