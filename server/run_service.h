#ifndef STEELYARD_SERVER_RUN_SERVICE_H_
#define STEELYARD_SERVER_RUN_SERVICE_H_

#include <atomic>
#include <cstdint>

#include "server/auth_tables.h"
#include "server/names.h"
#include "server/run_watch.h"
#include "server/service_parts.h"
#include "server/unary_calls.h"
#include "steelyard/v1/run_service.grpc.pb.h"

namespace steelyard::server {

// The contract is in run_service.proto.
class RunService final : public v1::RunService::CallbackService {
 public:
  // Artifacts that are sent at a time: each holds a file open and a chunk in
  // memory.
  static constexpr int kMaxDownloads = 64;

  // `watch` outlives the service too.
  RunService(const ServiceParts& parts, const WatchParts* watch);

  grpc::ServerUnaryReactor* SubmitRun(grpc::CallbackServerContext* context,
                                      const v1::SubmitRunRequest* request,
                                      v1::SubmitRunResponse* response) override;
  grpc::ServerUnaryReactor* GetRun(grpc::CallbackServerContext* context,
                                   const v1::GetRunRequest* request,
                                   v1::GetRunResponse* response) override;
  grpc::ServerUnaryReactor* ListRuns(grpc::CallbackServerContext* context,
                                     const v1::ListRunsRequest* request,
                                     v1::ListRunsResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchRunResponse>* WatchRun(
      grpc::CallbackServerContext* context,
      const v1::WatchRunRequest* request) override;
  grpc::ServerUnaryReactor* QueryMetrics(
      grpc::CallbackServerContext* context,
      const v1::QueryMetricsRequest* request,
      v1::QueryMetricsResponse* response) override;
  grpc::ServerUnaryReactor* CancelRun(grpc::CallbackServerContext* context,
                                      const v1::CancelRunRequest* request,
                                      v1::CancelRunResponse* response) override;
  grpc::ServerUnaryReactor* ListArtifacts(
      grpc::CallbackServerContext* context,
      const v1::ListArtifactsRequest* request,
      v1::ListArtifactsResponse* response) override;
  grpc::ServerWriteReactor<v1::GetArtifactResponse>* GetArtifact(
      grpc::CallbackServerContext* context,
      const v1::GetArtifactRequest* request) override;
  grpc::ServerUnaryReactor* ParseSpec(grpc::CallbackServerContext* context,
                                      const v1::ParseSpecRequest* request,
                                      v1::ParseSpecResponse* response) override;

 private:
  void Submit(storage::Reader& reader, const Caller& caller,
              const v1::SubmitRunRequest& request, v1::Run* run,
              grpc::ServerUnaryReactor* reactor);
  void Cancel(storage::Reader& reader, const Caller& caller,
              const v1::CancelRunRequest& request, v1::Run* run,
              grpc::ServerUnaryReactor* reactor);
  // Reads the run into `run`, adds what the engine knows, and answers.  On the
  // pool.
  void AnswerWithRun(storage::Reader& reader, const RunName& name, v1::Run* run,
                     grpc::ServerUnaryReactor* reactor);
  // The same for a page that has been read.
  void AnswerWithProgress(v1::ListRunsResponse* page,
                          grpc::ServerUnaryReactor* reactor);

  const ServiceParts parts_;
  const WatchParts& watch_parts_;
  UnaryCalls calls_;
  UnaryCalls slow_calls_;
  std::atomic<int64_t> watchers_ = 0;
  std::atomic<int> downloads_ = 0;
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_RUN_SERVICE_H_
