#ifndef STEELYARD_TESTS_CLIENT_SCRIPTED_SERVER_H_
#define STEELYARD_TESTS_CLIENT_SCRIPTED_SERVER_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "steelyard/v1/admin_service.grpc.pb.h"
#include "steelyard/v1/dataset_service.grpc.pb.h"
#include "steelyard/v1/experiment_service.grpc.pb.h"
#include "steelyard/v1/run_service.grpc.pb.h"
#include "support/mutex.h"

namespace steelyard::cli {

// A real gRPC server on a socket of its own, whose answers a test writes: it
// has no queue, no store, no worker.  What a test leaves out is UNIMPLEMENTED,
// but for GetServerInfo.  Set the answers before the first call.
class ScriptedServer final : public v1::RunService::Service,
                             public v1::DatasetService::Service,
                             public v1::ExperimentService::Service,
                             public v1::AdminService::Service {
 public:
  template <typename Request, typename Response>
  using Answer = std::function<grpc::Status(const Request&, Response&)>;
  using ArtifactWriter = grpc::ServerWriter<v1::GetArtifactResponse>;
  using WatchWriter = grpc::ServerWriter<v1::WatchRunResponse>;

  ScriptedServer();
  ~ScriptedServer() override;

  std::string address() const { return "unix:" + folder_ + "/socket"; }
  const std::string& folder() const { return folder_; }

  // Ends all calls; the socket is gone.
  void Stop();
  // Listens again.
  void Start();

  // The names of the methods that were called, in order.
  std::vector<std::string> calls() ABSL_LOCKS_EXCLUDED(mu_);

  v1::ServerInfo info;
  Answer<v1::ParseSpecRequest, v1::ParseSpecResponse> parse_spec;
  Answer<v1::SubmitRunRequest, v1::SubmitRunResponse> submit_run;
  Answer<v1::GetRunRequest, v1::GetRunResponse> get_run;
  Answer<v1::ListRunsRequest, v1::ListRunsResponse> list_runs;
  Answer<v1::QueryMetricsRequest, v1::QueryMetricsResponse> query_metrics;
  Answer<v1::CancelRunRequest, v1::CancelRunResponse> cancel_run;
  std::function<grpc::Status(const v1::WatchRunRequest&, WatchWriter&)>
      watch_run;
  Answer<v1::ListArtifactsRequest, v1::ListArtifactsResponse> list_artifacts;
  // Writes responses; what it returns ends the stream.
  std::function<grpc::Status(const v1::GetArtifactRequest&, ArtifactWriter&)>
      get_artifact;
  Answer<v1::GetDatasetRequest, v1::GetDatasetResponse> get_dataset;
  Answer<v1::ListDatasetsRequest, v1::ListDatasetsResponse> list_datasets;
  Answer<v1::GetUploadRequest, v1::GetUploadResponse> get_upload;
  // Gets the header and all bytes.
  std::function<grpc::Status(const v1::UploadHeader&, const std::string&,
                             v1::Dataset&)>
      upload_dataset;
  Answer<v1::ListExperimentsRequest, v1::ListExperimentsResponse>
      list_experiments;
  Answer<v1::ListWorkersRequest, v1::ListWorkersResponse> list_workers;

 private:
  template <typename Request, typename Response>
  grpc::Status Call(const char* method, const Answer<Request, Response>& answer,
                    const Request* request, Response* response) {
    Note(method);
    if (!answer) return Unimplemented(method);
    return answer(*request, *response);
  }
  static grpc::Status Unimplemented(const std::string& method) {
    return grpc::Status(grpc::StatusCode::UNIMPLEMENTED, method);
  }
  void Note(const std::string& method) ABSL_LOCKS_EXCLUDED(mu_);

  grpc::Status ParseSpec(grpc::ServerContext* /*context*/,
                         const v1::ParseSpecRequest* request,
                         v1::ParseSpecResponse* response) override {
    return Call("ParseSpec", parse_spec, request, response);
  }
  grpc::Status SubmitRun(grpc::ServerContext* /*context*/,
                         const v1::SubmitRunRequest* request,
                         v1::SubmitRunResponse* response) override {
    return Call("SubmitRun", submit_run, request, response);
  }
  grpc::Status GetRun(grpc::ServerContext* /*context*/,
                      const v1::GetRunRequest* request,
                      v1::GetRunResponse* response) override {
    return Call("GetRun", get_run, request, response);
  }
  grpc::Status ListRuns(grpc::ServerContext* /*context*/,
                        const v1::ListRunsRequest* request,
                        v1::ListRunsResponse* response) override {
    return Call("ListRuns", list_runs, request, response);
  }
  grpc::Status QueryMetrics(grpc::ServerContext* /*context*/,
                            const v1::QueryMetricsRequest* request,
                            v1::QueryMetricsResponse* response) override {
    return Call("QueryMetrics", query_metrics, request, response);
  }
  grpc::Status CancelRun(grpc::ServerContext* /*context*/,
                         const v1::CancelRunRequest* request,
                         v1::CancelRunResponse* response) override {
    return Call("CancelRun", cancel_run, request, response);
  }
  grpc::Status WatchRun(grpc::ServerContext* context,
                        const v1::WatchRunRequest* request,
                        WatchWriter* writer) override;
  grpc::Status ListArtifacts(grpc::ServerContext* /*context*/,
                             const v1::ListArtifactsRequest* request,
                             v1::ListArtifactsResponse* response) override {
    return Call("ListArtifacts", list_artifacts, request, response);
  }
  grpc::Status GetArtifact(grpc::ServerContext* context,
                           const v1::GetArtifactRequest* request,
                           ArtifactWriter* writer) override;
  grpc::Status GetDataset(grpc::ServerContext* /*context*/,
                          const v1::GetDatasetRequest* request,
                          v1::GetDatasetResponse* response) override {
    return Call("GetDataset", get_dataset, request, response);
  }
  grpc::Status ListDatasets(grpc::ServerContext* /*context*/,
                            const v1::ListDatasetsRequest* request,
                            v1::ListDatasetsResponse* response) override {
    return Call("ListDatasets", list_datasets, request, response);
  }
  grpc::Status GetUpload(grpc::ServerContext* /*context*/,
                         const v1::GetUploadRequest* request,
                         v1::GetUploadResponse* response) override {
    return Call("GetUpload", get_upload, request, response);
  }
  grpc::Status UploadDataset(
      grpc::ServerContext* context,
      grpc::ServerReader<v1::UploadDatasetRequest>* reader,
      v1::UploadDatasetResponse* response) override;
  grpc::Status ListExperiments(grpc::ServerContext* /*context*/,
                               const v1::ListExperimentsRequest* request,
                               v1::ListExperimentsResponse* response) override {
    return Call("ListExperiments", list_experiments, request, response);
  }
  grpc::Status GetServerInfo(grpc::ServerContext* context,
                             const v1::GetServerInfoRequest* request,
                             v1::GetServerInfoResponse* response) override;
  grpc::Status ListWorkers(grpc::ServerContext* /*context*/,
                           const v1::ListWorkersRequest* request,
                           v1::ListWorkersResponse* response) override {
    return Call("ListWorkers", list_workers, request, response);
  }

  std::string folder_;
  std::unique_ptr<grpc::Server> server_;
  Mutex mu_;
  std::vector<std::string> calls_ ABSL_GUARDED_BY(mu_);
};

}  // namespace steelyard::cli

#endif  // STEELYARD_TESTS_CLIENT_SCRIPTED_SERVER_H_
