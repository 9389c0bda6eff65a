#include "server/writer_thread.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "server/failure.h"
#include "server/log.h"

namespace steelyard::server {
namespace {

// Of what a change holds besides its long parts.
constexpr int64_t kSmallBytes = 512;

int64_t LongBytes(const storage::AddRun& run) {
  return static_cast<int64_t>(run.submitted_spec.size() + run.spec.size());
}

int64_t LongBytes(const storage::AddReport& report) {
  const storage::Samples& samples = report.samples;
  size_t size = samples.step.size() * 40 + samples.value.size() * 12 +
                samples.metrics.size() * 64;
  if (report.checkpoint) size += report.checkpoint->state.size();
  if (report.artifact) size += report.artifact->bytes.size();
  return static_cast<int64_t>(size);
}

int64_t LongBytes(const storage::FinishInspection& inspection) {
  return static_cast<int64_t>(inspection.summary.size());
}

template <typename T>
int64_t LongBytes(const T&) {
  return 0;
}

}  // namespace

int64_t SizeBytes(const storage::Change& change) {
  return kSmallBytes +
         std::visit([](const auto& it) { return LongBytes(it); }, change);
}

WriterThread::WriterThread(std::unique_ptr<storage::Writer> writer,
                           std::function<void(std::vector<Committed>)> deliver,
                           std::function<void(const absl::Status&)> fatal)
    : writer_(std::move(writer)),
      deliver_(std::move(deliver)),
      fatal_(std::move(fatal)),
      thread_([this] { Run(); }) {}

WriterThread::~WriterThread() {
  {
    const MutexLock lock(mu_);
    ending_ = true;
  }
  added_.NotifyOne();
  thread_.join();
}

void WriterThread::Add(storage::Change change, Effects::Outcome outcome) {
  const int64_t size_bytes = SizeBytes(change);
  {
    const MutexLock lock(mu_);
    queue_.push_back({std::move(change), std::move(outcome), size_bytes});
  }
  added_.NotifyOne();
}

std::vector<WriterThread::Waiting> WriterThread::TakeGroup() {
  std::vector<Waiting> group;
  const MutexLock lock(mu_);
  while (queue_.empty() && !ending_) added_.Wait(mu_);
  int64_t bytes = 0;
  while (!queue_.empty() &&
         static_cast<int64_t>(group.size()) < kChangesLimit) {
    bytes += queue_.front().size_bytes;
    if (bytes > kBytesLimit && !group.empty()) break;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return group;
}

std::vector<absl::Status> WriterThread::Apply(std::vector<Waiting>& group) {
  std::vector<storage::Change> changes;
  changes.reserve(group.size());
  for (Waiting& waiting : group) changes.push_back(std::move(waiting.change));
  std::vector<absl::Status> statuses = writer_->Apply(changes);
  // The disk's errors, once for as long as they last.
  const auto failed = std::find_if(statuses.begin(), statuses.end(),
                                   [](const absl::Status& status) {
                                     return !status.ok() && !IsRefusal(status);
                                   });
  if (failed != statuses.end() && !disk_fails_) {
    Log(Severity::kError, "store_takes_no_change",
        {{"why", failed->message()}});
  }
  disk_fails_ = failed != statuses.end();
  return statuses;
}

void WriterThread::Run() {
  while (true) {
    std::vector<Waiting> group = TakeGroup();
    if (group.empty()) return;
    std::vector<absl::Status> statuses = Apply(group);
    const auto lost = std::find_if(
        statuses.begin(), statuses.end(),
        [](const absl::Status& status) { return absl::IsDataLoss(status); });
    if (lost != statuses.end()) return fatal_(*lost);
    std::vector<Committed> committed;
    committed.reserve(group.size());
    for (size_t i = 0; i < group.size(); ++i) {
      committed.push_back(
          {std::move(group[i].outcome), std::move(statuses[i])});
    }
    deliver_(std::move(committed));
  }
}

}  // namespace steelyard::server
