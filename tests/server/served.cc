#include "tests/server/served.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <future>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "google/rpc/status.pb.h"
#include "server/auth_tables.h"

namespace steelyard::server {

void Served::Start() {
  auto writer = storage::Writer::Open(folder_.path(), vfs_);
  ASSERT_TRUE(writer.ok()) << writer.status();
  files_ = std::make_unique<storage::FileStore>(
      storage::FileStore::Open(folder_.path()).value());
  hub_ = std::make_unique<WatchHub>();
  EngineParts parts;
  parts.writer = *std::move(writer);
  parts.reader = OpenReader();
  parts.files = files_.get();
  parts.hub = hub_.get();
  parts.executor = &executor_;
  auto engine = StartEngineThread(std::move(parts));
  ASSERT_TRUE(engine.ok()) << engine.status();
  engine_ = *std::move(engine);
  options_.data_dir = folder_.path();
  if (options_.addresses.empty()) {
    options_.addresses = {absl::StrCat("unix:", socket_path())};
  }
  auto api =
      ApiServer::Start(options_, engine_.get(), hub_.get(), files_.get());
  ASSERT_TRUE(api.ok()) << api.status();
  api_ = *std::move(api);
}

void Served::Stop() {
  if (api_ != nullptr) api_->Shutdown(absl::Seconds(10));
  // The engine answers what it accepted, the pools of the server run it.
  engine_.reset();
  api_.reset();
}

std::shared_ptr<grpc::Channel> Served::Connect() const {
  grpc::ChannelArguments arguments;
  // Otherwise channels of one process to one address share a connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(absl::StrCat("unix:", socket_path()),
                                   grpc::InsecureChannelCredentials(),
                                   arguments);
}

std::string Served::tcp_address() const {
  for (const std::string& address : api_->addresses()) {
    if (!absl::StartsWith(address, "unix:")) return address;
  }
  return "";
}

std::unique_ptr<storage::Reader> Served::OpenReader() const {
  return storage::Reader::Open(folder_.path()).value();
}

storage::Sha256 Served::AddDataset(const std::string& bytes,
                                   const std::string& owner,
                                   const std::string& label, bool shared) {
  storage::Sha256 sha256 = files_->Put(bytes).value();
  std::promise<absl::Status> added;
  engine_->AddDataset({.sha256 = sha256,
                       .size_bytes = static_cast<int64_t>(bytes.size()),
                       .form = v1::DATASET_FORM_CSV,
                       .owner = owner,
                       .label = label,
                       .shared = shared,
                       .time = absl::Now()},
                      [&](const absl::StatusOr<storage::Sha256>& answer) {
                        added.set_value(answer.status());
                      });
  const absl::Status status = added.get_future().get();
  EXPECT_TRUE(status.ok()) << status;
  return sha256;
}

ScriptedWorker::ScriptedWorker(EngineThread* engine, const std::string& name)
    : engine_(*engine) {
  v1::WorkerHello hello;
  hello.set_worker(name);
  hello.set_host("node");
  hello.set_pid(getpid());
  hello.set_level("x86-64");
  hello.set_numerics_id("1-x86-64-double");
  session_ = engine_.Connect(
      std::move(hello),
      [this](v1::SessionResponse response) {
        const MutexLock lock(mu_);
        received_.push_back(std::move(response));
        changed_.NotifyAll();
      },
      [](const absl::Status&) {});
  WaitFor(v1::SessionResponse::kWelcome);
}

ScriptedWorker::~ScriptedWorker() {
  engine_.Disconnect(session_);
  // `send` may still be called shortly after Disconnect; not after an answer
  // that the engine gives later.
  std::promise<void> answered;
  engine_.GetStatus(
      [&](const absl::StatusOr<EngineStatus>&) { answered.set_value(); });
  answered.get_future().wait();
}

v1::SessionResponse ScriptedWorker::WaitFor(
    v1::SessionResponse::EventCase kind) {
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  const MutexLock lock(mu_);
  while (true) {
    const auto found = std::find_if(received_.begin(), received_.end(),
                                    [kind](const v1::SessionResponse& it) {
                                      return it.event_case() == kind;
                                    });
    if (found != received_.end()) {
      v1::SessionResponse result = std::move(*found);
      received_.erase(found);
      return result;
    }
    if (absl::Now() > deadline) {
      ADD_FAILURE() << "the engine sent no message of kind " << kind;
      return {};
    }
    changed_.WaitFor(mu_, deadline - absl::Now());
  }
}

v1::TrainLease ScriptedWorker::WaitForTraining() {
  return WaitFor(v1::SessionResponse::kTrain).train();
}

