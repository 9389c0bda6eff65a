#ifndef STEELYARD_SERVER_EXPERIMENT_SERVICE_H_
#define STEELYARD_SERVER_EXPERIMENT_SERVICE_H_

#include "server/service_parts.h"
#include "server/unary_calls.h"
#include "steelyard/v1/experiment_service.grpc.pb.h"

namespace steelyard::server {

// The contract is in experiment_service.proto.
class ExperimentService final : public v1::ExperimentService::CallbackService {
 public:
  explicit ExperimentService(const ServiceParts& parts)
      : parts_(parts), calls_(parts.authenticator, parts.pool) {}

  grpc::ServerUnaryReactor* GetExperiment(
      grpc::CallbackServerContext* context,
      const v1::GetExperimentRequest* request,
      v1::GetExperimentResponse* response) override;
  grpc::ServerUnaryReactor* ListExperiments(
      grpc::CallbackServerContext* context,
      const v1::ListExperimentsRequest* request,
      v1::ListExperimentsResponse* response) override;

 private:
  const ServiceParts parts_;
  UnaryCalls calls_;
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_EXPERIMENT_SERVICE_H_
