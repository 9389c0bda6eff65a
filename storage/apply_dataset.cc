#include <string>

#include "absl/strings/str_cat.h"
#include "storage/apply.h"

namespace steelyard::storage {
namespace {

constexpr char kInsertDataset[] = R"sql(
INSERT INTO dataset (sha256, size_bytes, form, state)
VALUES (?1, ?2, ?3, 1))sql";

constexpr char kInspectAgain[] = R"sql(
UPDATE dataset SET state = 1, form = ?2, rejection = NULL,
                   inspect_time_ns = NULL
WHERE sha256 = ?1)sql";

// Once given, a label and sharing stay: specs and other users rest on them.
constexpr char kAddEntry[] = R"sql(
INSERT INTO dataset_entry (sha256, owner, label, shared, create_time_ns)
VALUES (?1, ?2, nullif(?3, ''), ?4, ?5)
ON CONFLICT (sha256, owner) DO UPDATE SET
  label = coalesce(label, excluded.label),
  shared = max(shared, excluded.shared))sql";

// Nothing can rest on bytes that no run may use.
constexpr char kFreeLabel[] = R"sql(
UPDATE dataset_entry SET label = NULL
WHERE owner = ?1 AND label = nullif(?2, '') AND sha256 <> ?3
  AND (SELECT state FROM dataset
       WHERE dataset.sha256 = dataset_entry.sha256) = 3)sql";

constexpr char kMarkInspected[] = R"sql(
UPDATE dataset SET state = iif(?3 = '', 2, 3),
                   summary = iif(?3 = '', ?2, NULL),
                   rejection = nullif(?3, ''), inspect_time_ns = ?4
WHERE sha256 = ?1 AND state = 1)sql";

absl::Status CheckFile(const Store& store, const AddDataset& change) {
  if (!IsSha256(change.sha256)) {
    return absl::InvalidArgumentError(
        "sha256: want 64 lower-case hexadecimal digits");
  }
  const absl::StatusOr<int64_t> size = store.datasets.SizeBytes(change.sha256);
  if (size.ok() && *size == change.size_bytes) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "sha256: want a file of ", change.size_bytes, " bytes in the store, got ",
      size.ok() ? absl::StrCat(*size, " bytes") : "none", " of ",
      change.sha256.hex));
}

absl::Status CheckLabel(Database& database, const AddDataset& change) {
  if (change.label.empty()) return absl::OkStatus();
  STEELYARD_ASSIGN_OR_RETURN(
      Rows rows,
      database.Query("SELECT sha256, label FROM dataset_entry WHERE owner = ?1 "
                     "AND (label = ?2 OR sha256 = ?3 AND label IS NOT NULL)",
                     change.owner, change.label, change.sha256));
  while (true) {
    STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
    if (!found) return absl::OkStatus();
    if (rows.Text(0) != change.sha256.hex) {
      return absl::AlreadyExistsError(
          absl::StrCat("label: want a new one, got \"", change.label,
                       "\", which is that of sha256/", rows.Text(0)));
    }
    if (rows.Text(1) != change.label) {
      return absl::AlreadyExistsError(absl::StrCat(
          "label: want \"", rows.Text(1),
          "\", under which you have these bytes already, or none, got \"",
          change.label, "\""));
    }
  }
}

absl::Status AddBytes(Database& database, const AddDataset& change) {
  int64_t form = 0;
  DatasetState state = DatasetState::kPending;
  {
    STEELYARD_ASSIGN_OR_RETURN(
        Rows rows,
        database.Query("SELECT form, state FROM dataset WHERE sha256 = ?1",
                       change.sha256));
    STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
    if (!found) {
      return database.Run(kInsertDataset, change.sha256, change.size_bytes,
                          change.form);
    }
    form = rows.Int(0);
    state = static_cast<DatasetState>(rows.Int(1));
  }
  if (state == DatasetState::kRejected) {
    return database.Run(kInspectAgain, change.sha256, change.form);
  }
  if (form == change.form) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "form: want ", form, ", in which the same bytes are stored already, got ",
      change.form));
}

}  // namespace

absl::Status Apply(const Store& store, const AddDataset& change) {
  STEELYARD_RETURN_IF_ERROR(CheckFile(store, change));
  STEELYARD_RETURN_IF_ERROR(store.database.Run(kFreeLabel, change.owner,
                                               change.label, change.sha256));
  STEELYARD_RETURN_IF_ERROR(CheckLabel(store.database, change));
  STEELYARD_RETURN_IF_ERROR(AddBytes(store.database, change));
  return store.database.Run(kAddEntry, change.sha256, change.owner,
                            change.label, change.shared, change.time);
}

absl::Status Apply(const Store& store, const FinishInspection& change) {
  STEELYARD_RETURN_IF_ERROR(store.database.Run(kMarkInspected, change.sha256,
                                               Blob{change.summary},
                                               change.rejection, change.time));
  if (store.database.changes() > 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "dataset: want a PENDING one, got sha256/", change.sha256.hex));
}

}  // namespace steelyard::storage
