#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/query_text.h"
#include "storage/reader_impl.h"
#include "support/status_macros.h"

namespace steelyard::storage {
namespace {

DatasetRow ToDataset(const Rows& rows) {
  return {.sha256 = Sha256{rows.Text(0)},
          .size_bytes = rows.Int(1),
          .form = static_cast<int>(rows.Int(2)),
          .state = static_cast<DatasetState>(rows.Int(3)),
          .summary = rows.Bytes(4),
          .rejection = rows.Text(5),
          .owner = rows.Text(6),
          .label = rows.Text(7),
          .shared = rows.Int(8) != 0,
          .create_time = rows.Time(9)};
}

absl::StatusOr<std::vector<DatasetRow>> AllDatasets(Rows rows) {
  std::vector<DatasetRow> datasets;
  for (;;) {
    STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
    if (!found) return datasets;
    datasets.push_back(ToDataset(rows));
  }
}

absl::StatusOr<DatasetRow> OneDataset(Rows rows, absl::string_view what) {
  STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
  if (found) return ToDataset(rows);
  return absl::NotFoundError(
      absl::StrCat("dataset: want an existing one, got ", what));
}

}  // namespace

absl::StatusOr<DatasetRow> ReaderImpl::GetDataset(const Sha256& sha256,
                                                  const std::string& user) {
  STEELYARD_ASSIGN_OR_RETURN(const Transaction transaction, Begin());
  STEELYARD_ASSIGN_OR_RETURN(Rows rows,
                             database_->Query(GetDatasetText(), sha256, user));
  return OneDataset(std::move(rows), absl::StrCat("sha256/", sha256.hex));
}

absl::StatusOr<DatasetRow> ReaderImpl::GetDatasetByLabel(
    const std::string& label, const std::string& user) {
  STEELYARD_ASSIGN_OR_RETURN(const Transaction transaction, Begin());
  STEELYARD_ASSIGN_OR_RETURN(
      Rows rows, database_->Query(GetDatasetByLabelText(), user, label));
  return OneDataset(std::move(rows), absl::StrCat("\"", label, "\""));
}

absl::StatusOr<std::vector<DatasetRow>> ReaderImpl::ListDatasets(
    const std::string& user, int64_t offset, int limit) {
  STEELYARD_ASSIGN_OR_RETURN(const Transaction transaction, Begin());
  STEELYARD_ASSIGN_OR_RETURN(
      Rows rows, database_->Query(ListDatasetsText(), user, limit, offset));
  return AllDatasets(std::move(rows));
}

absl::StatusOr<int64_t> ReaderImpl::CountRuns(const Sha256& sha256) {
  STEELYARD_ASSIGN_OR_RETURN(const Transaction transaction, Begin());
  STEELYARD_ASSIGN_OR_RETURN(Rows rows,
                             database_->Query(CountRunsText(), sha256));
  STEELYARD_RETURN_IF_ERROR(rows.Next().status());
  return rows.Int(0);
}

absl::StatusOr<std::vector<DatasetRow>> ReaderImpl::PendingDatasets() {
  STEELYARD_ASSIGN_OR_RETURN(const Transaction transaction,
                             BeginWithin(absl::InfiniteDuration()));
  STEELYARD_ASSIGN_OR_RETURN(Rows rows,
                             database_->Query(PendingDatasetsText()));
  return AllDatasets(std::move(rows));
}

}  // namespace steelyard::storage
