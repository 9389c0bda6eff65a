#include "tests/server/lab.h"

#include <cmath>

#include "absl/strings/str_cat.h"

namespace steelyard::server {

Lab::Lab(Options options) : options_(options) { Open(); }

Lab::~Lab() { engine_.reset(); }

void Lab::Open() {
  writer_ = storage::Writer::Open(folder_.path()).value();
  reader_ =
      storage::Reader::Open(folder_.path(), absl::InfiniteDuration()).value();
  files_ = storage::FileStore::Open(folder_.path()).value();
  auto launcher = std::make_unique<FakeLauncher>();
  launcher_ = launcher.get();
  LocalExecutorOptions local;
  local.program = "/bin/true";
  local.log_folder = folder_.path() + "/workers";
  local.clock = [this] { return now_; };
  local_executor_ = LocalExecutor::Create(local, std::move(launcher)).value();
  local_executor_->Start();
  Executor* executor = &no_executor_;
  if (options_.local_executor) executor = local_executor_.get();
  engine_ = std::make_unique<Engine>(Engine::Parts{.effects = this,
                                                   .reader = reader_.get(),
                                                   .files = &*files_,
                                                   .executor = executor},
                                     options_.engine);
  ASSERT_TRUE(engine_->Start(now_).ok());
}

void Lab::Restart() {
  unwritten_.clear();
  engine_.reset();
  local_executor_.reset();
  inbox_.clear();
  reader_.reset();
  writer_.reset();
  Open();
}

size_t Lab::WriteOnce() {
  std::deque<std::pair<storage::Change, Outcome>> group;
  group.swap(unwritten_);
  std::vector<storage::Change> changes;
  changes.reserve(group.size());
  for (auto& [change, outcome] : group) changes.push_back(std::move(change));
  std::vector<absl::Status> statuses;
  if (disk_error) {
    statuses.assign(changes.size(), *disk_error);
  } else if (!changes.empty()) {
    statuses = writer_->Apply(changes);
  }
  engine_->AdvanceTo(now_);
  for (size_t i = 0; i < group.size(); ++i) group[i].second(statuses[i]);
  return group.size();
}

void Lab::Settle() {
  while (WriteOnce() > 0) {
  }
}

void Lab::Pass(absl::Duration duration) {
  const absl::Time end = now_ + duration;
  while (now_ < end) {
    now_ = std::min(now_ + absl::Seconds(1), end);
    engine_->AdvanceTo(now_);
    Settle();
  }
}

void Lab::Jump(absl::Duration duration) {
  now_ += duration;
  engine_->AdvanceTo(now_);
  Settle();
}

storage::AddRun Lab::NewRun() {
  storage::AddRun run = storage::NewRun(0);
  run.spec.clear();
  run.submitted_spec.clear();
  return run;
}

Said<storage::RunId> Lab::Submit(storage::AddRun run) {
  Said<storage::RunId> said;
  engine_->SubmitRun(std::move(run), said.reply());
  return said;
}

storage::RunId Lab::Add(storage::AddRun run) {
  const Said<storage::RunId> said = Submit(std::move(run));
  Settle();
  return said.get().value();
}

Said<storage::RunId> Lab::Cancel(storage::RunId run, const std::string& user,
                                 bool may_cancel_all) {
  Said<storage::RunId> said;
  engine_->CancelRun(
      {.run = run, .user = user, .may_cancel_all = may_cancel_all},
      said.reply());
  return said;
}

storage::Sha256 Lab::AddDataset(const std::string& bytes) {
  Said<storage::Sha256> said;
  storage::AddDataset dataset;
  dataset.sha256 = files_->Put(bytes).value();
  dataset.size_bytes = static_cast<int64_t>(bytes.size());
  dataset.form = v1::DATASET_FORM_CSV;
  dataset.owner = "ann";
  engine_->AddDataset(std::move(dataset), said.reply());
  Settle();
  return said.get().value();
}

Said<bool> Lab::Drain(absl::Duration limit) {
  Said<bool> said;
  engine_->Drain(limit, said.reply());
  return said;
}

SessionId Lab::Connect(const std::string& worker,
                       const std::string& numerics_id, bool inspect_only) {
  v1::WorkerHello hello;
  hello.set_worker(worker);
  hello.set_host("node");
  hello.set_pid(1);
  hello.set_level("x86-64");
  hello.set_numerics_id(numerics_id);
  hello.set_inspect_only(inspect_only);
  const SessionId session = ++last_session_;
  engine_->Connect(session, std::move(hello));
  if (!ends_.contains(session)) {
    EXPECT_TRUE(Next(session).has_welcome());
  }
  return session;
}

void Lab::Disconnect(SessionId session) { engine_->Disconnect(session); }

void Lab::Say(SessionId session, v1::SessionRequest message) {
  engine_->Receive(session, std::move(message));
}

v1::SessionResponse Lab::Next(SessionId session) {
  std::deque<v1::SessionResponse>& inbox = inbox_[session];
  EXPECT_FALSE(inbox.empty()) << "session " << session << " got nothing";
  if (inbox.empty()) return {};
  v1::SessionResponse message = std::move(inbox.front());
  inbox.pop_front();
  return message;
}

v1::TrainLease Lab::NextLease(SessionId session) {
  const v1::SessionResponse message = Next(session);
  EXPECT_TRUE(message.has_train()) << message.DebugString();
  return message.train();
}

std::optional<absl::Status> Lab::EndOf(SessionId session) {
  const auto found = ends_.find(session);
  if (found == ends_.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string> Lab::WaitingFor(storage::RunId run) {
  std::vector<std::string> messages;
  for (const v1::WaitingReason& reason : engine_->GetLiveRun(run).waiting) {
    messages.push_back(reason.message());
  }
  return messages;
}

Telling::Telling(const v1::TrainLease& lease, int64_t report_number) {
  report().set_run_id(lease.run_id());
  report().set_attempt(lease.attempt());
  report().set_report_number(report_number);
}

Telling& Telling::Samples(int64_t first_ordinal, int64_t count) {
  v1::SampleBatch& samples = *report().mutable_samples();
  samples.set_first_ordinal(first_ordinal);
  samples.add_metrics("train/loss");
  for (int64_t i = first_ordinal; i < first_ordinal + count; ++i) {
    const auto step = static_cast<double>(i);
    samples.add_step(i);
    samples.add_log10_step(i == 0 ? std::nan("") : std::log10(step));
    samples.add_wall_s(0.1 * step);
    samples.add_value_count(1);
    samples.add_metric_index(0);
    samples.add_value(static_cast<double>(report().run_id()) + 1 / (1 + step));
  }
  return *this;
}

Telling& Telling::Checkpoint(int64_t step, int64_t next_ordinal) {
  v1::Checkpoint& checkpoint = *report().mutable_checkpoint();
  checkpoint.set_numerics_id("1-test");
  checkpoint.set_step(step);
  checkpoint.set_next_ordinal(next_ordinal);
  checkpoint.set_training_s(0.1 * static_cast<double>(step));
  checkpoint.set_state(absl::StrCat("state at ", step));
  return *this;
}

Telling& Telling::Succeeded() {
  report().mutable_result()->set_ended_by(v1::ENDED_BY_STEPS);
  return *this;
}

Telling& Telling::Failed(v1::FailureReason reason, const std::string& message) {
  report().mutable_result()->set_ended_by(v1::ENDED_BY_FAILURE);
  report().mutable_result()->set_failure_reason(reason);
  report().mutable_result()->set_message(message);
  return *this;
}

v1::SessionRequest Heartbeat(const v1::TrainLease& lease, int64_t step) {
  v1::SessionRequest message;
  v1::WorkerHeartbeat& heartbeat = *message.mutable_heartbeat();
  heartbeat.set_run_id(lease.run_id());
  heartbeat.set_attempt(lease.attempt());
  heartbeat.mutable_progress()->set_step(step);
  return message;
}

v1::SessionRequest Stopped(const v1::StopRun& stop) {
  v1::SessionRequest message;
  message.mutable_stopped()->set_run_id(stop.run_id());
  message.mutable_stopped()->set_attempt(stop.attempt());
  return message;
}

v1::SessionRequest Inspected(const storage::Sha256& dataset,
                             const std::string& rejection) {
  v1::SessionRequest message;
  v1::InspectionReport& report = *message.mutable_inspected();
  report.set_dataset(absl::StrCat("datasets/", dataset.hex));
  if (rejection.empty()) {
    report.mutable_summary()->add_shape(2);
  } else {
    report.set_rejection(rejection);
  }
  return message;
}

}  // namespace steelyard::server
