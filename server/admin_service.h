#ifndef STEELYARD_SERVER_ADMIN_SERVICE_H_
#define STEELYARD_SERVER_ADMIN_SERVICE_H_

#include "server/service_parts.h"
#include "steelyard/v1/admin_service.grpc.pb.h"

namespace steelyard::server {

// The contract is in admin_service.proto.  Both calls are open to every role;
// both ask the engine alone and touch no pool.
class AdminService final : public v1::AdminService::CallbackService {
 public:
  explicit AdminService(const ServiceParts& parts) : parts_(parts) {}

  grpc::ServerUnaryReactor* GetServerInfo(
      grpc::CallbackServerContext* context,
      const v1::GetServerInfoRequest* request,
      v1::GetServerInfoResponse* response) override;
  grpc::ServerUnaryReactor* ListWorkers(
      grpc::CallbackServerContext* context,
      const v1::ListWorkersRequest* request,
      v1::ListWorkersResponse* response) override;

 private:
  const ServiceParts parts_;
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_ADMIN_SERVICE_H_