v1::InspectLease ScriptedWorker::WaitForInspection() {
  return WaitFor(v1::SessionResponse::kInspect).inspect();
}

void ScriptedWorker::SendReport(const v1::TrainLease& lease,
                                v1::RunReport report) {
  report.set_run_id(lease.run_id());
  report.set_attempt(lease.attempt());
  report.set_report_number(++report_number_);
  for (int64_t& attempt : *report.mutable_samples()->mutable_attempt()) {
    attempt = lease.attempt();
  }
  v1::SessionRequest message;
  *message.mutable_report() = std::move(report);
  engine_.Receive(session_, std::move(message));
  EXPECT_FALSE(WaitFor(v1::SessionResponse::kAck).ack().fenced());
}

void ScriptedWorker::Report(const v1::TrainLease& lease,
                            v1::SampleBatch samples) {
  v1::RunReport report;
  *report.mutable_samples() = std::move(samples);
  SendReport(lease, std::move(report));
}

void ScriptedWorker::Give(const v1::TrainLease& lease, const std::string& name,
                          const std::string& bytes, size_t piece_bytes) {
  for (size_t offset = 0; offset < bytes.size(); offset += piece_bytes) {
    v1::RunReport report;
    v1::ArtifactPiece& piece = *report.mutable_artifact();
    piece.set_name(name);
    piece.set_media_type("text/plain");
    piece.set_sha256(storage::HashOf(bytes).hex);
    piece.set_size_bytes(static_cast<int64_t>(bytes.size()));
    piece.set_offset(static_cast<int64_t>(offset));
    piece.set_content(bytes.substr(offset, piece_bytes));
    SendReport(lease, std::move(report));
  }
}

void ScriptedWorker::Finish(const v1::TrainLease& lease,
                            v1::SampleBatch samples) {
  v1::RunReport report;
  *report.mutable_samples() = std::move(samples);
  report.mutable_result()->set_ended_by(v1::ENDED_BY_STEPS);
  report.mutable_result()->set_steps(10);
  SendReport(lease, std::move(report));
}

void ScriptedWorker::Progress(const v1::TrainLease& lease, int64_t step) {
  v1::SessionRequest message;
  v1::WorkerHeartbeat* heartbeat = message.mutable_heartbeat();
  heartbeat->set_run_id(lease.run_id());
  heartbeat->set_attempt(lease.attempt());
  heartbeat->mutable_progress()->set_step(step);
  engine_.Receive(session_, std::move(message));
}

void ScriptedWorker::Inspected(const v1::InspectLease& lease) {
  v1::InspectionReport report;
  report.set_dataset(absl::StrCat(
      "datasets/", absl::StripPrefix(lease.file().dataset(), "sha256/")));
  report.mutable_summary()->add_shape(2);
  report.mutable_summary()->add_shape(2);
  Inspected(std::move(report));
}

void ScriptedWorker::Inspected(v1::InspectionReport report) {
  v1::SessionRequest message;
  *message.mutable_inspected() = std::move(report);
  engine_.Receive(session_, std::move(message));
}

v1::SampleBatch SampleRange(int64_t first, int64_t count) {
  v1::SampleBatch batch;
  batch.set_first_ordinal(first);
  batch.add_metrics("train/loss");
  for (int64_t i = first; i < first + count; ++i) {
    batch.add_step(i);
    batch.add_log10_step(std::log10(static_cast<double>(i)));
    if (i == 0) batch.set_log10_step(0, std::nan(""));
    batch.add_wall_s(static_cast<double>(i) / 100);
    batch.add_attempt(1);
    batch.add_value_count(1);
    batch.add_metric_index(0);
    batch.add_value(static_cast<double>(i));
  }
  return batch;
}

v1::RunSpec SmallSpec() {
  v1::RunSpec spec;
  v1::InlineData* data = spec.mutable_data()->mutable_inline_();
  data->add_features()->add_values(1);
  data->add_labels(1);
  data->add_features()->add_values(-1);
  data->add_labels(-1);
  spec.mutable_optimizer()->mutable_gradient_descent()->set_learning_rate(0.1);
  spec.mutable_stop()->set_steps(10);
  return spec;
}

google::rpc::BadRequest Violations(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.code(), status.error_code());
  google::rpc::BadRequest violations;
  if (details.details_size() > 0) {
    EXPECT_TRUE(details.details(0).UnpackTo(&violations));
  }
  return violations;
}

std::vector<std::string> ViolatedFields(const grpc::Status& status) {
  std::vector<std::string> fields;
  const google::rpc::BadRequest violations = Violations(status);
  for (const auto& violation : violations.field_violations()) {
    fields.push_back(violation.field());
  }
  return fields;
}

}  // namespace steelyard::server
