#include "server/api_server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/admin_service.h"
#include "server/authenticator.h"
#include "server/dataset_service.h"
#include "server/experiment_service.h"
#include "server/grpc_settings.h"
#include "server/listen_address.h"
#include "server/log.h"
#include "server/reader_pool.h"
#include "server/run_service.h"
#include "server/run_watch.h"
#include "server/service_parts.h"
#include "server/ticker.h"
#include "server/unix_listener.h"
#include "storage/uploads.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

// Specs as text and uploads: two at a time, so that a third waits rather than
// the machine.
constexpr int kSlowThreads = 2;

// How often uploads that nobody continued are looked for.
constexpr absl::Duration kOldUploadsInterval = absl::Hours(1);

class ApiServerImpl final : public ApiServer {
 public:
  ApiServerImpl(const Options& options, EngineThread* engine, WatchHub* hub,
                const storage::FileStore* files)
      : options_(options),
        engine_(*engine),
        hub_(*hub),
        files_(*files),
        authenticator_({.token = options.token,
                        .token_caller = options.token_caller,
                        .token_path = options.token_path},
                       &peers_) {}

  ~ApiServerImpl() override {
    if (server_ != nullptr) Shutdown(absl::ZeroDuration());
  }

  absl::Status Begin() {
    STEELYARD_RETURN_IF_ERROR(StartPools());
    STEELYARD_RETURN_IF_ERROR(OpenUploads());
    STEELYARD_ASSIGN_OR_RETURN(
        storage::FileStore artifacts,
        storage::FileStore::OpenArtifacts(options_.data_dir));
    artifacts_.emplace(std::move(artifacts));
    StartServices();
    STEELYARD_RETURN_IF_ERROR(Listen());
    return absl::OkStatus();
  }

  std::vector<std::string> addresses() const override { return addresses_; }

  void Shutdown(absl::Duration limit) override {
    listeners_.clear();
    hub_.Close();
    server_->Shutdown(absl::ToChronoTime(absl::Now() + limit));
    server_.reset();
  }

 private:
  absl::Status StartPools() {
    const int cores = static_cast<int>(std::thread::hardware_concurrency());
    ReaderPool::Options pool = {
        .data_dir = options_.data_dir,
        .threads = options_.reader_threads > 0 ? options_.reader_threads
                                               : std::max(cores, 4),
        .query_limit = absl::Seconds(options_.limits.query_s())};
    STEELYARD_ASSIGN_OR_RETURN(pool_, ReaderPool::Start(pool));
    pool.threads = kSlowThreads;
    pool.max_waiting_calls = 64;
    STEELYARD_ASSIGN_OR_RETURN(slow_pool_, ReaderPool::Start(pool));
    return absl::OkStatus();
  }

  absl::Status OpenUploads() {
    const v1::Limits& limits = options_.limits;
    STEELYARD_ASSIGN_OR_RETURN(
        uploads_, storage::Uploads::Open(
                      options_.data_dir, &files_,
                      {.per_user = limits.kept_uploads(),
                       .bytes_per_user = limits.kept_upload_bytes(),
                       .age = absl::Seconds(limits.kept_upload_age_s())},
                      absl::Now));
    old_uploads_.emplace(kOldUploadsInterval, [this] {
      slow_pool_->PostAdmitted([this](storage::Reader&) {
        if (const absl::Status bad = uploads_->RemoveOld(); !bad.ok()) {
          Log(Severity::kWarning, "old_uploads_not_removed",
              {{"error", bad.message()}});
        }
      });
    });
    return absl::OkStatus();
  }

  void StartServices() {
    watch_parts_ = {
        .pool = pool_.get(),
        .hub = &hub_,
        .live =
            [this](storage::RunId run, EngineThread::Reply<LiveRun> reply) {
              engine_.GetLiveRun(run, std::move(reply));
            },
        .clock = absl::Now,
        .heartbeat = options_.heartbeat / 2};
    const ServiceParts parts = {.engine = &engine_,
                                .pool = pool_.get(),
                                .slow_pool = slow_pool_.get(),
                                .authenticator = &authenticator_,
                                .files = &files_,
                                .uploads = uploads_.get(),
                                .artifacts = &*artifacts_,
                                .limits = &options_.limits,
                                .start_time = absl::Now()};
    runs_.emplace(parts, &watch_parts_);
    experiments_.emplace(parts);
    datasets_.emplace(parts);
    admin_.emplace(parts);
    // Twice in the time allowed: half of it is silence at most, and half until
    // the next tick.
    heartbeats_.emplace(options_.heartbeat / 2, [this] { hub_.WakeAll(); });
  }

