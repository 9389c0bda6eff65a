#include "tests/client/scripted_server.h"

#include <cstdlib>
#include <filesystem>

#include "support/check.h"
#include "support/version.h"

namespace steelyard::cli {

ScriptedServer::ScriptedServer() {
  // Not under a long TMPDIR: a socket's path has at most 107 bytes.
  std::string name = "/tmp/steelyard-cli-XXXXXX";
  folder_ = mkdtemp(name.data());
  info.set_version(GetBuildVersion().version);
  info.set_commit("0123456789ab");
  info.set_numerics_version(GetBuildVersion().numerics_version);
  info.set_user("ann");
  info.set_role(v1::ROLE_SUBMITTER);
  Start();
}

ScriptedServer::~ScriptedServer() {
  Stop();
  std::filesystem::remove_all(folder_);
}

void ScriptedServer::Stop() {
  if (server_ == nullptr) return;
  // A stream that would go on is cut off.
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
  server_.reset();
}

void ScriptedServer::Start() {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address(), grpc::InsecureServerCredentials());
  builder.RegisterService(static_cast<v1::RunService::Service*>(this));
  builder.RegisterService(static_cast<v1::DatasetService::Service*>(this));
  builder.RegisterService(static_cast<v1::ExperimentService::Service*>(this));
  builder.RegisterService(static_cast<v1::AdminService::Service*>(this));
  server_ = builder.BuildAndStart();
  STEELYARD_CHECK(server_ != nullptr);
}

std::vector<std::string> ScriptedServer::calls() {
  MutexLock lock(mu_);
  return calls_;
}

void ScriptedServer::Note(const std::string& method) {
  MutexLock lock(mu_);
  calls_.push_back(method);
}

grpc::Status ScriptedServer::WatchRun(grpc::ServerContext* /*context*/,
                                      const v1::WatchRunRequest* request,
                                      WatchWriter* writer) {
  Note("WatchRun");
  if (!watch_run) return Unimplemented("WatchRun");
  return watch_run(*request, *writer);
}

grpc::Status ScriptedServer::GetArtifact(grpc::ServerContext* /*context*/,
                                         const v1::GetArtifactRequest* request,
                                         ArtifactWriter* writer) {
  Note("GetArtifact");
  if (!get_artifact) return Unimplemented("GetArtifact");
  return get_artifact(*request, *writer);
}

grpc::Status ScriptedServer::UploadDataset(
    grpc::ServerContext* /*context*/,
    grpc::ServerReader<v1::UploadDatasetRequest>* reader,
    v1::UploadDatasetResponse* response) {
  Note("UploadDataset");
  v1::UploadDatasetRequest part;
  v1::UploadHeader header;
  std::string bytes;
  while (reader->Read(&part)) {
    if (part.has_header()) header = part.header();
    bytes += part.chunk();
  }
  if (!upload_dataset) return Unimplemented("UploadDataset");
  return upload_dataset(header, bytes, *response->mutable_dataset());
}

grpc::Status ScriptedServer::GetServerInfo(
    grpc::ServerContext* /*context*/,
    const v1::GetServerInfoRequest* /*request*/,
    v1::GetServerInfoResponse* response) {
  Note("GetServerInfo");
  *response->mutable_server_info() = info;
  return grpc::Status::OK;
}

}  // namespace steelyard::cli
