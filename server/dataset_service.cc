#include "server/dataset_service.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/convert.h"
#include "server/list_pages.h"
#include "server/names.h"
#include "server/upload_reactor.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

absl::Status ReadDataset(storage::Reader& reader, const Caller& caller,
                         const v1::GetDatasetRequest& request,
                         v1::Dataset* dataset) {
  STEELYARD_ASSIGN_OR_RETURN(const DatasetName name,
                             ParseDatasetName(request.name()));
  const absl::StatusOr<storage::DatasetRow> row =
      name.label.empty() ? reader.GetDataset(name.sha256, caller.user)
                         : reader.GetDatasetByLabel(name.label, caller.user);
  if (absl::IsNotFound(row.status())) {
    return absl::NotFoundError(absl::StrCat(
        "dataset: no ", request.name(),
        " of your own or shared by its hash; ListDatasets (steelyard data ls) "
        "shows those there are"));
  }
  if (!row.ok()) return row.status();
  STEELYARD_ASSIGN_OR_RETURN(*dataset, ToDataset(reader, *row));
  return absl::OkStatus();
}

absl::Status ReadUpload(storage::Uploads& uploads, const Caller& caller,
                        const v1::GetUploadRequest& request,
                        v1::Upload* upload) {
  STEELYARD_ASSIGN_OR_RETURN(const storage::Sha256 sha256,
                             ParseUploadName(request.name()));
  const absl::StatusOr<storage::Uploads::State> state =
      uploads.Find({caller.user, sha256});
  if (absl::IsNotFound(state.status())) {
    return absl::NotFoundError(
        absl::StrCat("upload: nothing of ", request.name(),
                     " is here; send the file from its beginning"));
  }
  if (!state.ok()) return state.status();
  upload->set_name(request.name());
  upload->set_received_bytes(state->size_bytes);
  upload->set_under_way(state->under_way);
  *upload->mutable_expire_time() = ToTimestamp(state->forget_time);
  return absl::OkStatus();
}

}  // namespace

grpc::ServerReadReactor<v1::UploadDatasetRequest>*
DatasetService::UploadDataset(grpc::CallbackServerContext* context,
                              v1::UploadDatasetResponse* response) {
  absl::StatusOr<Caller> caller = parts_.authenticator->Identify(*context);
  if (!caller.ok()) return RefuseUpload(caller.status());
  if (uploads_.fetch_add(1) >= kMaxUploads) {
    --uploads_;
    return RefuseUpload(absl::ResourceExhaustedError(
        absl::StrCat("uploads: ", kMaxUploads,
                     " are under way, which is the limit; try again later")));
  }
  return StartUpload(parts_, *std::move(caller), response,
                     [this] { --uploads_; });
}

grpc::ServerUnaryReactor* DatasetService::GetUpload(
    grpc::CallbackServerContext* context, const v1::GetUploadRequest* request,
    v1::GetUploadResponse* response) {
  return calls_.Read(context, [this, request, response](storage::Reader&,
                                                        const Caller& caller) {
    return ReadUpload(*parts_.uploads, caller, *request,
                      response->mutable_upload());
  });
}

grpc::ServerUnaryReactor* DatasetService::GetDataset(
    grpc::CallbackServerContext* context, const v1::GetDatasetRequest* request,
    v1::GetDatasetResponse* response) {
  return calls_.Read(context, [request, response](storage::Reader& reader,
                                                  const Caller& caller) {
    return ReadDataset(reader, caller, *request, response->mutable_dataset());
  });
}

grpc::ServerUnaryReactor* DatasetService::ListDatasets(
    grpc::CallbackServerContext* context,
    const v1::ListDatasetsRequest* request,
    v1::ListDatasetsResponse* response) {
  return calls_.Read(context, [this, request, response](storage::Reader& reader,
                                                        const Caller& caller) {
    return ReadDatasetPage(reader, *parts_.limits, caller.user, *request,
                           response);
  });
}

}  // namespace steelyard::server
