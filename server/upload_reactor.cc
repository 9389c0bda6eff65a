#include "server/upload_reactor.h"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "server/bad_request.h"
#include "server/convert.h"
#include "server/names.h"
#include "server/to_grpc.h"
#include "storage/file_store.h"
#include "storage/uploads.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

// "DATASET_FORM_CSV, DATASET_FORM_IDX, ..."
std::string FormNames() {
  const google::protobuf::EnumDescriptor& forms = *v1::DatasetForm_descriptor();
  std::vector<std::string> names;
  for (int i = 1; i < forms.value_count(); ++i) {
    names.push_back(forms.value(i)->name());
  }
  return absl::StrJoin(names, ", ");
}

std::string FormWord(int form) {
  const std::string& name =
      v1::DatasetForm_Name(static_cast<v1::DatasetForm>(form));
  return std::string(absl::StripPrefix(name, "DATASET_FORM_"));
}

// The store, which has the last word, knows forms by number alone.
absl::Status CheckForm(storage::Reader& reader,
                       const v1::UploadHeader& header) {
  const absl::StatusOr<storage::DatasetRow> stored =
      reader.GetDataset({header.sha256()}, "");
  if (absl::IsNotFound(stored.status())) return absl::OkStatus();
  STEELYARD_RETURN_IF_ERROR(stored.status());
  if (stored->state == storage::DatasetState::kRejected ||
      stored->form == header.form()) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("header.form: want ", FormWord(stored->form),
                   ", in which the same bytes are stored already, got ",
                   FormWord(header.form())));
}

absl::Status CheckHeader(const v1::UploadHeader& header,
                         const v1::Limits& limits) {
  if (header.size_bytes() > limits.upload_bytes()) {
    return absl::ResourceExhaustedError(
        absl::StrCat("header.size_bytes: want at most ", limits.upload_bytes(),
                     ", which is the limit, got ", header.size_bytes()));
  }
  std::vector<FieldFault> faults;
  if (!IsSha256Hex(header.sha256())) {
    faults.push_back(
        {"header.sha256",
         absl::StrCat("want 64 lower-case hexadecimal digits, got ",
                      Quoted(header.sha256()))});
  }
  if (header.size_bytes() < 1) {
    faults.push_back({"header.size_bytes",
                      absl::StrCat("want the file's size, 1 or more, got ",
                                   header.size_bytes())});
  }
  if (header.offset_bytes() < 0 ||
      (header.offset_bytes() > header.size_bytes() &&
       header.size_bytes() > 0)) {
    faults.push_back(
        {"header.offset_bytes",
         absl::StrCat("want 0 to the file's size, ", header.size_bytes(),
                      ", got ", header.offset_bytes())});
  }
  if (header.form() == v1::DATASET_FORM_UNSPECIFIED ||
      !v1::DatasetForm_IsValid(header.form())) {
    faults.push_back(
        {"header.form", absl::StrCat("want one of ", FormNames(), ", got ",
                                     static_cast<int>(header.form()))});
  }
  if (!header.label().empty() && !IsLabel(header.label())) {
    faults.push_back({"header.label",
                      absl::StrCat("want 1-63 of [a-z0-9-_.] or nothing, got ",
                                   Quoted(header.label()))});
  }
  return faults.empty() ? absl::OkStatus() : BadRequestError(faults);
}

class RefusedUpload final : public UploadReactor {
 public:
  explicit RefusedUpload(const absl::Status& status) { Finish(ToGrpc(status)); }
  void OnDone() override { delete this; }
};

