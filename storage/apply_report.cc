#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/apply.h"

namespace steelyard::storage {
namespace {

constexpr char kInsertSample[] = R"sql(
INSERT INTO sample (run_id, ordinal, step, log10_step, wall_s, attempt)
VALUES (?1, ?2, ?3, ?4, ?5, ?6))sql";

constexpr char kInsertPoint[] = R"sql(
INSERT INTO point (run_id, ordinal, metric_id, value)
VALUES (?1, ?2, ?3, ?4))sql";

constexpr char kReplaceFinal[] = R"sql(
INSERT INTO final_metric (run_id, metric_id, value) VALUES (?1, ?2, ?3)
ON CONFLICT (run_id, metric_id) DO UPDATE SET value = excluded.value)sql";

constexpr char kReplaceCheckpoint[] = R"sql(
INSERT INTO checkpoint (run_id, numerics_id, step, next_ordinal, training_s,
                        sha256)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (run_id) DO UPDATE SET
  numerics_id = excluded.numerics_id, step = excluded.step,
  next_ordinal = excluded.next_ordinal, training_s = excluded.training_s,
  sha256 = excluded.sha256)sql";

constexpr char kReplaceAbsent[] = R"sql(
INSERT INTO absent_metric (run_id, metric, reason) VALUES (?1, ?2, ?3)
ON CONFLICT (run_id, metric) DO UPDATE SET reason = excluded.reason)sql";

constexpr char kCountSamples[] = R"sql(
UPDATE run SET sample_count = ?2, unequal_repeats = unequal_repeats + ?3
WHERE run_id = ?1)sql";

absl::Status WantSize(absl::string_view field, size_t got, size_t want) {
  if (got == want) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("samples.", field, ": want ", want, " entries, got ", got));
}

absl::Status CheckMetricNames(const Samples& samples) {
  std::vector<std::string> names = samples.metrics;
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "samples.metrics: want each name once, got ", *twice, " twice"));
}

// Each metric_index names a metric, and none twice in a sample.
absl::Status CheckMetricIndices(const Samples& samples) {
  // [metrics] the last sample that had it.
  std::vector<int64_t> last_sample(samples.metrics.size(), -1);
  size_t next = 0;
  for (int64_t k = 0; k < samples.size(); ++k) {
    const size_t end = next + samples.value_count[static_cast<size_t>(k)];
    for (; next < end; ++next) {
      const uint32_t metric = samples.metric_index[next];
      if (metric >= last_sample.size()) {
        return absl::InvalidArgumentError(
            absl::StrCat("samples.metric_index[", next, "]: want less than ",
                         last_sample.size(), ", got ", metric));
      }
      if (std::exchange(last_sample[metric], k) == k) {
        return absl::InvalidArgumentError(
            absl::StrCat("samples.metric_index[", next,
                         "]: want each metric once a sample, "
                         "got ",
                         samples.metrics[metric], " twice"));
      }
    }
  }
  return absl::OkStatus();
}

// The arrays fit together: what follows relies on it and checks nothing.
absl::Status CheckSamples(const Samples& samples) {
  const size_t size = samples.step.size();
  STEELYARD_RETURN_IF_ERROR(
      WantSize("log10_step", samples.log10_step.size(), size));
  STEELYARD_RETURN_IF_ERROR(WantSize("wall_s", samples.wall_s.size(), size));
  STEELYARD_RETURN_IF_ERROR(WantSize("attempt", samples.attempt.size(), size));
  STEELYARD_RETURN_IF_ERROR(
      WantSize("value_count", samples.value_count.size(), size));
  size_t values = 0;
  for (const uint32_t count : samples.value_count) values += count;
  STEELYARD_RETURN_IF_ERROR(
      WantSize("metric_index", samples.metric_index.size(), values));
  STEELYARD_RETURN_IF_ERROR(WantSize("value", samples.value.size(), values));
  STEELYARD_RETURN_IF_ERROR(CheckMetricNames(samples));
  return CheckMetricIndices(samples);
}

