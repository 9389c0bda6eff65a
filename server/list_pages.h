#ifndef STEELYARD_SERVER_LIST_PAGES_H_
#define STEELYARD_SERVER_LIST_PAGES_H_

#include <string>

#include "absl/status/status.h"
#include "steelyard/v1/admin_service.pb.h"
#include "steelyard/v1/dataset_service.pb.h"
#include "steelyard/v1/experiment_service.pb.h"
#include "steelyard/v1/run_service.pb.h"
#include "storage/reader.h"

// Requests that are answered in pages.  A page says where the next one begins
// by what it ended with, so that rows that come between move nothing (datasets
// excepted, where it is a number of rows).
//
// Errors of all: InvalidArgument, naming the field; those of storage::Reader.
namespace steelyard::server {

// Newest first.  A page also ends before it is too large for a message.
absl::Status ReadRunPage(storage::Reader& reader, const v1::Limits& limits,
                         const v1::ListRunsRequest& request,
                         v1::ListRunsResponse* response);

// Errors: NotFound, naming the run.
absl::Status ReadMetricsPage(storage::Reader& reader, const v1::Limits& limits,
                             const v1::QueryMetricsRequest& request,
                             v1::QueryMetricsResponse* response);

// Errors: NotFound, naming the run.
absl::Status ReadArtifactPage(storage::Reader& reader, const v1::Limits& limits,
                              const v1::ListArtifactsRequest& request,
                              v1::ListArtifactsResponse* response);

absl::Status ReadExperimentPage(storage::Reader& reader,
                                const v1::Limits& limits,
                                const v1::ListExperimentsRequest& request,
                                v1::ListExperimentsResponse* response);

// Those that `user` may read.
absl::Status ReadDatasetPage(storage::Reader& reader, const v1::Limits& limits,
                             const std::string& user,
                             const v1::ListDatasetsRequest& request,
                             v1::ListDatasetsResponse* response);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_LIST_PAGES_H_
