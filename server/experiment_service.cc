#include "server/experiment_service.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/convert.h"
#include "server/list_pages.h"
#include "server/names.h"
#include "support/status_macros.h"

namespace steelyard::server {

grpc::ServerUnaryReactor* ExperimentService::GetExperiment(
    grpc::CallbackServerContext* context,
    const v1::GetExperimentRequest* request,
    v1::GetExperimentResponse* response) {
  return calls_.Read(
      context, [request, response](storage::Reader& reader, const Caller&) {
        const absl::StatusOr<std::string> name =
            ParseExperimentName(request->name());
        if (!name.ok()) return name.status();
        const absl::StatusOr<storage::ExperimentRow> row =
            reader.GetExperiment(*name);
        if (absl::IsNotFound(row.status())) {
          return absl::NotFoundError(
              absl::StrCat("experiment: no ", request->name(),
                           " on this server; a submission makes it"));
        }
        if (!row.ok()) return row.status();
        *response->mutable_experiment() = ToExperiment(*row);
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* ExperimentService::ListExperiments(
    grpc::CallbackServerContext* context,
    const v1::ListExperimentsRequest* request,
    v1::ListExperimentsResponse* response) {
  return calls_.Read(context, [this, request, response](storage::Reader& reader,
                                                        const Caller&) {
    return ReadExperimentPage(reader, *parts_.limits, *request, response);
  });
}

}  // namespace steelyard::server
