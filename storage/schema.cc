#include "storage/schema.h"

#include <cstdint>

#include "absl/strings/str_cat.h"

namespace steelyard::storage {
namespace {

// point has no foreign keys: they cost a third of the insertion rate, and the
// writer inserts a point only beside its sample.
constexpr char kVersion1[] = R"sql(
CREATE TABLE experiment (
  experiment_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  owner TEXT NOT NULL,
  shared INTEGER NOT NULL CHECK (shared IN (0, 1)),
  create_time_ns INTEGER NOT NULL,
  run_count INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE run (
  run_id INTEGER PRIMARY KEY AUTOINCREMENT,
  experiment_id INTEGER NOT NULL REFERENCES experiment,
  name TEXT NOT NULL,
  state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 6),
  user TEXT NOT NULL,
  host TEXT NOT NULL,
  program TEXT NOT NULL,
  program_version TEXT NOT NULL,
  request_id TEXT,
  create_time_ns INTEGER NOT NULL,
  start_time_ns INTEGER,
  end_time_ns INTEGER,
  newest_attempt INTEGER NOT NULL DEFAULT 0,
  losses_in_a_row INTEGER NOT NULL DEFAULT 0,
  sample_count INTEGER NOT NULL DEFAULT 0,
  unequal_repeats INTEGER NOT NULL DEFAULT 0,
  ended_by INTEGER,
  steps INTEGER,
  training_s REAL,
  failure_reason INTEGER,
  message TEXT,
  CHECK ((state >= 4) = (end_time_ns IS NOT NULL)),
  CHECK ((state >= 4) = (ended_by IS NOT NULL))
) STRICT;
CREATE INDEX run_by_experiment ON run (experiment_id);
CREATE INDEX run_by_state ON run (state);
CREATE INDEX run_by_user ON run (user);
CREATE UNIQUE INDEX run_by_request ON run (user, request_id)
  WHERE request_id IS NOT NULL;
CREATE INDEX run_by_request_time ON run (create_time_ns)
  WHERE request_id IS NOT NULL;

CREATE TABLE run_spec (
  run_id INTEGER PRIMARY KEY REFERENCES run,
  spec BLOB NOT NULL,
  submitted_spec BLOB NOT NULL
) STRICT;

CREATE TABLE run_label (
  run_id INTEGER NOT NULL REFERENCES run,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_label_by_value ON run_label (key, value, run_id);

CREATE TABLE attempt (
  run_id INTEGER NOT NULL REFERENCES run,
  number INTEGER NOT NULL CHECK (number >= 1),
  worker TEXT NOT NULL,
  host TEXT NOT NULL,
  level TEXT NOT NULL,
  numerics_id TEXT NOT NULL,
  start_time_ns INTEGER NOT NULL,
  end_time_ns INTEGER,
  end INTEGER NOT NULL DEFAULT 0 CHECK (end BETWEEN 0 AND 4),
  end_message TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (run_id, number),
  CHECK ((end = 0) = (end_time_ns IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
  run_id INTEGER PRIMARY KEY REFERENCES run,
  numerics_id TEXT NOT NULL,
  step INTEGER NOT NULL,
  next_ordinal INTEGER NOT NULL,
  training_s REAL,
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64)
) STRICT;
CREATE INDEX checkpoint_by_file ON checkpoint (sha256);

CREATE TABLE absent_metric (
  run_id INTEGER NOT NULL REFERENCES run,
  metric TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (run_id, metric)
) STRICT, WITHOUT ROWID;

CREATE TABLE metric (
  metric_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE sample (
  run_id INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  step INTEGER,
  log10_step REAL,
  wall_s REAL,
  attempt INTEGER NOT NULL,
  PRIMARY KEY (run_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE point (
  run_id INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  metric_id INTEGER NOT NULL,
  value REAL,
  PRIMARY KEY (run_id, ordinal, metric_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE final_metric (
  run_id INTEGER NOT NULL REFERENCES run,
  metric_id INTEGER NOT NULL REFERENCES metric,
  value REAL,
  PRIMARY KEY (run_id, metric_id)
) STRICT, WITHOUT ROWID;

CREATE VIEW metric_points AS
SELECT point.run_id AS run, metric.name AS metric, sample.step AS step,
       point.value AS value
FROM point
JOIN sample USING (run_id, ordinal)
JOIN metric USING (metric_id);

CREATE TABLE dataset (
  sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64),
  size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
  form INTEGER NOT NULL,
  state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
  summary BLOB,
  rejection TEXT,
  inspect_time_ns INTEGER,
  CHECK ((state = 2) = (summary IS NOT NULL)),
  CHECK ((state = 3) = (rejection IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX dataset_by_state ON dataset (state);

CREATE TABLE dataset_entry (
  entry_id INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL REFERENCES dataset,
  owner TEXT NOT NULL,
  label TEXT,
  shared INTEGER NOT NULL CHECK (shared IN (0, 1)),
  create_time_ns INTEGER NOT NULL,
  UNIQUE (sha256, owner),
  UNIQUE (owner, label)
) STRICT;
CREATE INDEX dataset_entry_by_shared ON dataset_entry (shared);

CREATE TABLE run_dataset (
  run_id INTEGER NOT NULL REFERENCES run,
  position INTEGER NOT NULL,
  sha256 TEXT NOT NULL REFERENCES dataset,
  PRIMARY KEY (run_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_dataset_by_file ON run_dataset (sha256);
)sql";

constexpr char kVersion2[] = R"sql(
CREATE TABLE artifact (
  run_id INTEGER NOT NULL REFERENCES run,
  name TEXT NOT NULL,
  media_type TEXT NOT NULL,
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
  create_time_ns INTEGER NOT NULL,
  PRIMARY KEY (run_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX artifact_by_file ON artifact (sha256);
)sql";

constexpr const char* kMigrations[] = {kVersion1, kVersion2};

absl::StatusOr<int64_t> ReadNumber(Database& database, const char* sql) {
  STEELYARD_ASSIGN_OR_RETURN(Rows rows, database.Query(sql));
  STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
  return found ? rows.Int(0) : 0;
}

// A file that a crash left between its creation and the first migration is
// still nobody's.
absl::Status CheckIsOurs(Database& database) {
  STEELYARD_ASSIGN_OR_RETURN(const int64_t id,
                             ReadNumber(database, "PRAGMA application_id"));
  if (id == kApplicationId) return absl::OkStatus();
  STEELYARD_ASSIGN_OR_RETURN(
      const int64_t objects,
      ReadNumber(database, "SELECT count(*) FROM sqlite_schema"));
  if (id == 0 && objects == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "steelyard.db: want a store of Steelyard (application id ",
      kApplicationId, "), got another program's SQLite file (application id ",
      id, "); choose another data directory"));
}

absl::Status TakeStep(Database& database, const char* step, size_t version) {
  STEELYARD_ASSIGN_OR_RETURN(Transaction transaction,
                             Transaction::BeginWrite(database));
  STEELYARD_RETURN_IF_ERROR(database.Execute(step));
  STEELYARD_RETURN_IF_ERROR(
      database.Execute(absl::StrCat("PRAGMA application_id = ", kApplicationId,
                                    "; PRAGMA user_version = ", version)));
  return transaction.Commit();
}

}  // namespace

std::span<const char* const> Migrations() { return kMigrations; }

absl::Status Migrate(Database& database, std::span<const char* const> steps) {
  STEELYARD_RETURN_IF_ERROR(CheckIsOurs(database));
  STEELYARD_ASSIGN_OR_RETURN(const int64_t version,
                             ReadNumber(database, "PRAGMA user_version"));
  if (version < 0 || static_cast<size_t>(version) > steps.size()) {
    return absl::FailedPreconditionError(
        absl::StrCat("steelyard.db: want a store of version ", steps.size(),
                     " or older, got version ", version,
                     "; start the newer Steelyard that wrote it"));
  }
  for (size_t done = static_cast<size_t>(version); done < steps.size();
       ++done) {
    STEELYARD_RETURN_IF_ERROR(TakeStep(database, steps[done], done + 1));
  }
  return absl::OkStatus();
}

}  // namespace steelyard::storage
