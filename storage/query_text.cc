#include "storage/query_text.h"

#include "absl/strings/str_cat.h"

namespace steelyard::storage {
namespace {

constexpr char kRunColumns[] =
    "run.run_id, experiment.name, run.name, run.state, run.user, run.host, "
    "run.program, run.program_version, run.request_id, run.create_time_ns, "
    "run.start_time_ns, run.end_time_ns, run.newest_attempt, "
    "run.losses_in_a_row, run.sample_count, run.unequal_repeats, "
    "run.ended_by, run.steps, run.training_s, run.failure_reason, "
    "run.message, checkpoint.numerics_id, checkpoint.next_ordinal";

// CROSS JOIN keeps SQLite from putting another table first, and so from losing
// the order of the run's index.
constexpr char kRunJoins[] =
    " CROSS JOIN experiment ON experiment.experiment_id = run.experiment_id"
    " LEFT JOIN checkpoint ON checkpoint.run_id = run.run_id ";
constexpr char kSpecJoin[] =
    " CROSS JOIN run_spec ON run_spec.run_id = run.run_id ";

constexpr char kDatasetColumns[] =
    "dataset.sha256, size_bytes, form, state, summary, rejection, owner, "
    "label, shared, create_time_ns";

constexpr char kArtifactColumns[] =
    "name, media_type, sha256, size_bytes, create_time_ns";

// Where the walk over runs, newest first, starts: a label, as the rarest; then
// a state that few runs have at a time; a user; an experiment; any state.
std::string FirstTable(const RunFilter& filter) {
  if (!filter.labels.empty()) {
    return "run_label CROSS JOIN run ON run.run_id = run_label.run_id";
  }
  if (filter.state == RunState::kStarting ||
      filter.state == RunState::kRunning) {
    return "run INDEXED BY run_by_state";
  }
  if (!filter.user.empty()) return "run INDEXED BY run_by_user";
  if (!filter.experiment.empty()) return "run INDEXED BY run_by_experiment";
  if (filter.state) return "run INDEXED BY run_by_state";
  return "run";
}

std::string Conditions(const RunQuery& query) {
  const RunFilter& filter = query.filter;
  std::string text = "true";
  for (size_t i = 0; i < filter.labels.size(); ++i) {
    absl::StrAppend(
        &text, i == 0 ? " AND run_label.key = ? AND run_label.value = ?"
                      : " AND EXISTS (SELECT 1 FROM run_label AS other "
                        "WHERE other.run_id = run.run_id AND other.key = ? "
                        "AND other.value = ?)");
  }
  if (!filter.user.empty()) absl::StrAppend(&text, " AND run.user = ?");
  if (!filter.experiment.empty()) {
    absl::StrAppend(&text, " AND run.experiment_id = ?");
  }
  if (filter.state) absl::StrAppend(&text, " AND run.state = ?");
  if (query.before.value > 0) {
    absl::StrAppend(&text, filter.labels.empty() ? " AND run.run_id < ?"
                                                 : " AND run_label.run_id < ?");
  }
  return text;
}

}  // namespace

std::string GetRunText() {
  return absl::StrCat("SELECT ", kRunColumns,
                      ", run_spec.spec, run_spec.submitted_spec FROM run",
                      kRunJoins, kSpecJoin, "WHERE run.run_id = ?1");
}

std::string GetRunHeadText() {
  return "SELECT experiment.name, run.state, run.sample_count FROM run "
         "CROSS JOIN experiment USING (experiment_id) WHERE run_id = ?1";
}

std::string UnendedRunsText() {
  return absl::StrCat("SELECT ", kRunColumns,
                      " FROM run INDEXED BY run_by_state", kRunJoins,
                      "WHERE run.state IN (1, 2, 3) ORDER BY run.run_id");
}

std::string AttemptsText() {
  return "SELECT number, worker, host, level, numerics_id, start_time_ns, "
         "end_time_ns, end, end_message FROM attempt WHERE run_id = ?1 "
         "ORDER BY number";
}

std::string FinalMetricsText() {
  return "SELECT metric.name, final_metric.value FROM final_metric "
         "CROSS JOIN metric USING (metric_id) WHERE run_id = ?1 "
         "ORDER BY metric.name";
}

std::string ListRunsText(const RunQuery& query) {
  return absl::StrCat(
      "SELECT ", kRunColumns, ", run_spec.spec FROM ", FirstTable(query.filter),
      kRunJoins, kSpecJoin, "WHERE ", Conditions(query),
      query.filter.labels.empty() ? " ORDER BY run.run_id DESC"
                                  : " ORDER BY run_label.run_id DESC");
}

std::string SamplesText(int metric_count) {
  std::string columns = "point.metric_id, point.value";
  std::string join =
      " LEFT JOIN point ON point.run_id = sample.run_id "
      "AND point.ordinal = sample.ordinal";
  if (metric_count == 0) {
    // SQLite would look through all points for one of no metric.
    columns = "NULL, NULL";
    join.clear();
  } else if (metric_count > 0) {
    absl::StrAppend(&join, " AND point.metric_id IN (?3");
    for (int i = 1; i < metric_count; ++i) absl::StrAppend(&join, ", ?", i + 3);
    absl::StrAppend(&join, ")");
  }
  return absl::StrCat(
      "SELECT sample.ordinal, ifnull(sample.step, -1), sample.log10_step, "
      "sample.wall_s, sample.attempt, ",
      columns, " FROM sample", join,
      " WHERE sample.run_id = ?1 AND sample.ordinal >= ?2 "
      "ORDER BY sample.ordinal");
}

// An own entry hides the others' of the same dataset, an older one the younger.
std::string ListDatasetsText() {
  return absl::StrCat("SELECT ", kDatasetColumns, R"sql(
FROM (
  SELECT entry_id FROM dataset_entry WHERE owner = ?1
  UNION ALL
  SELECT entry_id FROM dataset_entry AS other
  WHERE shared = 1 AND owner <> ?1 AND NOT EXISTS (
    SELECT 1 FROM dataset_entry AS better
    WHERE better.sha256 = other.sha256 AND (better.owner = ?1 OR
          (better.shared = 1 AND better.entry_id < other.entry_id)))
  ORDER BY entry_id DESC LIMIT ?2 OFFSET ?3
) CROSS JOIN dataset_entry USING (entry_id)
CROSS JOIN dataset ON dataset.sha256 = dataset_entry.sha256
ORDER BY entry_id DESC)sql");
}

std::string PendingDatasetsText() {
  return absl::StrCat("SELECT ", kDatasetColumns, R"sql(
FROM dataset CROSS JOIN dataset_entry
ON dataset_entry.entry_id = (
  SELECT min(entry_id) FROM dataset_entry AS any_entry
  WHERE any_entry.sha256 = dataset.sha256)
WHERE state = 1 ORDER BY entry_id)sql");
}

// A run may name a dataset twice.
std::string CountRunsText() {
  return "SELECT count(DISTINCT run_id) FROM run_dataset WHERE sha256 = ?1";
}

std::string GetDatasetText() {
  return absl::StrCat("SELECT ", kDatasetColumns, R"sql(
FROM dataset_entry CROSS JOIN dataset ON dataset.sha256 = dataset_entry.sha256
WHERE dataset_entry.sha256 = ?1 AND (?2 = '' OR owner = ?2 OR shared = 1)
ORDER BY owner = ?2 DESC, entry_id LIMIT 1)sql");
}

std::string GetDatasetByLabelText() {
  return absl::StrCat("SELECT ", kDatasetColumns, R"sql(
FROM dataset_entry CROSS JOIN dataset ON dataset.sha256 = dataset_entry.sha256
WHERE owner = ?1 AND label = ?2)sql");
}

std::string ListArtifactsText() {
  return absl::StrCat("SELECT ", kArtifactColumns,
                      " FROM artifact WHERE run_id = ?1 AND name > ?2 "
                      "ORDER BY name LIMIT ?3");
}

std::string GetArtifactText() {
  return absl::StrCat("SELECT ", kArtifactColumns,
                      " FROM artifact WHERE run_id = ?1 AND name = ?2");
}

}  // namespace steelyard::storage
