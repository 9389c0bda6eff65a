#include "server/report.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "storage/file_store.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

storage::Samples FromMessage(const v1::SampleBatch& batch, int64_t attempt) {
  storage::Samples samples;
  samples.first_ordinal = batch.first_ordinal();
  samples.metrics.assign(batch.metrics().begin(), batch.metrics().end());
  samples.step.assign(batch.step().begin(), batch.step().end());
  samples.log10_step.assign(batch.log10_step().begin(),
                            batch.log10_step().end());
  samples.wall_s.assign(batch.wall_s().begin(), batch.wall_s().end());
  samples.attempt.assign(samples.step.size(), attempt);
  samples.value_count.assign(batch.value_count().begin(),
                             batch.value_count().end());
  samples.metric_index.assign(batch.metric_index().begin(),
                              batch.metric_index().end());
  samples.value.assign(batch.value().begin(), batch.value().end());
  return samples;
}

storage::Checkpoint FromMessage(const v1::Checkpoint& checkpoint) {
  return {.numerics_id = checkpoint.numerics_id(),
          .step = checkpoint.step(),
          .next_ordinal = checkpoint.next_ordinal(),
          .training_s = checkpoint.training_s(),
          .state = checkpoint.state()};
}

storage::ArtifactPiece FromMessage(const v1::ArtifactPiece& piece) {
  return {.name = piece.name(),
          .media_type = piece.media_type(),
          .sha256 = {piece.sha256()},
          .size_bytes = piece.size_bytes(),
          .offset = piece.offset(),
          .bytes = piece.content()};
}

storage::RunResult FromMessage(const v1::RunResult& result) {
  return {
      .ended_by = result.ended_by(),
      .steps = result.steps(),
      .training_s = static_cast<double>(result.training_time().seconds()) +
                    static_cast<double>(result.training_time().nanos()) * 1e-9,
      .failure_reason = result.failure_reason(),
      .message = result.message()};
}

absl::StatusOr<storage::RunState> EndState(const v1::RunResult& result) {
  const bool failed = result.failure_reason() != v1::FAILURE_REASON_UNSPECIFIED;
  switch (result.ended_by()) {
    case v1::ENDED_BY_STEPS:
    case v1::ENDED_BY_WALL_TIME:
    case v1::ENDED_BY_EARLY_STOPPING:
      if (!failed) return storage::RunState::kSucceeded;
      break;
    case v1::ENDED_BY_FAILURE:
      if (failed) return storage::RunState::kFailed;
      break;
    default:
      break;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("result: want STEPS, WALL_TIME or EARLY_STOPPING without a "
                   "failure_reason, or FAILURE with one, got ",
                   v1::EndedBy_Name(result.ended_by()), " with ",
                   v1::FailureReason_Name(result.failure_reason())));
}

}  // namespace

absl::StatusOr<storage::AddReport> ReportChange(const v1::RunReport& report,
                                                absl::Time now) {
  storage::AddReport change;
  change.run = {report.run_id()};
  change.attempt = {report.attempt()};
  change.samples = FromMessage(report.samples(), report.attempt());
  if (report.has_checkpoint()) {
    change.checkpoint = FromMessage(report.checkpoint());
  }
  for (const v1::AbsentMetric& absent : report.absent_metrics()) {
    change.absent_metrics.push_back({absent.metric(), absent.reason()});
  }
  if (report.has_artifact()) {
    const size_t size = report.artifact().content().size();
    if (size > size_t{kArtifactPieceBytes}) {
      return absl::InvalidArgumentError(
          absl::StrCat("artifact.content: want at most ", kArtifactPieceBytes,
                       " bytes, got ", size));
    }
    change.artifact = FromMessage(report.artifact());
  }
  if (report.has_result()) {
    STEELYARD_ASSIGN_OR_RETURN(change.end_state, EndState(report.result()));
    change.result = FromMessage(report.result());
  }
  change.time = now;
  return change;
}

ReportFacts FactsOf(const storage::AddReport& change) {
  const storage::Samples& samples = change.samples;
  ReportFacts facts{.has_samples = samples.size() > 0,
                    .is_visible = samples.size() > 0 ||
                                  !change.absent_metrics.empty() ||
                                  change.result.has_value()};
  if (facts.has_samples) {
    facts.next_ordinal = samples.next_ordinal();
    facts.steps = samples.step.back();
    if (!samples.wall_s.empty()) facts.training_s = samples.wall_s.back();
  }
  if (change.checkpoint) {
    facts.checkpoint_step = change.checkpoint->step;
    facts.checkpoint_numerics_id = change.checkpoint->numerics_id;
    facts.steps = std::max(facts.steps, change.checkpoint->step);
    facts.training_s =
        std::max(facts.training_s, change.checkpoint->training_s);
  }
  if (change.result) facts.end_state = change.end_state;
  return facts;
}

absl::StatusOr<storage::FinishInspection> InspectionChange(
    const v1::InspectionReport& report, absl::Time now) {
  absl::string_view hex = report.dataset();
  if (!absl::ConsumePrefix(&hex, "datasets/") ||
      !storage::IsSha256({std::string(hex)})) {
    return absl::InvalidArgumentError(
        absl::StrCat("dataset: want datasets/HEX, got ", report.dataset()));
  }
  if (report.has_summary() != report.rejection().empty()) {
    return absl::InvalidArgumentError(
        "inspected: want a summary or a rejection, got both or neither");
  }
  return storage::FinishInspection{
      .sha256 = {std::string(hex)},
      .summary = report.summary().SerializeAsString(),
      .rejection = report.rejection(),
      .time = now};
}

}  // namespace steelyard::server
