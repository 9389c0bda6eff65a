#include "server/admin_service.h"

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "server/convert.h"
#include "server/to_grpc.h"
#include "support/version.h"

namespace steelyard::server {

grpc::ServerUnaryReactor* AdminService::GetServerInfo(
    grpc::CallbackServerContext* context,
    const v1::GetServerInfoRequest* /*request*/,
    v1::GetServerInfoResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const absl::StatusOr<Caller> caller =
      parts_.authenticator->Identify(*context);
  if (!caller.ok()) {
    reactor->Finish(ToGrpc(caller.status()));
    return reactor;
  }
  v1::ServerInfo* info = response->mutable_server_info();
  const BuildVersion& build = GetBuildVersion();
  info->set_version(build.version);
  info->set_commit(build.commit);
  info->set_numerics_version(build.numerics_version);
  *info->mutable_start_time() = ToTimestamp(parts_.start_time);
  info->set_user(caller->user);
  info->set_role(caller->role);
  *info->mutable_limits() = *parts_.limits;
  parts_.engine->GetStatus(
      [info, reactor](const absl::StatusOr<EngineStatus>& status) {
        if (status.ok()) {
          info->set_queued_runs(status->queued_runs);
          info->set_active_runs(status->active_runs);
          info->set_draining(status->draining);
        }
        reactor->Finish(ToGrpc(status.status()));
      });
  return reactor;
}

grpc::ServerUnaryReactor* AdminService::ListWorkers(
    grpc::CallbackServerContext* context,
    const v1::ListWorkersRequest* /*request*/,
    v1::ListWorkersResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const absl::StatusOr<Caller> caller =
      parts_.authenticator->Identify(*context);
  if (!caller.ok()) {
    reactor->Finish(ToGrpc(caller.status()));
    return reactor;
  }
  parts_.engine->ListWorkers(
      [response, reactor](absl::StatusOr<std::vector<v1::Worker>> workers) {
        if (workers.ok()) {
          for (v1::Worker& worker : *workers) {
            *response->add_workers() = std::move(worker);
          }
        }
        reactor->Finish(ToGrpc(workers.status()));
      });
  return reactor;
}

}  // namespace steelyard::server