// At any time one party has the turn: gRPC (a read is on its way), the pool (we
// write) or the engine (it adds the dataset).  The file on its way is a member:
// a call that ends early leaves what came of it, to be continued.
class StreamedUpload final : public UploadReactor {
 public:
  StreamedUpload(const ServiceParts& parts, Caller caller,
                 v1::UploadDatasetResponse* response,
                 absl::AnyInvocable<void()> done)
      : parts_(parts),
        caller_(std::move(caller)),
        response_(*response),
        done_(std::move(done)) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    parts_.slow_pool->PostAdmitted([this, ok](storage::Reader& reader) {
      if (absl::Status bad = Step(reader, ok); !bad.ok()) End(bad);
    });
  }

  void OnDone() override {
    done_();
    delete this;
  }

 private:
  // Does what the message asks for and gives the turn away; an error ends the
  // call.
  absl::Status Step(storage::Reader& reader, bool ok) {
    if (!ok) return FinishFile(reader);
    if (header_.sha256().empty()) return TakeHeader(reader);
    return TakeChunk();
  }

  absl::Status TakeHeader(storage::Reader& reader) {
    if (!request_.has_header()) {
      return absl::InvalidArgumentError(
          "header: want it in the first message, got a chunk");
    }
    header_ = request_.header();
    STEELYARD_RETURN_IF_ERROR(CheckHeader(header_, *parts_.limits));
    const storage::Sha256 sha256{header_.sha256()};
    // Said of one's own and shared ones alone: otherwise the answer would tell
    // what others have.
    const absl::StatusOr<storage::DatasetRow> known =
        reader.GetDataset(sha256, caller_.user);
    if (known.ok() && known->size_bytes == header_.size_bytes() &&
        parts_.files->Has(sha256)) {
      return AddToStore(reader);
    }
    if (!known.ok() && !absl::IsNotFound(known.status())) {
      return known.status();
    }
    STEELYARD_ASSIGN_OR_RETURN(
        file_,
        parts_.uploads->Start({caller_.user, sha256}, header_.size_bytes(),
                              header_.offset_bytes()));
    return TakeUp();
  }

  // What an earlier call brought may be gigabytes: others get their turn.
  absl::Status TakeUp() {
    STEELYARD_ASSIGN_OR_RETURN(const bool done, file_->TakeUp());
    if (done) {
      StartRead(&request_);
    } else {
      parts_.slow_pool->PostAdmitted([this](storage::Reader&) {
        if (absl::Status bad = TakeUp(); !bad.ok()) End(bad);
      });
    }
    return absl::OkStatus();
  }

  absl::Status TakeChunk() {
    const int64_t limit = parts_.limits->upload_chunk_bytes();
    if (!request_.has_chunk()) {
      return absl::InvalidArgumentError(
          "header: want one in the first message alone, got another");
    }
    if (static_cast<int64_t>(request_.chunk().size()) > limit) {
      return absl::InvalidArgumentError(absl::StrCat("chunk: want at most ",
                                                     limit, " bytes, got ",
                                                     request_.chunk().size()));
    }
    STEELYARD_RETURN_IF_ERROR(file_->Append(request_.chunk()));
    StartRead(&request_);
    return absl::OkStatus();
  }

  // The client has sent all, or has gone; then bytes are missing.
  absl::Status FinishFile(storage::Reader& reader) {
    if (file_ == nullptr) {
      return absl::InvalidArgumentError("header: want one, got nothing");
    }
    STEELYARD_RETURN_IF_ERROR(file_->Finish());
    return AddToStore(reader);
  }

  absl::Status AddToStore(storage::Reader& reader) {
    STEELYARD_RETURN_IF_ERROR(CheckForm(reader, header_));
    parts_.engine->AddDataset(
        {.sha256 = {header_.sha256()},
         .size_bytes = header_.size_bytes(),
         .form = header_.form(),
         .owner = caller_.user,
         .label = header_.label(),
         .shared = header_.shared(),
         .time = absl::Now()},
        [this](const absl::StatusOr<storage::Sha256>& added) {
          if (!added.ok()) return End(added.status());
          parts_.pool->PostAdmitted(
              [this](storage::Reader& next) { End(ReadAdded(next)); });
        });
    return absl::OkStatus();
  }

  absl::Status ReadAdded(storage::Reader& reader) {
    STEELYARD_ASSIGN_OR_RETURN(
        const storage::DatasetRow row,
        reader.GetDataset({header_.sha256()}, caller_.user));
    STEELYARD_ASSIGN_OR_RETURN(*response_.mutable_dataset(),
                               ToDataset(reader, row));
    return absl::OkStatus();
  }

  void End(const absl::Status& status) {
    // Before the answer: who hears of it finds the file as it stays.
    file_.reset();
    Finish(ToGrpc(status));
  }

  const ServiceParts parts_;
  const Caller caller_;
  v1::UploadDatasetResponse& response_;
  absl::AnyInvocable<void()> done_;
  v1::UploadDatasetRequest request_;
  v1::UploadHeader header_;
  std::unique_ptr<storage::Uploads::Upload> file_;
};

}  // namespace

// gRPC's callback interface wants reactors that delete themselves: these two
// are the only bare `new` of an upload, and OnDone is their `delete`.
UploadReactor* RefuseUpload(const absl::Status& status) {
  return new RefusedUpload(status);
}

UploadReactor* StartUpload(const ServiceParts& parts, Caller caller,
                           v1::UploadDatasetResponse* response,
                           absl::AnyInvocable<void()> done) {
  return new StreamedUpload(parts, std::move(caller), response,
                            std::move(done));
}

}  // namespace steelyard::server
