#include "server/worker/reporter.h"

#include <utility>

namespace steelyard::worker {

Reporter::Reporter(int64_t run_id, int64_t attempt, const LeaseOptions& options,
                   SessionQueue& queue)
    : run_id_(run_id), attempt_(attempt), options_(options), queue_(queue) {}

void Reporter::SetMetrics(std::span<const std::string> metrics) {
  metrics_ = metrics;
  index_.assign(metrics.size(), -1);
}

void Reporter::SetAbsent(std::span<const training::Absence> absent) {
  absent_ = absent;
}

uint32_t Reporter::MetricIndex(uint32_t metric) {
  int64_t& index = index_[metric];
  if (index < 0) {
    index = batch_.metrics_size();
    batch_.add_metrics(metrics_[metric]);
  }
  return static_cast<uint32_t>(index);
}

void Reporter::Add(const training::Evaluation& evaluation, double wall_s) {
  if (!has_samples()) {
    batch_.set_first_ordinal(evaluation.ordinal);
    batch_begin_ = options_.now();
  }
  // Of a far place the logarithm alone is told.
  const bool far = evaluation.step == training::Trainer::kFarStep;
  batch_.add_step(far ? -1 : evaluation.step);
  batch_.add_log10_step(evaluation.log10_step);
  batch_.add_wall_s(wall_s);
  batch_.add_attempt(attempt_);
  batch_.add_value_count(static_cast<uint32_t>(evaluation.values.size()));
  for (const training::MetricValue& value : evaluation.values) {
    batch_.add_metric_index(MetricIndex(value.metric));
    batch_.add_value(value.value);
  }
}

bool Reporter::Due() const {
  if (!has_samples()) return false;
  // The first samples show that the run is under way: they do not wait.
  return last_number_ == 0 ||
         batch_.value_size() >= options_.values_per_report ||
         options_.now() - batch_begin_ >= options_.report_interval;
}

int64_t Reporter::Send(const v1::Checkpoint* checkpoint,
                       const v1::RunResult* result) {
  v1::RunReport report;
  if (has_samples()) {
    *report.mutable_samples() = std::exchange(batch_, v1::SampleBatch());
    index_.assign(metrics_.size(), -1);
  }
  if (checkpoint != nullptr) *report.mutable_checkpoint() = *checkpoint;
  if (result != nullptr) *report.mutable_result() = *result;
  SendReport(std::move(report));
  return last_number_;
}

void Reporter::SendPiece(v1::ArtifactPiece piece) {
  v1::RunReport report;
  *report.mutable_artifact() = std::move(piece);
  SendReport(std::move(report));
}

void Reporter::SendReport(v1::RunReport report) {
  report.set_run_id(run_id_);
  report.set_attempt(attempt_);
  report.set_report_number(++last_number_);
  for (const training::Absence& absence : absent_) {
    v1::AbsentMetric& absent = *report.add_absent_metrics();
    absent.set_metric(absence.metric);
    absent.set_reason(absence.reason);
  }
  absent_ = {};
  const auto bytes = static_cast<int64_t>(report.ByteSizeLong());
  unacknowledged_.push_back({last_number_, bytes});
  unacknowledged_bytes_ += bytes;
  v1::SessionRequest message;
  *message.mutable_report() = std::move(report);
  queue_.Send(std::move(message));
}

void Reporter::Acknowledge(int64_t report_number) {
  while (!unacknowledged_.empty() &&
         unacknowledged_.front().number <= report_number) {
    acknowledged_ = unacknowledged_.front().number;
    unacknowledged_bytes_ -= unacknowledged_.front().bytes;
    unacknowledged_.pop_front();
  }
}

bool Reporter::HasRoom() const {
  return unacknowledged_.empty() ||
         (unacknowledged_bytes_ < options_.unacknowledged_bytes &&
          std::ssize(unacknowledged_) < options_.unacknowledged_reports);
}

}  // namespace steelyard::worker
