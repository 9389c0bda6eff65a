#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/query_text.h"
#include "storage/reader_impl.h"
#include "support/status_macros.h"

namespace steelyard::storage {
namespace {

constexpr size_t kSpecBytesPerPage = size_t{16} << 20;

// The row of query_text.h's kRunColumns.
template <typename Row>
RunRow ToRun(const Row& row) {
  RunRow run;
  run.id = RunId{row.Int(0)};
  run.experiment = row.Text(1);
  run.name = row.Text(2);
  run.state = static_cast<RunState>(row.Int(3));
  run.user = row.Text(4);
  run.host = row.Text(5);
  run.program = row.Text(6);
  run.program_version = row.Text(7);
  run.request_id = row.Text(8);
  run.create_time = row.Time(9);
  run.start_time = row.Time(10);
  run.end_time = row.Time(11);
  run.newest_attempt = AttemptNumber{row.Int(12)};
  run.losses_in_a_row = static_cast<int>(row.Int(13));
  run.sample_count = row.Int(14);
  run.unequal_repeats = row.Int(15);
  if (!row.IsNull(16)) {
    run.result = RunResult{.ended_by = static_cast<int>(row.Int(16)),
                           .steps = row.Int(17),
                           .training_s = row.Double(18),
                           .failure_reason = static_cast<int>(row.Int(19)),
                           .message = row.Text(20)};
  }
  run.checkpoint_numerics_id = row.Text(21);
  run.checkpoint_next_ordinal = row.Int(22);
  return run;
}

absl::Status NoSuchRun(RunId run) {
  return absl::NotFoundError(
      absl::StrCat("run: want an existing one, got ", run.value));
}

void BindRunQuery(Statement& query, const RunQuery& parameters) {
  int index = 0;
  for (const auto& [key, value] : parameters.filter.labels) {
    query.Bind(++index, key);
    query.Bind(++index, value);
  }
  if (!parameters.filter.user.empty()) {
    query.Bind(++index, parameters.filter.user);
  }
  if (!parameters.filter.experiment.empty()) {
    query.Bind(++index, parameters.experiment_id);
  }
  if (parameters.filter.state) {
    query.Bind(++index, static_cast<int>(*parameters.filter.state));
  }
  if (parameters.before.value > 0) query.Bind(++index, parameters.before);
}

}  // namespace

absl::StatusOr<std::vector<Sha256>> ReaderImpl::DatasetsOf(RunId run) {
  STEELYARD_ASSIGN_OR_RETURN(
      Rows rows, database_->Query("SELECT sha256 FROM run_dataset "
                                  "WHERE run_id = ?1 ORDER BY position",
                                  run));
  std::vector<Sha256> datasets;
  for (;;) {
    STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
    if (!found) return datasets;
    datasets.push_back(Sha256{rows.Text(0)});
  }
}

absl::StatusOr<RunRow> ReaderImpl::GetRun(RunId run) {
  STEELYARD_ASSIGN_OR_RETURN(const Transaction transaction, Begin());
  STEELYARD_ASSIGN_OR_RETURN(Rows rows, database_->Query(GetRunText(), run));
  STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
  if (!found) return NoSuchRun(run);
  RunRow row = ToRun(rows);
  row.spec = rows.Bytes(kRunColumnCount);
  row.submitted_spec = rows.Bytes(kRunColumnCount + 1);
  STEELYARD_ASSIGN_OR_RETURN(row.datasets, DatasetsOf(run));
  STEELYARD_ASSIGN_OR_RETURN(
      Rows absent, database_->Query("SELECT metric, reason FROM absent_metric "
                                    "WHERE run_id = ?1 ORDER BY metric",
                                    run));
  for (;;) {
    STEELYARD_ASSIGN_OR_RETURN(const bool more, absent.Next());
    if (!more) return row;
    row.absent_metrics.push_back(
        {.metric = absent.Text(0), .reason = absent.Text(1)});
  }
}

absl::StatusOr<RunHead> ReaderImpl::GetRunHead(RunId run) {
  STEELYARD_ASSIGN_OR_RETURN(const Transaction transaction, Begin());
  STEELYARD_ASSIGN_OR_RETURN(Rows rows,
                             database_->Query(GetRunHeadText(), run));
  STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
  if (!found) return NoSuchRun(run);
  return RunHead{.experiment = rows.Text(0),
                 .state = static_cast<RunState>(rows.Int(1)),
                 .sample_count = rows.Int(2)};
}

absl::StatusOr<RunPage> ReaderImpl::ListRuns(const RunFilter& filter,
                                             RunId before, int limit) {
  STEELYARD_ASSIGN_OR_RETURN(const Transaction transaction, Begin());
  RunQuery parameters = {.filter = filter, .before = before};
  if (!filter.experiment.empty()) {
    STEELYARD_ASSIGN_OR_RETURN(
        Rows rows,
        database_->Query("SELECT experiment_id FROM experiment WHERE name = ?1",
                         filter.experiment));
    STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
    if (!found) return RunPage{};
    parameters.experiment_id = rows.Int(0);
  }
  STEELYARD_ASSIGN_OR_RETURN(Statement query,
                             database_->Prepare(ListRunsText(parameters)));
  BindRunQuery(query, parameters);
  RunPage page;
  size_t spec_bytes = 0;
  for (;;) {
    STEELYARD_ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) return page;
    page.more = page.runs.size() >= static_cast<size_t>(limit);
    if (page.more) return page;
    RunRow row = ToRun(query);
    row.spec = query.Bytes(kRunColumnCount);
    spec_bytes += row.spec.size();
    page.more = spec_bytes > kSpecBytesPerPage && !page.runs.empty();
    if (page.more) return page;
    STEELYARD_ASSIGN_OR_RETURN(row.datasets, DatasetsOf(row.id));
    page.runs.push_back(std::move(row));
  }
}

