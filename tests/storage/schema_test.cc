#include "storage/schema.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "tests/status_matchers.h"
#include "tests/storage/test_store.h"

namespace steelyard::storage {
namespace {

using absl::StatusCode;

constexpr const char* kSteps[] = {
    "CREATE TABLE one (a INTEGER) STRICT; INSERT INTO one VALUES (7)",
    "ALTER TABLE one ADD COLUMN b INTEGER; UPDATE one SET b = a + 1",
    "CREATE TABLE two (a INTEGER) STRICT; INSERT INTO nowhere VALUES (1)"};

class SchemaTest : public testing::Test {
 protected:
  int64_t Number(const std::string& sql) {
    Rows rows = database_->Query(sql).value();
    EXPECT_TRUE(rows.Next().value()) << sql;
    return rows.Int(0);
  }

  TempFolder folder_;
  std::unique_ptr<Database> database_ =
      Database::Open(folder_.database(), {}).value();
};

TEST_F(SchemaTest, EachStepIsTakenOnceAndInOrder) {
  ASSERT_THAT(Migrate(*database_, std::span(kSteps).first(1)), IsOk());
  EXPECT_EQ(Number("PRAGMA user_version"), 1);
  EXPECT_EQ(Number("PRAGMA application_id"), kApplicationId);
  ASSERT_THAT(Migrate(*database_, std::span(kSteps).first(2)), IsOk());
  EXPECT_EQ(Number("PRAGMA user_version"), 2);
  EXPECT_EQ(Number("SELECT b FROM one"), 8);
  ASSERT_THAT(Migrate(*database_, std::span(kSteps).first(2)), IsOk());
  EXPECT_EQ(Number("SELECT count(*) FROM one"), 1);
}

TEST_F(SchemaTest, AStepThatFailsChangesNothing) {
  EXPECT_THAT(Migrate(*database_, kSteps),
              StatusIs(StatusCode::kInternal, "nowhere"));
  EXPECT_EQ(Number("PRAGMA user_version"), 2);
  EXPECT_EQ(Number("SELECT count(*) FROM sqlite_schema WHERE name = 'two'"), 0);
}

TEST_F(SchemaTest, ANewerStoreIsRefusedWithBothVersions) {
  ASSERT_THAT(Migrate(*database_, std::span(kSteps).first(2)), IsOk());
  EXPECT_THAT(Migrate(*database_, std::span(kSteps).first(1)),
              StatusIs(StatusCode::kFailedPrecondition,
                       "of version 1 or older, got version 2"));
  database_.reset();
  {
    const auto newer = Database::Open(folder_.database(), {}).value();
    ASSERT_THAT(newer->Execute("PRAGMA user_version = 1000"), IsOk());
  }
  EXPECT_THAT(Writer::Open(folder_.path()),
              StatusIs(StatusCode::kFailedPrecondition, "got version 1000"));
}

TEST_F(SchemaTest, AnotherProgramsFileIsRefusedAndLeftAlone) {
  ASSERT_THAT(database_->Execute("CREATE TABLE theirs (a)"), IsOk());
  database_.reset();
  const auto size = std::filesystem::file_size(folder_.database());
  EXPECT_THAT(Writer::Open(folder_.path()),
              StatusIs(StatusCode::kFailedPrecondition, "another program's"));
  EXPECT_EQ(std::filesystem::file_size(folder_.database()), size);
  database_ = Database::Open(folder_.database(), {}).value();
  EXPECT_EQ(Number("SELECT count(*) FROM theirs"), 0);
  Rows mode = database_->Query("PRAGMA journal_mode").value();
  ASSERT_TRUE(mode.Next().value());
  EXPECT_EQ(mode.Text(0), "delete");
}

TEST_F(SchemaTest, AnEmptyFileBecomesAStore) {
  database_.reset();
  std::ofstream(folder_.database(), std::ios::trunc).flush();
  EXPECT_THAT(Writer::Open(folder_.path()), IsOk());
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The dump is of a store that version 1 wrote: it never changes.
TEST_F(SchemaTest, AStoreOfVersion1Opens) {
  ASSERT_THAT(
      database_->Execute(ReadFile(STEELYARD_STORAGE_TESTDATA "/store_v1.sql")),
      IsOk());
  database_.reset();
  auto writer = Writer::Open(folder_.path());
  ASSERT_THAT(writer, IsOk());
  auto reader = Reader::Open(folder_.path()).value();

  const RunRow run = reader->GetRun(RunId{1}).value();
  EXPECT_EQ(run.experiment, "default");
  EXPECT_EQ(run.state, RunState::kSucceeded);
  EXPECT_EQ(run.sample_count, 3);
  EXPECT_EQ(run.spec, "spec");
  EXPECT_EQ(run.result->steps, 100);
  EXPECT_EQ(reader->ReadSamples(RunId{1}, 0, 100)->step,
            (std::vector<int64_t>{0, 10, 20}));
  EXPECT_EQ(reader->FinalMetrics(RunId{1})->size(), 2u);
  EXPECT_EQ(reader->UnendedRuns()->size(), 1u);
  EXPECT_EQ(reader->LastRunId().value(), RunId{2});
  EXPECT_EQ(reader->Requests()->front().request_id, "request");
  const DatasetRow dataset = reader->GetDatasetByLabel("tiny", "ann").value();
  EXPECT_EQ(dataset.summary, "summary");
  EXPECT_EQ(reader->CountRuns(dataset.sha256).value(), 1);
  const Change next = NewRun(3);
  EXPECT_THAT((*writer)->Apply({&next, 1}).front(), IsOk());
}

// What a fresh store and a migrated one look like must not drift apart.
TEST_F(SchemaTest, AnOldStoreEndsWithTheSchemaOfANewOne) {
  ASSERT_THAT(
      database_->Execute(ReadFile(STEELYARD_STORAGE_TESTDATA "/store_v1.sql")),
      IsOk());
  ASSERT_THAT(Migrate(*database_, Migrations()), IsOk());
  const TempFolder other;
  const auto fresh = Database::Open(other.database(), {}).value();
  ASSERT_THAT(Migrate(*fresh, Migrations()), IsOk());
  const auto schema = [](Database& database) {
    std::set<std::string> objects;
    Rows rows = database
                    .Query(
                        "SELECT type || ' ' || name || ' ' || "
                        "ifnull(sql, '') FROM sqlite_schema")
                    .value();
    while (rows.Next().value()) objects.insert(rows.Text(0));
    return objects;
  };
  EXPECT_EQ(schema(*database_), schema(*fresh));
}

TEST(SettingsTest, AStoreIsAWalWithFullSyncsAndForeignKeys) {
  TestStore store;
  auto database = Database::Open(store.folder().database(), {}).value();
  Rows mode = database->Query("PRAGMA journal_mode").value();
  ASSERT_TRUE(mode.Next().value());
  EXPECT_EQ(mode.Text(0), "wal");
  Rows breaches = database->Query("PRAGMA foreign_key_check").value();
  EXPECT_FALSE(breaches.Next().value());
  // Every table is STRICT but SQLite's own.
  Rows loose = database
                   ->Query(
                       "SELECT name FROM pragma_table_list "
                       "WHERE type = 'table' AND NOT strict "
                       "AND name NOT LIKE 'sqlite_%'")
                   .value();
  EXPECT_FALSE(loose.Next().value()) << loose.Text(0);
}

TEST(SettingsTest, TheViewShowsRunMetricStepAndValue) {
  TestStore store;
  ASSERT_THAT(store.Apply(NewRun(1)), IsOk());
  ASSERT_THAT(store.Apply(Start(1, 1)), IsOk());
  ASSERT_THAT(store.Apply(Report(1, 1, Series(0, 3))), IsOk());
  auto database = Database::Open(store.folder().database(), {}).value();
  Rows rows = database
                  ->Query(
                      "SELECT value FROM metric_points WHERE run = 1 "
                      "AND metric = 'train/loss' AND step = 20")
                  .value();
  ASSERT_TRUE(rows.Next().value());
  EXPECT_EQ(rows.Double(0), 1.0 / 3);
  EXPECT_FALSE(rows.Next().value());
}

}  // namespace
}  // namespace steelyard::storage
