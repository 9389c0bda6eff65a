#ifndef STEELYARD_SERVER_DATASET_SERVICE_H_
#define STEELYARD_SERVER_DATASET_SERVICE_H_

#include <atomic>

#include "server/service_parts.h"
#include "server/unary_calls.h"
#include "steelyard/v1/dataset_service.grpc.pb.h"

namespace steelyard::server {

// The contract is in dataset_service.proto.
class DatasetService final : public v1::DatasetService::CallbackService {
 public:
  // Each holds a file open and a chunk in memory.
  static constexpr int kMaxUploads = 64;

  explicit DatasetService(const ServiceParts& parts)
      : parts_(parts), calls_(parts.authenticator, parts.pool) {}

  grpc::ServerReadReactor<v1::UploadDatasetRequest>* UploadDataset(
      grpc::CallbackServerContext* context,
      v1::UploadDatasetResponse* response) override;
  grpc::ServerUnaryReactor* GetUpload(grpc::CallbackServerContext* context,
                                      const v1::GetUploadRequest* request,
                                      v1::GetUploadResponse* response) override;
  grpc::ServerUnaryReactor* GetDataset(
      grpc::CallbackServerContext* context,
      const v1::GetDatasetRequest* request,
      v1::GetDatasetResponse* response) override;
  grpc::ServerUnaryReactor* ListDatasets(
      grpc::CallbackServerContext* context,
      const v1::ListDatasetsRequest* request,
      v1::ListDatasetsResponse* response) override;

 private:
  const ServiceParts parts_;
  UnaryCalls calls_;
  std::atomic<int> uploads_ = 0;
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_DATASET_SERVICE_H_
