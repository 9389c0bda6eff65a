#include "storage/database.h"

#include <sqlite3.h>

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "support/check.h"

namespace steelyard::storage {
namespace {

// Long enough for a WAL recovery or an administrator's sqlite3 shell.
constexpr int kBusyTimeoutMs = 5000;
// Nothing waits for a cut of the WAL, but it holds up the writer.
constexpr int kCutTimeoutMs = 100;
// Some 10 to 100 microseconds of work between two looks at the clock.
constexpr int kInstructionsPerLook = 1000;

struct ResultCode {
  int result;
  absl::StatusCode code;
};

// The first entry that equals the extended code counts, then the first that
// equals the primary one.
constexpr ResultCode kResultCodes[] = {
    {SQLITE_IOERR_FSYNC, absl::StatusCode::kDataLoss},
    {SQLITE_IOERR_DIR_FSYNC, absl::StatusCode::kDataLoss},
    {SQLITE_CORRUPT, absl::StatusCode::kDataLoss},
    {SQLITE_NOTADB, absl::StatusCode::kDataLoss},
    {SQLITE_FULL, absl::StatusCode::kResourceExhausted},
    {SQLITE_NOMEM, absl::StatusCode::kResourceExhausted},
    {SQLITE_TOOBIG, absl::StatusCode::kInvalidArgument},
    {SQLITE_BUSY, absl::StatusCode::kUnavailable},
    {SQLITE_LOCKED, absl::StatusCode::kUnavailable},
    {SQLITE_INTERRUPT, absl::StatusCode::kDeadlineExceeded},
};

absl::StatusCode CodeOf(int result) {
  for (const ResultCode& entry : kResultCodes) {
    if (entry.result == result) return entry.code;
  }
  for (const ResultCode& entry : kResultCodes) {
    if (entry.result == (result & 0xff)) return entry.code;
  }
  return absl::StatusCode::kInternal;
}

// After these the rest of a transaction can't be relied on.
bool EndsTransaction(int result) {
  switch (result & 0xff) {
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
      return false;
    default:
      return true;
  }
}

}  // namespace

absl::Status ToStatus(int result, absl::string_view message) {
  return absl::Status(CodeOf(result), message);
}

Statement::~Statement() { sqlite3_finalize(handle_); }

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      handle_(std::exchange(other.handle_, nullptr)),
      bind_result_(other.bind_result_) {}

void Statement::Remember(int result) {
  if (bind_result_ == SQLITE_OK) bind_result_ = result;
}

void Statement::Bind(int index, int64_t value) {
  Remember(sqlite3_bind_int64(handle_, index, value));
}

void Statement::Bind(int index, double value) {
  // -0.0 + 0.0 is +0.0; every other double stays as it is.
  Remember(sqlite3_bind_double(handle_, index, value + 0.0));
}

void Statement::Bind(int index, absl::string_view text) {
  // A null pointer would be bound as NULL.
  Remember(sqlite3_bind_text64(handle_, index, text.empty() ? "" : text.data(),
                               text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Statement::Bind(int index, Blob blob) {
  Remember(sqlite3_bind_blob64(handle_, index,
                               blob.bytes.empty() ? "" : blob.bytes.data(),
                               blob.bytes.size(), SQLITE_TRANSIENT));
}

void Statement::Bind(int index, absl::Time time) {
  if (time == absl::InfiniteFuture()) return BindNull(index);
  Bind(index, absl::ToUnixNanos(time));
}

void Statement::BindNull(int index) {
  Remember(sqlite3_bind_null(handle_, index));
}

absl::StatusOr<bool> Statement::Step() {
  if (bind_result_ != SQLITE_OK) {
    return database_->Failed(std::exchange(bind_result_, SQLITE_OK));
  }
  const int result = sqlite3_step(handle_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return database_->Failed(result);
}

absl::Status Statement::Run() {
  absl::StatusOr<bool> row = true;
  while (row.ok() && *row) row = Step();
  Reset();
  return row.status();
}

void Statement::Reset() { sqlite3_reset(handle_); }

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

int64_t Statement::Int(int column) const {
  return sqlite3_column_int64(handle_, column);
}

double Statement::Double(int column) const {
  if (IsNull(column)) return std::numeric_limits<double>::quiet_NaN();
  return sqlite3_column_double(handle_, column);
}

std::string Statement::Text(int column) const { return Bytes(column); }

std::string Statement::Bytes(int column) const {
  const void* bytes = sqlite3_column_blob(handle_, column);
  const int size = sqlite3_column_bytes(handle_, column);
  if (size == 0) return "";
  return std::string(static_cast<const char*>(bytes),
                     static_cast<size_t>(size));
}

absl::Time Statement::Time(int column) const {
  if (IsNull(column)) return absl::InfiniteFuture();
  return absl::FromUnixNanos(Int(column));
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(
    const std::string& path, const Options& options) {
  const int flags =
      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
      (options.read_only ? SQLITE_OPEN_READONLY
                         : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  sqlite3* handle = nullptr;
  const int result =
      sqlite3_open_v2(path.c_str(), &handle, flags,
                      options.vfs.empty() ? nullptr : options.vfs.c_str());
  // From here on the handle is closed by its owner, open or not.
  std::unique_ptr<Database> database(new Database(handle));
  if (result != SQLITE_OK) {
    return ToStatus(result,
                    absl::StrCat(path, ": ",
                                 handle == nullptr ? sqlite3_errstr(result)
                                                   : sqlite3_errmsg(handle)));
  }
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  sqlite3_progress_handler(handle, kInstructionsPerLook, OnProgress,
                           database.get());
  sqlite3_wal_hook(handle, OnCommit, database.get());
  return database;
}

Database::~Database() {
  statements_.clear();
  STEELYARD_CHECK(sqlite3_close(handle_) == SQLITE_OK);
}

absl::Status Database::Failed(int result) {
  if (EndsTransaction(result)) must_roll_back_ = true;
  if ((result & 0xff) == SQLITE_INTERRUPT) {
    return absl::DeadlineExceededError(
        "query: took longer than its limit; ask for less (a narrower filter, a "
        "smaller page)");
  }
  // The connection's message is that of its last call.
  const char* message = sqlite3_extended_errcode(handle_) == result
                            ? sqlite3_errmsg(handle_)
                            : sqlite3_errstr(result);
  return ToStatus(result, absl::StrCat("steelyard.db: ", message,
                                       " (SQLite result ", result, ")"));
}

absl::Status Database::Execute(const std::string& sql) {
  const int result =
      sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  return result == SQLITE_OK ? absl::OkStatus() : Failed(result);
}

absl::StatusOr<Statement> Database::Prepare(absl::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const int result =
      sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  if (result != SQLITE_OK) return Failed(result);
  return Statement(this, handle);
}

absl::StatusOr<Statement*> Database::Cached(absl::string_view sql) {
  if (auto found = statements_.find(sql); found != statements_.end()) {
    return found->second.get();
  }
  STEELYARD_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  auto [entry, inserted] = statements_.emplace(
      std::string(sql), std::make_unique<Statement>(std::move(statement)));
  return entry->second.get();
}

int64_t Database::changes() const { return sqlite3_changes64(handle_); }

int64_t Database::last_row_id() const {
  return sqlite3_last_insert_rowid(handle_);
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(handle_) == 0;
}

void Database::SetTimeLimit(absl::Duration limit) {
  using Clock = std::chrono::steady_clock;
  deadline_ = limit == absl::InfiniteDuration()
                  ? Clock::time_point::max()
                  : Clock::now() + absl::ToChronoNanoseconds(limit);
}

void Database::KeepWalOnClose() {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

absl::Status Database::MoveWal() { return EmptyWal(SQLITE_CHECKPOINT_PASSIVE); }

absl::Status Database::CutWal() {
  sqlite3_busy_timeout(handle_, kCutTimeoutMs);
  absl::Status status = EmptyWal(SQLITE_CHECKPOINT_TRUNCATE);
  sqlite3_busy_timeout(handle_, kBusyTimeoutMs);
  return status;
}

absl::Status Database::EmptyWal(int mode) {
  const int result =
      sqlite3_wal_checkpoint_v2(handle_, nullptr, mode, nullptr, nullptr);
  return result == SQLITE_OK ? absl::OkStatus() : Failed(result);
}

int Database::OnProgress(void* self) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point deadline = static_cast<Database*>(self)->deadline_;
  return deadline != Clock::time_point::max() && Clock::now() > deadline;
}

int Database::OnCommit(void* self, sqlite3*, const char*, int pages) {
  static_cast<Database*>(self)->wal_pages_ = pages;
  return SQLITE_OK;
}

absl::StatusOr<Transaction> Transaction::BeginWrite(Database& database) {
  database.must_roll_back_ = false;
  STEELYARD_RETURN_IF_ERROR(database.Run("BEGIN IMMEDIATE"));
  return Transaction(&database);
}

absl::StatusOr<Transaction> Transaction::BeginRead(Database& database) {
  database.must_roll_back_ = false;
  STEELYARD_RETURN_IF_ERROR(database.Run("BEGIN"));
  return Transaction(&database);
}

Transaction::~Transaction() {
  if (database_ == nullptr || !database_->in_transaction()) return;
  // A rollback changes no file, so it can't fail in a way that matters.
  database_->SetTimeLimit(absl::InfiniteDuration());
  (void)database_->Run("ROLLBACK");
}

absl::Status Transaction::Commit() {
  STEELYARD_RETURN_IF_ERROR(database_->Run("COMMIT"));
  database_ = nullptr;
  return absl::OkStatus();
}

}  // namespace steelyard::storage
