#include "storage/database.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cmath>
#include <limits>

#include "tests/status_matchers.h"
#include "tests/storage/test_store.h"

namespace steelyard::storage {
namespace {

using absl::StatusCode;

class DatabaseTest : public testing::Test {
 protected:
  DatabaseTest() {
    EXPECT_THAT(database_->Execute("CREATE TABLE t (a INTEGER UNIQUE, b ANY)"),
                IsOk());
  }

  int64_t Count() {
    Rows rows = database_->Query("SELECT count(*) FROM t").value();
    EXPECT_TRUE(rows.Next().value());
    return rows.Int(0);
  }

  TempFolder folder_;
  std::unique_ptr<Database> database_ =
      Database::Open(folder_.database(), {}).value();
};

TEST_F(DatabaseTest, WhatIsBoundComesBack) {
  const std::string bytes("\0x", 2);
  const absl::Time time = absl::FromUnixNanos(1234567890123456789);
  Rows rows = database_
                  ->Query(
                      "SELECT ?1, ?2, ?3, ?4, ?5, ?6, typeof(?3), "
                      "typeof(?4), ?7",
                      int64_t{-5}, 0.1, bytes, Blob{""}, time,
                      absl::InfiniteFuture(), true)
                  .value();
  ASSERT_TRUE(rows.Next().value());
  EXPECT_EQ(rows.Int(0), -5);
  EXPECT_EQ(rows.Double(1), 0.1);
  EXPECT_EQ(rows.Text(2), bytes);
  EXPECT_EQ(rows.Bytes(3), "");
  EXPECT_EQ(rows.Time(4), time);
  EXPECT_TRUE(rows.IsNull(5));
  EXPECT_EQ(rows.Time(5), absl::InfiniteFuture());
  EXPECT_EQ(rows.Text(6), "text");
  EXPECT_EQ(rows.Text(7), "blob");
  EXPECT_EQ(rows.Int(8), 1);
  EXPECT_FALSE(rows.Next().value());
}

// Read back without a table: in its columns SQLite drops the sign by itself.
TEST_F(DatabaseTest, MinusZeroIsBoundAsZeroAndNanAsNull) {
  Rows rows = database_->Query("SELECT ?1, ?2", -0.0, std::nan("")).value();
  ASSERT_TRUE(rows.Next().value());
  EXPECT_EQ(rows.Double(0), 0);
  EXPECT_FALSE(std::signbit(rows.Double(0)));
  EXPECT_TRUE(rows.IsNull(1));
  EXPECT_TRUE(std::isnan(rows.Double(1)));
}

TEST_F(DatabaseTest, AFailedBindIsRememberedUntilStep) {
  Statement statement = database_->Prepare("SELECT ?1").value();
  statement.Bind(2, 7);
  statement.Bind(1, 7);
  EXPECT_THAT(statement.Step(), StatusIs(StatusCode::kInternal, "range"));
  statement.Reset();
  statement.Bind(1, 7);
  EXPECT_TRUE(statement.Step().value());
}

TEST_F(DatabaseTest, ATransactionThatIsNotCommittedChangesNothing) {
  {
    Transaction transaction = Transaction::BeginWrite(*database_).value();
    ASSERT_THAT(database_->Run("INSERT INTO t VALUES (1, 2)"), IsOk());
    EXPECT_EQ(Count(), 1);
  }
  EXPECT_EQ(Count(), 0);
  Transaction transaction = Transaction::BeginWrite(*database_).value();
  ASSERT_THAT(database_->Run("INSERT INTO t VALUES (1, 2)"), IsOk());
  ASSERT_THAT(transaction.Commit(), IsOk());
  EXPECT_EQ(Count(), 1);
}

// A breach of a constraint is one statement's; the transaction goes on.
TEST_F(DatabaseTest, OnlySomeErrorsEndATransaction) {
  Transaction transaction = Transaction::BeginWrite(*database_).value();
  ASSERT_THAT(database_->Run("INSERT INTO t VALUES (1, 2)"), IsOk());
  EXPECT_THAT(database_->Run("INSERT INTO t VALUES (1, 3)"),
              StatusIs(StatusCode::kInternal, "UNIQUE"));
  EXPECT_FALSE(database_->must_roll_back());
  database_->SetTimeLimit(absl::ZeroDuration());
  EXPECT_THAT(database_->Run(
                  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
                  "SELECT i + 1 FROM n) INSERT INTO t SELECT i + 9, i FROM n"),
              StatusIs(StatusCode::kDeadlineExceeded, "limit"));
  EXPECT_TRUE(database_->must_roll_back());
}

TEST_F(DatabaseTest, EachResultCodeHasItsStatus) {
  const std::pair<int, StatusCode> cases[] = {
      {SQLITE_IOERR_FSYNC, StatusCode::kDataLoss},
      {SQLITE_IOERR_DIR_FSYNC, StatusCode::kDataLoss},
      {SQLITE_IOERR_WRITE, StatusCode::kInternal},
      {SQLITE_CORRUPT_INDEX, StatusCode::kDataLoss},
      {SQLITE_NOTADB, StatusCode::kDataLoss},
      {SQLITE_FULL, StatusCode::kResourceExhausted},
      {SQLITE_BUSY_SNAPSHOT, StatusCode::kUnavailable},
      {SQLITE_INTERRUPT, StatusCode::kDeadlineExceeded},
      {SQLITE_CONSTRAINT_CHECK, StatusCode::kInternal}};
  for (const auto& [result, code] : cases) {
    EXPECT_THAT(ToStatus(result, "why"), StatusIs(code, "why")) << result;
  }
}

TEST_F(DatabaseTest, AReadOnlyConnectionMakesAndChangesNothing) {
  EXPECT_THAT(Database::Open(folder_.path() + "/none.db",
                             {.read_only = true, .vfs = ""}),
              StatusIs(StatusCode::kInternal, "none.db"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() + "/none.db"));
  auto reader =
      Database::Open(folder_.database(), {.read_only = true, .vfs = ""})
          .value();
  EXPECT_THAT(reader->Run("INSERT INTO t VALUES (1, 2)"),
              StatusIs(StatusCode::kInternal, "readonly"));
}

}  // namespace
}  // namespace steelyard::storage
