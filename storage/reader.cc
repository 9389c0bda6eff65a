#include "storage/reader.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/reader_impl.h"
#include "support/status_macros.h"

namespace steelyard::storage {
namespace {

constexpr char kSettings[] = R"sql(
PRAGMA query_only = ON;
PRAGMA cell_size_check = ON;
PRAGMA trusted_schema = OFF;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -8192)sql";

constexpr char kGetExperiment[] = R"sql(
SELECT name, owner, shared, create_time_ns, run_count
FROM experiment WHERE name = ?1)sql";

constexpr char kListExperiments[] = R"sql(
SELECT name, owner, shared, create_time_ns, run_count
FROM experiment WHERE name > ?1 ORDER BY name LIMIT ?2)sql";

constexpr char kRequests[] = R"sql(
SELECT user, request_id, run_id, create_time_ns
FROM run WHERE request_id IS NOT NULL ORDER BY create_time_ns, run_id)sql";

ExperimentRow ToExperiment(const Rows& rows) {
  return {.name = rows.Text(0),
          .owner = rows.Text(1),
          .shared = rows.Int(2) != 0,
          .create_time = rows.Time(3),
          .run_count = rows.Int(4)};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Reader>> Reader::Open(
    const std::string& data_dir, absl::Duration query_limit,
    const std::string& vfs) {
  STEELYARD_ASSIGN_OR_RETURN(
      std::unique_ptr<Database> database,
      Database::Open(absl::StrCat(data_dir, "/steelyard.db"),
                     {.read_only = true, .vfs = vfs}));
  STEELYARD_RETURN_IF_ERROR(database->Execute(kSettings));
  STEELYARD_ASSIGN_OR_RETURN(CheckpointFiles checkpoints,
                             CheckpointFiles::Open(data_dir));
  return std::make_unique<ReaderImpl>(std::move(database),
                                      std::move(checkpoints), query_limit);
}

absl::StatusOr<Transaction> ReaderImpl::BeginWithin(absl::Duration limit) {
  database_->SetTimeLimit(limit);
  return Transaction::BeginRead(*database_);
}

absl::StatusOr<ExperimentRow> ReaderImpl::GetExperiment(
    const std::string& name) {
  STEELYARD_ASSIGN_OR_RETURN(const Transaction transaction, Begin());
  STEELYARD_ASSIGN_OR_RETURN(Rows rows, database_->Query(kGetExperiment, name));
  STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
  if (found) return ToExperiment(rows);
  return absl::NotFoundError(
      absl::StrCat("experiment: want an existing one, got \"", name, "\""));
}

absl::StatusOr<std::vector<ExperimentRow>> ReaderImpl::ListExperiments(
    const std::string& after, int limit) {
  STEELYARD_ASSIGN_OR_RETURN(const Transaction transaction, Begin());
  STEELYARD_ASSIGN_OR_RETURN(Rows rows,
                             database_->Query(kListExperiments, after, limit));
  std::vector<ExperimentRow> experiments;
  for (;;) {
    STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
    if (!found) return experiments;
    experiments.push_back(ToExperiment(rows));
  }
}

absl::StatusOr<std::vector<RequestRow>> ReaderImpl::Requests() {
  STEELYARD_ASSIGN_OR_RETURN(const Transaction transaction,
                             BeginWithin(absl::InfiniteDuration()));
  STEELYARD_ASSIGN_OR_RETURN(Rows rows, database_->Query(kRequests));
  std::vector<RequestRow> requests;
  for (;;) {
    STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
    if (!found) return requests;
    requests.push_back({.user = rows.Text(0),
                        .request_id = rows.Text(1),
                        .run = RunId{rows.Int(2)},
                        .create_time = rows.Time(3)});
  }
}

}  // namespace steelyard::storage
