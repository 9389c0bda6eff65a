#ifndef STEELYARD_TESTS_SERVER_TEST_SERVER_H_
#define STEELYARD_TESTS_SERVER_TEST_SERVER_H_

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "server/engine_thread.h"
#include "tests/storage/test_store.h"

// An engine on its threads, on a store of its own.
namespace steelyard::server {

class TestServer {
 public:
  // `vfs`: of the writer's disk.  `fatal`: see EngineParts.
  explicit TestServer(const std::string& vfs = "",
                      std::function<void(const absl::Status&)> fatal = nullptr)
      : vfs_(vfs), fatal_(std::move(fatal)) {
    Start();
  }
  ~TestServer() { Stop(); }

  void Start() {
    EngineParts parts;
    parts.writer = storage::Writer::Open(folder_.path(), vfs_).value();
    parts.reader = storage::Reader::Open(folder_.path()).value();
    files_ = std::make_unique<storage::FileStore>(
        storage::FileStore::Open(folder_.path()).value());
    parts.files = files_.get();
    parts.hub = &hub_;
    parts.executor = &executor_;
    parts.fatal = fatal_;
    engine_ = StartEngineThread(std::move(parts)).value();
  }
  void Stop() { engine_.reset(); }

  EngineThread& engine() { return *engine_; }
  WatchHub& hub() { return hub_; }
  const std::string& folder() const { return folder_.path(); }
  std::unique_ptr<storage::Reader> OpenReader() {
    return storage::Reader::Open(folder_.path()).value();
  }

 private:
  storage::TempFolder folder_;
  const std::string vfs_;
  const std::function<void(const absl::Status&)> fatal_;
  NoExecutor executor_;
  WatchHub hub_;
  std::unique_ptr<storage::FileStore> files_;
  std::unique_ptr<EngineThread> engine_;
};

// Waits for a reply.
template <typename T>
class Answer {
 public:
  Reply<T> reply() {
    return [promise = promise_](absl::StatusOr<T> answer) {
      promise->set_value(std::move(answer));
    };
  }
  absl::StatusOr<T> Get() { return promise_->get_future().get(); }

 private:
  std::shared_ptr<std::promise<absl::StatusOr<T>>> promise_ =
      std::make_shared<std::promise<absl::StatusOr<T>>>();
};

// A run whose stored spec is an empty message.
inline storage::AddRun NewRun() {
  storage::AddRun run = storage::NewRun(0);
  run.spec.clear();
  run.submitted_spec.clear();
  return run;
}

inline absl::StatusOr<storage::RunId> Submit(EngineThread& engine,
                                             storage::AddRun run = NewRun()) {
  Answer<storage::RunId> answer;
  engine.SubmitRun(std::move(run), answer.reply());
  return answer.Get();
}

// The report that ends a lease: one sample, and the result.
inline v1::SessionRequest ResultOf(const v1::TrainLease& lease) {
  v1::SessionRequest message;
  v1::RunReport& report = *message.mutable_report();
  report.set_run_id(lease.run_id());
  report.set_attempt(lease.attempt());
  report.set_report_number(1);
  v1::SampleBatch& samples = *report.mutable_samples();
  samples.add_metrics("train/loss");
  samples.add_step(7);
  samples.add_log10_step(0.845);
  samples.add_wall_s(0.5);
  samples.add_value_count(1);
  samples.add_metric_index(0);
  samples.add_value(0.25);
  report.mutable_result()->set_ended_by(v1::ENDED_BY_STEPS);
  report.mutable_result()->set_steps(7);
  return message;
}

}  // namespace steelyard::server

#endif  // STEELYARD_TESTS_SERVER_TEST_SERVER_H_
