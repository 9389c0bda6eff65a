#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/query_text.h"
#include "storage/reader_impl.h"
#include "support/status_macros.h"

namespace steelyard::storage {
namespace {

// A reader may meet a checkpoint just when it is replaced; so many in a row
// mean that something else is wrong.
constexpr int kCheckpointTries = 10;

// Puts the rows of SamplesText together to samples, up to a number of
// values.
class SampleCollector {
 public:
  explicit SampleCollector(int64_t max_values) : max_values_(max_values) {}

  // Takes the current row's sample.  False: no more are wanted.
  bool StartSample(const Statement& row) {
    if (samples_.size() > 0 && row.Int(0) == samples_.next_ordinal() - 1) {
      return true;
    }
    if (!samples_.step.empty()) {
      used_ += std::max<int64_t>(samples_.value_count.back(), 1);
      if (used_ >= max_values_) return false;
    } else {
      samples_.first_ordinal = row.Int(0);
    }
    samples_.step.push_back(row.Int(1));
    samples_.log10_step.push_back(row.Double(2));
    samples_.wall_s.push_back(row.Double(3));
    samples_.attempt.push_back(row.Int(4));
    samples_.value_count.push_back(0);
    return true;
  }

  // Takes a value of the current sample.  False: it does not fit, and the
  // sample is dropped.
  bool AddValue(int64_t metric_id, double value) {
    if (samples_.size() > 1 &&
        used_ + samples_.value_count.back() >= max_values_) {
      DropSample();
      return false;
    }
    const auto [entry, is_new] =
        indices_.emplace(metric_id, static_cast<uint32_t>(indices_.size()));
    if (is_new) metric_ids_.push_back(metric_id);
    samples_.metric_index.push_back(entry->second);
    samples_.value.push_back(value);
    ++samples_.value_count.back();
    return true;
  }

  // [metrics] what metric_index counts; a dropped sample may have left some
  // that are in no other.
  const std::vector<int64_t>& metric_ids() const { return metric_ids_; }

  Samples Take(std::vector<std::string> metrics) {
    samples_.metrics = std::move(metrics);
    return std::move(samples_);
  }

 private:
  void DropSample() {
    const size_t kept = samples_.value.size() - samples_.value_count.back();
    samples_.metric_index.resize(kept);
    samples_.value.resize(kept);
    samples_.step.pop_back();
    samples_.log10_step.pop_back();
    samples_.wall_s.pop_back();
    samples_.attempt.pop_back();
    samples_.value_count.pop_back();
  }

  const int64_t max_values_;
  Samples samples_;
  int64_t used_ = 0;  // by the samples before the current one
  absl::flat_hash_map<int64_t, uint32_t> indices_;
  std::vector<int64_t> metric_ids_;
};

}  // namespace

absl::StatusOr<std::string> ReaderImpl::MetricName(int64_t metric_id) {
  if (const auto found = metric_names_.find(metric_id);
      found != metric_names_.end()) {
    return found->second;
  }
  STEELYARD_ASSIGN_OR_RETURN(
      Rows rows,
      database_->Query("SELECT name FROM metric WHERE metric_id = ?1",
                       metric_id));
  STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
  if (!found) {
    return absl::DataLossError(absl::StrCat(
        "steelyard.db: want a name for metric ", metric_id, ", got none"));
  }
  return metric_names_[metric_id] = rows.Text(0);
}

absl::StatusOr<Statement> ReaderImpl::SampleQuery(
    RunId run, int64_t from, const std::vector<std::string>& metrics) {
  std::vector<int64_t> metric_ids;
  for (const std::string& metric : metrics) {
    STEELYARD_ASSIGN_OR_RETURN(
        Rows rows, database_->Query(
                       "SELECT metric_id FROM metric WHERE name = ?1", metric));
    STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
    if (found) metric_ids.push_back(rows.Int(0));
  }
  const int count = metrics.empty() ? -1 : static_cast<int>(metric_ids.size());
  STEELYARD_ASSIGN_OR_RETURN(Statement query,
                             database_->Prepare(SamplesText(count)));
  query.Bind(1, run);
  query.Bind(2, from);
  int index = 2;
  for (const int64_t metric_id : metric_ids) query.Bind(++index, metric_id);
  return query;
}

absl::StatusOr<Samples> ReaderImpl::ReadSamples(
    RunId run, int64_t from, int64_t max_values,
    const std::vector<std::string>& metrics) {
  STEELYARD_ASSIGN_OR_RETURN(const Transaction transaction, Begin());
  {
    STEELYARD_ASSIGN_OR_RETURN(
        Rows rows,
        database_->Query("SELECT 1 FROM run WHERE run_id = ?1", run));
    STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
    if (!found) {
      return absl::NotFoundError(
          absl::StrCat("run: want an existing one, got ", run.value));
    }
  }
  STEELYARD_ASSIGN_OR_RETURN(Statement query, SampleQuery(run, from, metrics));
  SampleCollector collector(max_values);
  for (;;) {
    STEELYARD_ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found || !collector.StartSample(query)) break;
    if (query.IsNull(5)) continue;
    if (!collector.AddValue(query.Int(5), query.Double(6))) break;
  }
  std::vector<std::string> names;
  for (const int64_t metric_id : collector.metric_ids()) {
    STEELYARD_ASSIGN_OR_RETURN(std::string name, MetricName(metric_id));
    names.push_back(std::move(name));
  }
  return collector.Take(std::move(names));
}

absl::StatusOr<std::optional<ReaderImpl::CheckpointPlace>>
ReaderImpl::FindCheckpoint(RunId run) {
  STEELYARD_ASSIGN_OR_RETURN(const Transaction transaction, Begin());
  STEELYARD_ASSIGN_OR_RETURN(
      Rows rows,
      database_->Query("SELECT numerics_id, step, next_ordinal, training_s, "
                       "sha256 FROM checkpoint WHERE run_id = ?1",
                       run));
  STEELYARD_ASSIGN_OR_RETURN(const bool found, rows.Next());
  if (!found) return std::nullopt;
  return CheckpointPlace{.checkpoint = {.numerics_id = rows.Text(0),
                                        .step = rows.Int(1),
                                        .next_ordinal = rows.Int(2),
                                        .training_s = rows.Double(3),
                                        .state = ""},
                         .sha256 = Sha256{rows.Text(4)}};
}

absl::StatusOr<std::optional<Checkpoint>> ReaderImpl::LastCheckpoint(
    RunId run) {
  for (int tries = 0; tries < kCheckpointTries; ++tries) {
    STEELYARD_ASSIGN_OR_RETURN(std::optional<CheckpointPlace> place,
                               FindCheckpoint(run));
    if (!place) return std::nullopt;
    absl::StatusOr<std::string> state = checkpoints_.store().Get(place->sha256);
    // The writer may have replaced it meanwhile: then the row names another.
    if (absl::IsNotFound(state.status())) continue;
    STEELYARD_RETURN_IF_ERROR(state.status());
    place->checkpoint.state = *std::move(state);
    return std::move(place->checkpoint);
  }
  return absl::DataLossError(absl::StrCat(
      "run ", run.value, ": want the file of its checkpoint, got none"));
}

}  // namespace steelyard::storage
