#ifndef STEELYARD_SERVER_WORKER_REPORTER_H_
#define STEELYARD_SERVER_WORKER_REPORTER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/worker/session_queue.h"
#include "steelyard/v1/worker_service.pb.h"
#include "training/trainer.h"

namespace steelyard::worker {

// How a lease is worked on; the defaults are those of the product.
struct LeaseOptions {
  // Of training, between looks at the session.
  absl::Duration slice = absl::Milliseconds(20);
  // Samples wait at most so long to be sent.
  absl::Duration report_interval = absl::Milliseconds(100);
  // Of training time between checkpoints.
  absl::Duration checkpoint_interval = absl::Seconds(2);
  // Values in a report, unless one sample has more.
  int64_t values_per_report = 5000;
  // Reports sent and not acknowledged: past either, training waits.
  int64_t unacknowledged_bytes = 8 << 20;
  int64_t unacknowledged_reports = 32;
  // A larger state is not sent, since a message holds 20 MiB: the run then
  // starts from the beginning after a loss.
  int64_t checkpoint_bytes = 16 << 20;
  // The clock that training time is measured by.
  std::function<absl::Duration()> now = MonotonicNow;
};

// Gathers what an attempt gives into numbered reports, sends them, and keeps
// count of those that are not acknowledged.
class Reporter {
 public:
  // `queue` and `options` outlive the reporter.
  Reporter(int64_t run_id, int64_t attempt, const LeaseOptions& options,
           SessionQueue& queue);

  // The names that MetricValue::metric counts.  They outlive the reporter's
  // use.
  void SetMetrics(std::span<const std::string> metrics);
  // Goes with the next report.
  void SetAbsent(std::span<const training::Absence> absent);
  // Adds a sample to the next report.
  void Add(const training::Evaluation& evaluation, double wall_s);

  bool has_samples() const { return batch_.step_size() > 0; }
  // Whether samples are to be sent now.
  bool Due() const;
  // Sends what is gathered; with a checkpoint or a result when it is not null.
  // Returns the report's number.
  int64_t Send(const v1::Checkpoint* checkpoint, const v1::RunResult* result);

  // Sends a piece of an artifact; what is gathered waits for another report.
  void SendPiece(v1::ArtifactPiece piece);

  // Takes note of an acknowledgement of this attempt.
  void Acknowledge(int64_t report_number);
  int64_t acknowledged() const { return acknowledged_; }
  // Whether training may go on before the next acknowledgement.
  bool HasRoom() const;

 private:
  uint32_t MetricIndex(uint32_t metric);
  // Numbers the report and sends it.
  void SendReport(v1::RunReport report);

  struct Sent {
    int64_t number;
    int64_t bytes;
  };

  const int64_t run_id_;
  const int64_t attempt_;
  const LeaseOptions& options_;
  SessionQueue& queue_;
  std::span<const std::string> metrics_;
  std::span<const training::Absence> absent_;
  v1::SampleBatch batch_;
  std::vector<int64_t> index_;  // of each metric in batch_.metrics; -1: not in
  absl::Duration batch_begin_;  // when its first sample was added
  std::deque<Sent> unacknowledged_;
  int64_t unacknowledged_bytes_ = 0;
  int64_t last_number_ = 0;
  int64_t acknowledged_ = 0;
};

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_REPORTER_H_
