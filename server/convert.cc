#include "server/convert.h"

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/repeated_field.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

template <typename T>
void Fill(const std::vector<T>& from, google::protobuf::RepeatedField<T>* to) {
  to->Assign(from.begin(), from.end());
}

google::protobuf::Duration ToDuration(double seconds) {
  google::protobuf::Duration result;
  result.set_seconds(static_cast<int64_t>(seconds));
  result.set_nanos(static_cast<int32_t>(
      (seconds - static_cast<double>(result.seconds())) * 1e9));
  return result;
}

v1::RunResult ToResult(const storage::RunResult& row) {
  v1::RunResult result;
  result.set_ended_by(static_cast<v1::EndedBy>(row.ended_by));
  result.set_steps(row.steps);
  *result.mutable_training_time() = ToDuration(row.training_s);
  result.set_failure_reason(static_cast<v1::FailureReason>(row.failure_reason));
  result.set_message(row.message);
  return result;
}

v1::Attempt ToAttempt(const storage::AttemptRow& row) {
  v1::Attempt attempt;
  attempt.set_number(row.number.value);
  attempt.set_worker(absl::StrCat("workers/", row.worker));
  attempt.set_host(row.host);
  attempt.set_level(row.level);
  attempt.set_numerics_id(row.numerics_id);
  *attempt.mutable_start_time() = ToTimestamp(row.start_time);
  if (row.end_time != absl::InfiniteFuture()) {
    *attempt.mutable_end_time() = ToTimestamp(row.end_time);
  }
  attempt.set_end(static_cast<v1::AttemptEnd>(row.end));
  attempt.set_end_message(row.end_message);
  return attempt;
}

absl::Status ReadSpec(const storage::RunRow& row, absl::string_view which,
                      const std::string& bytes, v1::RunSpec* spec) {
  if (spec->ParseFromString(bytes)) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(FormatRunName(row.experiment, row.id),
                                          ": the stored ", which,
                                          " can't be read"));
}

// What GetRun and ListRuns both show.
absl::StatusOr<v1::Run> ToRun(const storage::RunRow& row) {
  v1::Run run;
  run.set_name(FormatRunName(row.experiment, row.id));
  STEELYARD_RETURN_IF_ERROR(
      ReadSpec(row, "spec", row.spec, run.mutable_spec()));
  run.set_state(static_cast<v1::RunState>(row.state));
  v1::Submitter* submitter = run.mutable_submitter();
  submitter->set_user(row.user);
  submitter->set_host(row.host);
  submitter->set_program(row.program);
  submitter->set_program_version(row.program_version);
  *run.mutable_create_time() = ToTimestamp(row.create_time);
  if (row.start_time != absl::InfiniteFuture()) {
    *run.mutable_start_time() = ToTimestamp(row.start_time);
  }
  if (row.end_time != absl::InfiniteFuture()) {
    *run.mutable_end_time() = ToTimestamp(row.end_time);
  }
  if (row.result.has_value()) *run.mutable_result() = ToResult(*row.result);
  run.set_sample_count(row.sample_count);
  run.set_unequal_repeats(row.unequal_repeats);
  return run;
}

absl::Status AddFinalMetrics(storage::Reader& reader, storage::RunId id,
                             v1::Run* run) {
  using Metrics = std::vector<std::pair<std::string, double>>;
  STEELYARD_ASSIGN_OR_RETURN(const Metrics metrics, reader.FinalMetrics(id));
  for (const auto& [metric, value] : metrics) {
    v1::MetricValue* added = run->add_final_metrics();
    added->set_metric(metric);
    added->set_value(value);
  }
  return absl::OkStatus();
}

absl::Status NoSuchRun(const RunName& name) {
  return absl::NotFoundError(absl::StrCat(
      "run: no ",
      FormatRunName(name.experiment.empty() ? "-" : name.experiment, name.run),
      " on this server; ListRuns (steelyard ls) shows those there are"));
}

// The message stays, so that the kind of data is still to be seen.
void DropInlineData(v1::Data* data) {
  if (data->has_inline_()) data->mutable_inline_()->Clear();
}

}  // namespace

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  google::protobuf::Timestamp result;
  const int64_t seconds = absl::ToUnixSeconds(time);
  result.set_seconds(seconds);
  result.set_nanos(static_cast<int32_t>(
      (time - absl::FromUnixSeconds(seconds)) / absl::Nanoseconds(1)));
  return result;
}

