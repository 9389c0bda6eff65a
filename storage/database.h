#ifndef STEELYARD_STORAGE_DATABASE_H_
#define STEELYARD_STORAGE_DATABASE_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "storage/types.h"
#include "support/status_macros.h"

struct sqlite3;
struct sqlite3_stmt;

// The only part that speaks to SQLite.  Nothing here knows a thread: a Database
// and all that came from it belong to one thread at a time.
//
// Times are stored as nanoseconds since 1970, InfiniteFuture as NULL; doubles
// as they are but for NaN, which becomes NULL, and -0.0, which becomes +0.0.
namespace steelyard::storage {

class Database;

// Bound as a BLOB instead of as TEXT.
struct Blob {
  absl::string_view bytes;
};

// One prepared statement.  Must not outlive its Database.
class Statement {
 public:
  Statement(Database* database, sqlite3_stmt* handle)
      : database_(database), handle_(handle) {}
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;

  // Parameters count from 1.  A failed bind is remembered until Step.
  void Bind(int index, int64_t value);
  void Bind(int index, int value) { Bind(index, int64_t{value}); }
  void Bind(int index, bool value) { Bind(index, int64_t{value}); }
  void Bind(int index, double value);
  void Bind(int index, absl::string_view text);
  void Bind(int index, const std::string& text) {
    Bind(index, absl::string_view(text));
  }
  void Bind(int index, const char* text) {
    Bind(index, absl::string_view(text));
  }
  void Bind(int index, Blob blob);
  void Bind(int index, absl::Time time);
  void Bind(int index, RunId run) { Bind(index, run.value); }
  void Bind(int index, AttemptNumber attempt) { Bind(index, attempt.value); }
  void Bind(int index, const Sha256& sha256) { Bind(index, sha256.hex); }
  void BindNull(int index);

  // True: a row is there to be read.  False: the statement is done.
  absl::StatusOr<bool> Step();
  // Runs to the end and resets.
  absl::Status Run();
  void Reset();

  // Columns of the current row count from 0.
  bool IsNull(int column) const;
  int64_t Int(int column) const;
  double Double(int column) const;  // NULL is NaN
  std::string Text(int column) const;
  std::string Bytes(int column) const;
  absl::Time Time(int column) const;

 private:
  void Remember(int result);

  Database* database_;
  sqlite3_stmt* handle_;
  int bind_result_ = 0;
};

// The rows of one execution of a statement, which is reset at the end.
class Rows {
 public:
  explicit Rows(Statement* statement) : statement_(statement) {}
  ~Rows() {
    if (statement_ != nullptr) statement_->Reset();
  }
  Rows(Rows&& other) noexcept
      : statement_(std::exchange(other.statement_, nullptr)) {}
  Rows& operator=(Rows&&) = delete;

  // Whether there is another row; the columns below are then its own.
  absl::StatusOr<bool> Next() { return statement_->Step(); }

  bool IsNull(int column) const { return statement_->IsNull(column); }
  int64_t Int(int column) const { return statement_->Int(column); }
  double Double(int column) const { return statement_->Double(column); }
  std::string Text(int column) const { return statement_->Text(column); }
  std::string Bytes(int column) const { return statement_->Bytes(column); }
  absl::Time Time(int column) const { return statement_->Time(column); }

 private:
  Statement* statement_;
};

// One connection.
class Database {
 public:
  struct Options {
    bool read_only = false;
    std::string vfs;  // empty: the default
  };

  // Makes the file when it is missing, unless it is to be read only.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path,
                                                        const Options& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs any number of statements, which return nothing that matters.
  absl::Status Execute(const std::string& sql);
  absl::StatusOr<Statement> Prepare(absl::string_view sql);

  // Runs one statement with its parameters in order; prepared once.
  template <typename... Args>
  absl::Status Run(absl::string_view sql, const Args&... args) {
    STEELYARD_ASSIGN_OR_RETURN(Statement * statement, Bound(sql, args...));
    return statement->Run();
  }
  // Starts one query with its parameters in order; prepared once.  The same
  // query must not be under way.
  template <typename... Args>
  absl::StatusOr<Rows> Query(absl::string_view sql, const Args&... args) {
    STEELYARD_ASSIGN_OR_RETURN(Statement * statement, Bound(sql, args...));
    return Rows(statement);
  }
  // The prepared statement of that text, made at its first use.
  absl::StatusOr<Statement*> Cached(absl::string_view sql);

  // Rows that the last INSERT, UPDATE or DELETE touched.
  int64_t changes() const;
  // The rowid that the last INSERT gave.
  int64_t last_row_id() const;
  bool in_transaction() const;
  // Whether a statement failed in a way after which SQLite wants the whole
  // transaction rolled back (disk, memory, damage); until the next Transaction.
  bool must_roll_back() const { return must_roll_back_; }

  // What still runs so much later ends with DeadlineExceeded; InfiniteDuration:
  // no limit.
  void SetTimeLimit(absl::Duration limit);

  // After a failed sync the WAL must be left for the next process to recover.
  void KeepWalOnClose();

  // Pages in the WAL after the last commit.
  int wal_pages() const { return wal_pages_; }
  // Moves the WAL's pages into the database, as far as readers allow; the next
  // commit then starts the WAL over, if no reader needs it.
  absl::Status MoveWal();
  // Moves all and cuts the WAL's file to nothing.
  // Errors: Unavailable when a reader needs it for longer than 100 ms.
  absl::Status CutWal();

 private:
  friend class Statement;
  friend class Transaction;
  explicit Database(sqlite3* handle) : handle_(handle) {}

  template <typename... Args>
  absl::StatusOr<Statement*> Bound(absl::string_view sql, const Args&... args) {
    STEELYARD_ASSIGN_OR_RETURN(Statement * statement, Cached(sql));
    int index = 0;
    (statement->Bind(++index, args), ...);
    return statement;
  }
  // Translates the error that SQLite has just returned, and notes it.
  absl::Status Failed(int result);
  absl::Status EmptyWal(int mode);
  static int OnProgress(void* self);
  static int OnCommit(void* self, sqlite3*, const char*, int pages);

  sqlite3* handle_;
  absl::flat_hash_map<std::string, std::unique_ptr<Statement>> statements_;
  bool must_roll_back_ = false;
  int wal_pages_ = 0;
  std::chrono::steady_clock::time_point deadline_ =
      std::chrono::steady_clock::time_point::max();
};

// A scope in which all statements see, or make, one state.  Rolls back unless
// it was committed.
class Transaction {
 public:
  // Of a writer: no other may write meanwhile.
  static absl::StatusOr<Transaction> BeginWrite(Database& database);
  // Of a reader.
  static absl::StatusOr<Transaction> BeginRead(Database& database);
  ~Transaction();
  Transaction(Transaction&& other) noexcept
      : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;

  absl::Status Commit();

 private:
  explicit Transaction(Database* database) : database_(database) {}
  Database* database_;
};

// The status that stands for an SQLite result code, extended or not, with
// `message` as its text.
absl::Status ToStatus(int result, absl::string_view message);

}  // namespace steelyard::storage

#endif  // STEELYARD_STORAGE_DATABASE_H_
