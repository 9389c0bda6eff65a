#ifndef STEELYARD_TESTS_SERVER_SERVED_H_
#define STEELYARD_TESTS_SERVER_SERVED_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "google/rpc/error_details.pb.h"
#include "server/api_server.h"
#include "server/engine_thread.h"
#include "server/limits.h"
#include "server/watch_hub.h"
#include "steelyard/v1/worker_service.pb.h"
#include "support/mutex.h"
#include "tests/storage/test_store.h"

// A whole server in the test's process: real store, engine, hub and gRPC, on a
// real socket; and a worker that does what the test says.
namespace steelyard::server {

class Served {
 public:
  Served() { options_.limits = DefaultLimits(); }
  ~Served() { Stop(); }

  // Changed before Start.
  ApiServer::Options& options() { return options_; }
  void set_vfs(const std::string& vfs) { vfs_ = vfs; }  // of the writer's disk

  void Start();
  // As a drained server ends; Start may follow.
  void Stop();

  // A new connection by the unix socket.
  std::shared_ptr<grpc::Channel> Connect() const;
  // The address of the first listener that is no socket.
  std::string tcp_address() const;
  std::string socket_path() const { return folder_.path() + "/s"; }

  ApiServer& api() { return *api_; }
  EngineThread& engine() { return *engine_; }
  WatchHub& hub() { return *hub_; }
  const storage::FileStore& files() const { return *files_; }
  std::unique_ptr<storage::Reader> OpenReader() const;
  const std::string& folder() const { return folder_.path(); }

  // Puts a dataset of `owner` into the store, ready as the worker would say.
  storage::Sha256 AddDataset(const std::string& bytes, const std::string& owner,
                             const std::string& label, bool shared = false);

 private:
  storage::TempFolder folder_;
  ApiServer::Options options_;
  std::string vfs_;
  NoExecutor executor_;
  std::unique_ptr<storage::FileStore> files_;
  std::unique_ptr<WatchHub> hub_;
  std::unique_ptr<EngineThread> engine_;
  std::unique_ptr<ApiServer> api_;
};

// A worker without a process.  Every wait ends the test when it takes long.
class ScriptedWorker {
 public:
  ScriptedWorker(EngineThread* engine, const std::string& name);
  ~ScriptedWorker();

  v1::TrainLease WaitForTraining();
  v1::InspectLease WaitForInspection();
  // Sends the samples and returns once they are acknowledged.
  void Report(const v1::TrainLease& lease, v1::SampleBatch samples);
  // Sends an artifact in pieces of so many bytes; once acknowledged, returns.
  void Give(const v1::TrainLease& lease, const std::string& name,
            const std::string& bytes, size_t piece_bytes = 1 << 20);
  // The same, and ends the run SUCCEEDED.
  void Finish(const v1::TrainLease& lease, v1::SampleBatch samples);
  void Progress(const v1::TrainLease& lease, int64_t step);
  void Inspected(const v1::InspectLease& lease);
  void Inspected(v1::InspectionReport report);

 private:
  v1::SessionResponse WaitFor(v1::SessionResponse::EventCase kind)
      ABSL_LOCKS_EXCLUDED(mu_);
  void SendReport(const v1::TrainLease& lease, v1::RunReport report);

  EngineThread& engine_;
  SessionId session_ = 0;
  int64_t report_number_ = 0;
  Mutex mu_;
  CondVar changed_;
  std::vector<v1::SessionResponse> received_ ABSL_GUARDED_BY(mu_);
};

// `count` samples from ordinal `first` on: step = ordinal, and one value, which
// is the ordinal, of "train/loss".
v1::SampleBatch SampleRange(int64_t first, int64_t count);

// The smallest spec that is complete.
v1::RunSpec SmallSpec();

// What an error holds beside code and message.
google::rpc::BadRequest Violations(const grpc::Status& status);
std::vector<std::string> ViolatedFields(const grpc::Status& status);

// Calls a unary method and returns its status.
template <typename Stub, typename Method, typename Request, typename Response>
grpc::Status Call(Stub& stub, Method method, const Request& request,
                  Response* response) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(30));
  return (stub.*method)(&context, request, response);
}

}  // namespace steelyard::server

#endif  // STEELYARD_TESTS_SERVER_SERVED_H_