  absl::Status Listen() {
    // Both register a plugin for every server of the process that is built
    // after; neither tells anything but names and types.
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    ApplyGrpcSettings(options_.limits.message_bytes(), &builder);
    builder.RegisterService(&*runs_);
    builder.RegisterService(&*experiments_);
    builder.RegisterService(&*datasets_);
    builder.RegisterService(&*admin_);
    std::vector<ListenAddress> places;
    for (const std::string& text : options_.addresses) {
      STEELYARD_ASSIGN_OR_RETURN(ListenAddress place, ParseListenAddress(text));
      places.push_back(std::move(place));
    }
    // gRPC fills in the ports while it starts.
    std::vector<int> ports(places.size(), 0);
    for (size_t i = 0; i < places.size(); ++i) {
      if (places[i].host_port.empty()) continue;
      builder.AddListeningPort(places[i].host_port,
                               grpc::InsecureServerCredentials(), &ports[i]);
    }
    STEELYARD_RETURN_IF_ERROR(BindSockets(places));
    server_ = builder.BuildAndStart();
    STEELYARD_RETURN_IF_ERROR(CheckPorts(places, ports));
    for (const std::unique_ptr<UnixListener>& listener : listeners_) {
      listener->Start([this](int fd, uid_t uid) { TakeConnection(fd, uid); });
    }
    return absl::OkStatus();
  }

  absl::Status BindSockets(const std::vector<ListenAddress>& places) {
    for (const ListenAddress& place : places) {
      if (place.unix_path.empty()) continue;
      STEELYARD_ASSIGN_OR_RETURN(std::unique_ptr<UnixListener> listener,
                                 UnixListener::Bind(place.unix_path));
      listeners_.push_back(std::move(listener));
    }
    return absl::OkStatus();
  }

  absl::Status CheckPorts(const std::vector<ListenAddress>& places,
                          const std::vector<int>& ports) {
    for (size_t i = 0; i < places.size(); ++i) {
      const std::string& text = places[i].host_port;
      if (text.empty()) {
        addresses_.push_back(absl::StrCat("unix:", places[i].unix_path));
        continue;
      }
      if (ports[i] == 0) {
        return absl::UnavailableError(
            absl::StrCat("listen: ", text,
                         " can't be had: another program listens there, "
                         "or it is not this machine's"));
      }
      addresses_.push_back(
          absl::StrCat(text.substr(0, text.rfind(':')), ":", ports[i]));
    }
    if (server_ == nullptr) {
      return absl::InternalError("listen: gRPC could not start");
    }
    return absl::OkStatus();
  }

  // The entry comes first: a call can't be there before it.
  void TakeConnection(int fd, uid_t uid) {
    peers_.Set(fd, CallerOfUid(uid, geteuid()));
    grpc::AddInsecureChannelFromFd(server_.get(), fd);
  }

  const Options options_;
  EngineThread& engine_;
  WatchHub& hub_;
  const storage::FileStore& files_;
  std::optional<storage::FileStore> artifacts_;
  PeerTable peers_;
  Authenticator authenticator_;
  WatchParts watch_parts_;
  std::vector<std::string> addresses_;
  // In the order in which they may end, the last first: listeners, gRPC with
  // all its calls, heartbeats, services, pools, uploads.
  std::unique_ptr<storage::Uploads> uploads_;
  std::unique_ptr<ReaderPool> pool_;
  std::unique_ptr<ReaderPool> slow_pool_;
  std::optional<Ticker> old_uploads_;
  std::optional<RunService> runs_;
  std::optional<ExperimentService> experiments_;
  std::optional<DatasetService> datasets_;
  std::optional<AdminService> admin_;
  std::optional<Ticker> heartbeats_;
  std::unique_ptr<grpc::Server> server_;
  std::vector<std::unique_ptr<UnixListener>> listeners_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ApiServer>> ApiServer::Start(
    const Options& options, EngineThread* engine, WatchHub* hub,
    const storage::FileStore* files) {
  auto server = std::make_unique<ApiServerImpl>(options, engine, hub, files);
  STEELYARD_RETURN_IF_ERROR(server->Begin());
  return server;
}

}  // namespace steelyard::server