bool SameNumber(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

// The samples of one report on their way into the tables.
class SampleWriter {
 public:
  SampleWriter(const Store& store, RunId run, const Samples& samples)
      : store_(store),
        database_(store.database),
        run_(run),
        samples_(samples) {}

  // Of those with an ordinal below `stored`: how many differ from what is
  // stored.
  absl::StatusOr<int64_t> CountUnequal(int64_t stored) {
    STEELYARD_RETURN_IF_ERROR(FindMetricIds());
    int64_t unequal = 0;
    for (; sample_ < size() && ordinal() < stored; Advance()) {
      STEELYARD_ASSIGN_OR_RETURN(const bool same, IsStored());
      if (!same) ++unequal;
    }
    return unequal;
  }

  // Inserts the others.  Called after CountUnequal.
  absl::Status InsertRest() {
    STEELYARD_ASSIGN_OR_RETURN(insert_sample_, database_.Cached(kInsertSample));
    STEELYARD_ASSIGN_OR_RETURN(insert_point_, database_.Cached(kInsertPoint));
    std::vector<std::optional<double>> last(samples_.metrics.size());
    for (; sample_ < size(); Advance()) {
      STEELYARD_RETURN_IF_ERROR(InsertOne());
      for (size_t i = first_value_; i < end_value(); ++i) {
        last[samples_.metric_index[i]] = samples_.value[i];
      }
    }
    for (size_t i = 0; i < last.size(); ++i) {
      if (!last[i]) continue;
      STEELYARD_RETURN_IF_ERROR(
          database_.Run(kReplaceFinal, run_, metric_ids_[i], *last[i]));
    }
    return absl::OkStatus();
  }

 private:
  size_t size() const { return samples_.step.size(); }
  int64_t ordinal() const {
    return samples_.first_ordinal + static_cast<int64_t>(sample_);
  }
  size_t end_value() const {
    return first_value_ + samples_.value_count[sample_];
  }
  void Advance() {
    first_value_ = end_value();
    ++sample_;
  }

  absl::Status FindMetricIds() {
    for (const std::string& name : samples_.metrics) {
      STEELYARD_ASSIGN_OR_RETURN(const int64_t id,
                                 store_.metric_ids.Find(database_, name));
      metric_ids_.push_back(id);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<bool> IsStored() {
    STEELYARD_ASSIGN_OR_RETURN(
        Rows rows, database_.Query("SELECT ifnull(step, -1), log10_step "
                                   "FROM sample "
                                   "WHERE run_id = ?1 AND ordinal = ?2",
                                   run_, ordinal()));
    STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
    if (!found || rows.Int(0) != samples_.step[sample_] ||
        !SameNumber(rows.Double(1), samples_.log10_step[sample_])) {
      return false;
    }
    return AreValuesStored();
  }

  absl::StatusOr<bool> AreValuesStored() {
    std::vector<std::pair<int64_t, double>> values;
    for (size_t i = first_value_; i < end_value(); ++i) {
      values.emplace_back(metric_ids_[samples_.metric_index[i]],
                          samples_.value[i]);
    }
    std::sort(values.begin(), values.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    STEELYARD_ASSIGN_OR_RETURN(
        Rows rows, database_.Query("SELECT metric_id, value FROM point "
                                   "WHERE run_id = ?1 AND ordinal = ?2 "
                                   "ORDER BY metric_id",
                                   run_, ordinal()));
    for (const auto& [metric_id, value] : values) {
      STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
      if (!found || rows.Int(0) != metric_id ||
          !SameNumber(rows.Double(1), value)) {
        return false;
      }
    }
    STEELYARD_ASSIGN_OR_RETURN(const bool more, rows.Next());
    return !more;
  }

  absl::Status InsertOne() {
    insert_sample_->Bind(1, run_);
    insert_sample_->Bind(2, ordinal());
    if (samples_.step[sample_] < 0) {
      insert_sample_->BindNull(3);
    } else {
      insert_sample_->Bind(3, samples_.step[sample_]);
    }
    insert_sample_->Bind(4, samples_.log10_step[sample_]);
    insert_sample_->Bind(5, samples_.wall_s[sample_]);
    insert_sample_->Bind(6, samples_.attempt[sample_]);
    STEELYARD_RETURN_IF_ERROR(insert_sample_->Run());
    for (size_t i = first_value_; i < end_value(); ++i) {
      insert_point_->Bind(1, run_);
      insert_point_->Bind(2, ordinal());
      insert_point_->Bind(3, metric_ids_[samples_.metric_index[i]]);
      insert_point_->Bind(4, samples_.value[i]);
      STEELYARD_RETURN_IF_ERROR(insert_point_->Run());
    }
    return absl::OkStatus();
  }

  const Store& store_;
  Database& database_;
  const RunId run_;
  const Samples& samples_;
  std::vector<int64_t> metric_ids_;  // [metrics]
  Statement* insert_sample_ = nullptr;
  Statement* insert_point_ = nullptr;
  size_t sample_ = 0;       // the current one
  size_t first_value_ = 0;  // its first in metric_index and value
};

// Returns how many samples the run has then.
absl::StatusOr<int64_t> AddSamples(const Store& store, const AddReport& change,
                                   const RunFacts& facts) {
  const Samples& samples = change.samples;
  if (samples.size() == 0) return facts.sample_count;
  STEELYARD_RETURN_IF_ERROR(CheckSamples(samples));
  if (samples.first_ordinal < 0 || samples.first_ordinal > facts.sample_count) {
    return absl::InvalidArgumentError(
        absl::StrCat("samples.first_ordinal: want 0 to ", facts.sample_count,
                     ", the next ordinal of run ", change.run.value, ", got ",
                     samples.first_ordinal));
  }
  SampleWriter writer(store, change.run, samples);
  STEELYARD_ASSIGN_OR_RETURN(const int64_t unequal,
                             writer.CountUnequal(facts.sample_count));
  STEELYARD_RETURN_IF_ERROR(writer.InsertRest());
  const int64_t count = std::max(facts.sample_count, samples.next_ordinal());
  STEELYARD_RETURN_IF_ERROR(
      store.database.Run(kCountSamples, change.run, count, unequal));
  // Apart from the counts, which would otherwise touch the index on state.
  if (facts.state == RunState::kStarting) {
    STEELYARD_RETURN_IF_ERROR(store.database.Run(
        "UPDATE run SET state = 3 WHERE run_id = ?1", change.run));
  }
  return count;
}

absl::Status ReplaceCheckpoint(const Store& store, RunId run,
                               const Checkpoint& checkpoint) {
  Database& database = store.database;
  {
    STEELYARD_ASSIGN_OR_RETURN(
        Rows rows,
        database.Query("SELECT sha256 FROM checkpoint WHERE run_id = ?1", run));
    STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
    if (found) store.checkpoints.Release(Sha256{rows.Text(0)});
  }
  STEELYARD_ASSIGN_OR_RETURN(const Sha256 sha256,
                             store.checkpoints.Put(checkpoint.state));
  return database.Run(kReplaceCheckpoint, run, checkpoint.numerics_id,
                      checkpoint.step, checkpoint.next_ordinal,
                      checkpoint.training_s, sha256);
}

absl::Status AddCheckpoint(const Store& store, const AddReport& change,
                           int64_t sample_count) {
  if (!change.checkpoint) return absl::OkStatus();
  const int64_t next = change.checkpoint->next_ordinal;
  if (next < 0 || next > sample_count) {
    return absl::InvalidArgumentError(absl::StrCat(
        "checkpoint.next_ordinal: want 0 to ", sample_count,
        ", the samples stored of run ", change.run.value, ", got ", next));
  }
  // The end of the run would forget it at once.
  if (change.result) return absl::OkStatus();
  return ReplaceCheckpoint(store, change.run, *change.checkpoint);
}

}  // namespace

absl::StatusOr<int64_t> MetricIds::Find(Database& database,
                                        const std::string& name) {
  if (const auto found = ids_.find(name); found != ids_.end()) {
    return found->second;
  }
  STEELYARD_RETURN_IF_ERROR(database.Run(
      "INSERT INTO metric (name) VALUES (?1) ON CONFLICT DO NOTHING", name));
  STEELYARD_ASSIGN_OR_RETURN(
      Rows rows,
      database.Query("SELECT metric_id FROM metric WHERE name = ?1", name));
  STEELYARD_RETURN_IF_ERROR(rows.Next().status());
  return ids_[name] = rows.Int(0);
}

absl::Status Apply(const Store& store, const AddReport& change) {
  STEELYARD_ASSIGN_OR_RETURN(
      const RunFacts facts,
      FindRunOfAttempt(store.database, change.run, change.attempt));
  STEELYARD_ASSIGN_OR_RETURN(const int64_t sample_count,
                             AddSamples(store, change, facts));
  STEELYARD_RETURN_IF_ERROR(AddCheckpoint(store, change, sample_count));
  for (const AbsentMetric& absent : change.absent_metrics) {
    STEELYARD_RETURN_IF_ERROR(store.database.Run(kReplaceAbsent, change.run,
                                                 absent.metric, absent.reason));
  }
  if (change.artifact) {
    STEELYARD_RETURN_IF_ERROR(AddArtifact(store, {.run = change.run,
                                                  .attempt = change.attempt,
                                                  .piece = *change.artifact,
                                                  .time = change.time}));
  }
  if (!change.result) return absl::OkStatus();
  STEELYARD_RETURN_IF_ERROR(
      WriteAttemptEnd(store, {.run = change.run,
                              .attempt = change.attempt,
                              .end = AttemptEnd::kFinished,
                              .message = "",
                              .time = change.time}));
  return WriteRunEnd(store, {.run = change.run,
                             .state = change.end_state,
                             .result = *change.result,
                             .time = change.time});
}

}  // namespace steelyard::storage
