#ifndef STEELYARD_TESTS_SERVER_WORKER_SCRIPTED_SERVER_H_
#define STEELYARD_TESTS_SERVER_WORKER_SCRIPTED_SERVER_H_

#include <bit>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/worker/session_queue.h"
#include "steelyard/v1/worker_service.pb.h"

// The server's side of a worker's session, without gRPC.
namespace steelyard::worker {

inline v1::SessionResponse Ack(const v1::RunReport& report,
                               bool fenced = false) {
  v1::SessionResponse response;
  response.mutable_ack()->set_run_id(report.run_id());
  response.mutable_ack()->set_attempt(report.attempt());
  response.mutable_ack()->set_report_number(report.report_number());
  response.mutable_ack()->set_fenced(fenced);
  return response;
}

inline v1::SessionResponse Stop(const v1::TrainLease& lease, bool checkpoint) {
  v1::SessionResponse response;
  response.mutable_stop()->set_run_id(lease.run_id());
  response.mutable_stop()->set_attempt(lease.attempt());
  response.mutable_stop()->set_checkpoint(checkpoint);
  return response;
}

// Takes what the worker sends, on a thread of its own, and answers by a script.
// Without one it acknowledges every report.
class ScriptedServer {
 public:
  // Runs on the server's thread.
  using Script = std::function<void(const v1::SessionRequest&)>;

  explicit ScriptedServer(SessionQueue& queue, Script script = nullptr)
      : queue_(queue), script_(std::move(script)), thread_([this] { Run(); }) {}
  ~ScriptedServer() {
    if (thread_.joinable()) End();
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  // Takes what is on its way, and returns all that the worker has sent.
  const std::vector<v1::SessionRequest>& End() {
    queue_.Finish();
    thread_.join();
    return received_;
  }

 private:
  void Run() {
    while (auto message = queue_.Next()) {
      received_.push_back(*message);
      if (script_ != nullptr) {
        script_(*message);
      } else if (message->has_report()) {
        queue_.Deliver(Ack(message->report()));
      }
    }
  }

  SessionQueue& queue_;
  const Script script_;
  std::vector<v1::SessionRequest> received_;
  std::thread thread_;  // last: starts when all else is ready
};

inline std::vector<v1::RunReport> ReportsOf(
    const std::vector<v1::SessionRequest>& messages) {
  std::vector<v1::RunReport> reports;
  for (const v1::SessionRequest& message : messages) {
    if (message.has_report()) reports.push_back(message.report());
  }
  return reports;
}

// One sample as the store compares it: the step, and each metric's bits.
struct Sample {
  int64_t step = 0;
  std::map<std::string, uint64_t> values;
  bool operator==(const Sample&) const = default;
};

// The samples of some reports, by ordinal; of a repeated one the first counts.
inline std::map<int64_t, Sample> SamplesOf(
    const std::vector<v1::RunReport>& reports) {
  std::map<int64_t, Sample> samples;
  for (const v1::RunReport& report : reports) {
    const v1::SampleBatch& batch = report.samples();
    int next = 0;
    for (int k = 0; k < batch.step_size(); ++k) {
      Sample sample{.step = batch.step(k), .values = {}};
      for (uint32_t i = 0; i < batch.value_count(k); ++i, ++next) {
        const auto metric = static_cast<int>(batch.metric_index(next));
        sample.values[batch.metrics(metric)] =
            std::bit_cast<uint64_t>(batch.value(next));
      }
      samples.emplace(batch.first_ordinal() + k, std::move(sample));
    }
  }
  return samples;
}

}  // namespace steelyard::worker

#endif  // STEELYARD_TESTS_SERVER_WORKER_SCRIPTED_SERVER_H_