absl::StatusOr<std::vector<RunRow>> ReaderImpl::UnendedRuns() {
  STEELYARD_ASSIGN_OR_RETURN(const Transaction transaction,
                             BeginWithin(absl::InfiniteDuration()));
  STEELYARD_ASSIGN_OR_RETURN(Rows rows, database_->Query(UnendedRunsText()));
  std::vector<RunRow> runs;
  for (;;) {
    STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
    if (!found) return runs;
    RunRow row = ToRun(rows);
    STEELYARD_ASSIGN_OR_RETURN(row.datasets, DatasetsOf(row.id));
    runs.push_back(std::move(row));
  }
}

absl::StatusOr<RunId> ReaderImpl::LastRunId() {
  STEELYARD_ASSIGN_OR_RETURN(const Transaction transaction,
                             BeginWithin(absl::InfiniteDuration()));
  STEELYARD_ASSIGN_OR_RETURN(
      Rows rows,
      database_->Query("SELECT seq FROM sqlite_sequence WHERE name = 'run'"));
  STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
  return RunId{found ? rows.Int(0) : 0};
}

absl::StatusOr<std::vector<AttemptRow>> ReaderImpl::Attempts(RunId run) {
  STEELYARD_ASSIGN_OR_RETURN(const Transaction transaction, Begin());
  STEELYARD_ASSIGN_OR_RETURN(Rows rows, database_->Query(AttemptsText(), run));
  std::vector<AttemptRow> attempts;
  for (;;) {
    STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
    if (!found) return attempts;
    attempts.push_back({.number = AttemptNumber{rows.Int(0)},
                        .worker = rows.Text(1),
                        .host = rows.Text(2),
                        .level = rows.Text(3),
                        .numerics_id = rows.Text(4),
                        .start_time = rows.Time(5),
                        .end_time = rows.Time(6),
                        .end = static_cast<AttemptEnd>(rows.Int(7)),
                        .end_message = rows.Text(8)});
  }
}

absl::StatusOr<std::vector<std::pair<std::string, double>>>
ReaderImpl::FinalMetrics(RunId run) {
  STEELYARD_ASSIGN_OR_RETURN(const Transaction transaction, Begin());
  STEELYARD_ASSIGN_OR_RETURN(Rows rows,
                             database_->Query(FinalMetricsText(), run));
  std::vector<std::pair<std::string, double>> metrics;
  for (;;) {
    STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
    if (!found) return metrics;
    metrics.emplace_back(rows.Text(0), rows.Double(1));
  }
}

}  // namespace steelyard::storage