v1::SampleBatch ToSampleBatch(storage::Samples samples) {
  v1::SampleBatch batch;
  batch.set_first_ordinal(samples.first_ordinal);
  for (std::string& metric : samples.metrics) {
    batch.add_metrics(std::move(metric));
  }
  Fill(samples.step, batch.mutable_step());
  Fill(samples.log10_step, batch.mutable_log10_step());
  Fill(samples.wall_s, batch.mutable_wall_s());
  Fill(samples.attempt, batch.mutable_attempt());
  Fill(samples.value_count, batch.mutable_value_count());
  Fill(samples.metric_index, batch.mutable_metric_index());
  Fill(samples.value, batch.mutable_value());
  return batch;
}

v1::Experiment ToExperiment(const storage::ExperimentRow& row) {
  v1::Experiment experiment;
  experiment.set_name(FormatExperimentName(row.name));
  experiment.set_owner(row.owner);
  experiment.set_shared(row.shared);
  *experiment.mutable_create_time() = ToTimestamp(row.create_time);
  experiment.set_run_count(row.run_count);
  return experiment;
}

v1::Artifact ToArtifact(absl::string_view run,
                        const storage::ArtifactRow& row) {
  v1::Artifact artifact;
  artifact.set_name(FormatArtifactName(run, row.name));
  artifact.set_size_bytes(row.size_bytes);
  artifact.set_sha256(row.sha256.hex);
  artifact.set_media_type(row.media_type);
  *artifact.mutable_create_time() = ToTimestamp(row.create_time);
  return artifact;
}

absl::StatusOr<v1::Dataset> ToDataset(storage::Reader& reader,
                                      const storage::DatasetRow& row) {
  v1::Dataset dataset;
  dataset.set_name(FormatDatasetName(row.sha256));
  dataset.set_label(row.label);
  dataset.set_owner(row.owner);
  dataset.set_shared(row.shared);
  dataset.set_size_bytes(row.size_bytes);
  dataset.set_form(static_cast<v1::DatasetForm>(row.form));
  dataset.set_state(static_cast<v1::DatasetState>(row.state));
  dataset.set_rejection(row.rejection);
  *dataset.mutable_create_time() = ToTimestamp(row.create_time);
  STEELYARD_ASSIGN_OR_RETURN(const int64_t runs, reader.CountRuns(row.sha256));
  dataset.set_run_count(runs);
  if (row.state == storage::DatasetState::kReady &&
      !dataset.mutable_summary()->ParseFromString(row.summary)) {
    return absl::DataLossError(
        absl::StrCat(dataset.name(), ": the stored summary can't be read"));
  }
  return dataset;
}

absl::StatusOr<storage::RunHead> FindRun(storage::Reader& reader,
                                         const RunName& name) {
  absl::StatusOr<storage::RunHead> head = reader.GetRunHead(name.run);
  const bool elsewhere = head.ok() && !name.experiment.empty() &&
                         name.experiment != head->experiment;
  if (elsewhere || absl::IsNotFound(head.status())) return NoSuchRun(name);
  return head;
}

absl::StatusOr<v1::Run> ReadRun(storage::Reader& reader, const RunName& name) {
  absl::StatusOr<storage::RunRow> row = reader.GetRun(name.run);
  if (absl::IsNotFound(row.status())) return NoSuchRun(name);
  if (!row.ok()) return row.status();
  if (!name.experiment.empty() && name.experiment != row->experiment) {
    return NoSuchRun(name);
  }
  STEELYARD_ASSIGN_OR_RETURN(v1::Run run, ToRun(*row));
  STEELYARD_RETURN_IF_ERROR(ReadSpec(*row, "submitted spec",
                                     row->submitted_spec,
                                     run.mutable_submitted_spec()));
  STEELYARD_ASSIGN_OR_RETURN(const std::vector<storage::AttemptRow> attempts,
                             reader.Attempts(row->id));
  for (const storage::AttemptRow& attempt : attempts) {
    *run.add_attempts() = ToAttempt(attempt);
  }
  for (const storage::AbsentMetric& absent : row->absent_metrics) {
    v1::AbsentMetric* added = run.add_absent_metrics();
    added->set_metric(absent.metric);
    added->set_reason(absent.reason);
  }
  STEELYARD_RETURN_IF_ERROR(AddFinalMetrics(reader, row->id, &run));
  return run;
}

absl::StatusOr<v1::Run> ToListedRun(storage::Reader& reader,
                                    const storage::RunRow& row) {
  STEELYARD_ASSIGN_OR_RETURN(v1::Run run, ToRun(row));
  DropInlineData(run.mutable_spec()->mutable_data());
  for (auto& [name, set] : *run.mutable_spec()->mutable_test_sets()) {
    DropInlineData(&set);
  }
  if (run.spec().target().has_data()) {
    DropInlineData(run.mutable_spec()->mutable_target()->mutable_data());
  }
  STEELYARD_RETURN_IF_ERROR(AddFinalMetrics(reader, row.id, &run));
  return run;
}

}  // namespace steelyard::server
