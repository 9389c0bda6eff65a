#include "server/daemon.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <future>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/api_server.h"
#include "server/auth_tables.h"
#include "server/data_dir.h"
#include "server/engine_thread.h"
#include "server/launcher.h"
#include "server/listen_address.h"
#include "server/local_executor.h"
#include "server/log.h"
#include "server/watch_hub.h"
#include "server/worker_service.h"
#include "storage/file_store.h"
#include "storage/reader.h"
#include "storage/writer.h"
#include "support/status_macros.h"
#include "support/version.h"

namespace steelyard::server {
namespace {

// Together less than the 30 s that a drain may take.
constexpr absl::Duration kCheckpointLimit = absl::Seconds(15);
constexpr absl::Duration kWorkersEndLimit = absl::Seconds(5);
constexpr absl::Duration kCallsEndLimit = absl::Seconds(5);

// steelyard-worker stands beside this program.
absl::StatusOr<std::string> WorkerProgram() {
  std::error_code error;
  const std::filesystem::path self =
      std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) {
    return absl::InternalError(
        absl::StrCat("/proc/self/exe: ", error.message()));
  }
  return (self.parent_path() / "steelyard-worker").string();
}

// Each worker's share of four fifths of the machine's memory: a run that wants
// more fails by itself, before the system has to choose whom to kill.
int64_t WorkerMemoryBytes(int workers) {
  const int64_t pages = sysconf(_SC_PHYS_PAGES);
  const int64_t page_bytes = sysconf(_SC_PAGESIZE);
  return pages / 5 * 4 / std::max(workers, 1) * page_bytes;
}

class DaemonImpl final : public Daemon {
 public:
  explicit DaemonImpl(DaemonOptions options) : options_(std::move(options)) {}

  ~DaemonImpl() override {
    // Calls hold the engine, and the engine the executor.
    api_.reset();
    workers_.reset();
    engine_.reset();
  }

  absl::Status Begin() {
    // Before anything is made on disk.
    for (const std::string& address : options_.listen) {
      STEELYARD_RETURN_IF_ERROR(ParseListenAddress(address).status());
    }
    STEELYARD_RETURN_IF_ERROR(OpenDataDir());
    STEELYARD_RETURN_IF_ERROR(StartEngine());
    // Before the API's server: see WorkerServer.
    STEELYARD_ASSIGN_OR_RETURN(
        workers_,
        WorkerServer::Start({.socket_path = data_dir_->File("worker.sock"),
                             .token = HashToken(worker_token_)},
                            engine_.get()));
    STEELYARD_RETURN_IF_ERROR(StartApi());
    executor_->Start();
    Log(Severity::kInfo, "serving",
        {{"version", GetBuildVersion().version},
         {"commit", GetBuildVersion().commit},
         {"data_dir", data_dir_->path()},
         {"workers", options_.workers}});
    return absl::OkStatus();
  }

  std::vector<std::string> addresses() const override {
    return api_->addresses();
  }

  void Drain() override {
    Log(Severity::kInfo, "draining");
    std::promise<bool> stopped;
    engine_->Drain(kCheckpointLimit, [&](const absl::StatusOr<bool>& answer) {
      stopped.set_value(answer.ok() && *answer);
    });
    if (!stopped.get_future().get()) {
      Log(Severity::kWarning, "workers_did_not_stop",
          {{"limit_s", absl::ToInt64Seconds(kCheckpointLimit)}});
    }
    executor_->Stop(kWorkersEndLimit);
    api_->Shutdown(kCallsEndLimit);
    workers_->Shutdown();
    Log(Severity::kInfo, "drained");
  }

 private:
  absl::Status OpenDataDir() {
    if (options_.data_dir.empty()) {
      STEELYARD_ASSIGN_OR_RETURN(options_.data_dir, DefaultDataDir());
    }
    STEELYARD_ASSIGN_OR_RETURN(data_dir_,
                               DataDir::Open(options_.data_dir, absl::Now()));
    STEELYARD_ASSIGN_OR_RETURN(
        admin_token_, ReadOrMakeTokenFile(data_dir_->File("admin.token")));
    STEELYARD_ASSIGN_OR_RETURN(worker_token_, MakeToken());
    return WriteTokenFile(data_dir_->File("worker.token"), worker_token_);
  }

  absl::Status StartExecutor() {
    LocalExecutorOptions local;
    STEELYARD_ASSIGN_OR_RETURN(local.program, WorkerProgram());
    local.server = absl::StrCat("unix:", data_dir_->File("worker.sock"));
    local.token_file = data_dir_->File("worker.token");
    local.log_folder = data_dir_->File("workers");
    local.workers = options_.workers;
    local.memory_limit_bytes = WorkerMemoryBytes(options_.workers);
    STEELYARD_ASSIGN_OR_RETURN(std::unique_ptr<Launcher> launcher,
                               MakeProcessLauncher());
    STEELYARD_ASSIGN_OR_RETURN(
        executor_,
        LocalExecutor::Create(std::move(local), std::move(launcher)));
    return absl::OkStatus();
  }

  absl::Status StartEngine() {
    STEELYARD_RETURN_IF_ERROR(StartExecutor());
    EngineParts parts;
    STEELYARD_ASSIGN_OR_RETURN(parts.writer,
                               storage::Writer::Open(data_dir_->path()));
    STEELYARD_ASSIGN_OR_RETURN(parts.reader,
                               storage::Reader::Open(data_dir_->path()));
    STEELYARD_ASSIGN_OR_RETURN(storage::FileStore files,
                               storage::FileStore::Open(data_dir_->path()));
    files_.emplace(std::move(files));
    parts.files = &*files_;
    parts.hub = &hub_;
    parts.executor = executor_.get();
    EngineOptions engine;
    engine.queued_runs_limit = options_.limits.queued_runs();
    engine.inflated_bytes_limit = options_.limits.inflated_bytes();
    engine.artifact_bytes_limit = options_.limits.artifact_bytes();
    STEELYARD_ASSIGN_OR_RETURN(engine_,
                               StartEngineThread(std::move(parts), engine));
    return absl::OkStatus();
  }

  absl::Status StartApi() {
    ApiServer::Options api;
    api.data_dir = data_dir_->path();
    api.addresses = options_.listen;
    if (api.addresses.empty()) {
      api.addresses = {
          absl::StrCat("unix:", data_dir_->File("steelyard.sock"))};
    }
    api.limits = options_.limits;
    api.token_path = data_dir_->File("admin.token");
    api.token = HashToken(admin_token_);
    api.token_caller = CallerOfUid(geteuid(), geteuid());
    STEELYARD_ASSIGN_OR_RETURN(
        api_, ApiServer::Start(api, engine_.get(), &hub_, &*files_));
    return absl::OkStatus();
  }

  DaemonOptions options_;
  // In the order of their making; each uses those before it.
  std::unique_ptr<DataDir> data_dir_;
  std::string admin_token_;
  std::string worker_token_;
  std::unique_ptr<LocalExecutor> executor_;
  std::optional<storage::FileStore> files_;
  WatchHub hub_;
  std::unique_ptr<EngineThread> engine_;
  std::unique_ptr<WorkerServer> workers_;
  std::unique_ptr<ApiServer> api_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Start(
    const DaemonOptions& options) {
  auto daemon = std::make_unique<DaemonImpl>(options);
  STEELYARD_RETURN_IF_ERROR(daemon->Begin());
  return daemon;
}

}  // namespace steelyard::server
