#include "server/artifact_reactor.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/convert.h"
#include "server/to_grpc.h"
#include "storage/file_store.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

constexpr size_t kChunkBytes = 1 << 20;

class RefusedArtifact final : public ArtifactReactor {
 public:
  explicit RefusedArtifact(const absl::Status& status) {
    Finish(ToGrpc(status));
  }
  void OnDone() override { delete this; }
};

// At any time one party has the turn: the pool (we read) or gRPC (a write is on
// its way).
class SentArtifact final : public ArtifactReactor {
 public:
  SentArtifact(const ServiceParts& parts, ArtifactName name,
               absl::AnyInvocable<void()> done)
      : parts_(parts), name_(std::move(name)), done_(std::move(done)) {}

  // The first step of the call, which the pool may have no room for.
  void Start() {
    const absl::Status admitted =
        parts_.slow_pool->Post([this](storage::Reader& reader) {
          if (absl::Status bad = Open(reader); !bad.ok()) End(bad);
        });
    if (!admitted.ok()) End(admitted);
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return End(absl::CancelledError("the client is gone"));
    response_.Clear();
    parts_.slow_pool->PostAdmitted([this](storage::Reader&) {
      if (absl::Status bad = SendNext(); !bad.ok()) End(bad);
    });
  }

  void OnDone() override {
    done_();
    delete this;
  }

 private:
  absl::Status Open(storage::Reader& reader) {
    STEELYARD_ASSIGN_OR_RETURN(const storage::RunHead head,
                               FindRun(reader, name_.run));
    const std::string run = FormatRunName(head.experiment, name_.run.run);
    const absl::StatusOr<storage::ArtifactRow> row =
        reader.GetArtifact(name_.run.run, name_.artifact);
    if (absl::IsNotFound(row.status())) {
      return absl::NotFoundError(absl::StrCat(
          "artifact: ", run, " has no ", name_.artifact,
          "; ListArtifacts (steelyard artifact ls) shows those there are"));
    }
    if (!row.ok()) return row.status();
    absl::StatusOr<std::unique_ptr<storage::FileStore::Reading>> file =
        parts_.artifacts->StartReading(row->sha256);
    if (absl::IsNotFound(file.status())) {
      return absl::DataLossError(absl::StrCat(
          FormatArtifactName(run, name_.artifact), ": its file is missing"));
    }
    if (!file.ok()) return file.status();
    file_ = *std::move(file);
    *response_.mutable_artifact() = ToArtifact(run, *row);
    return SendNext();
  }

  absl::Status SendNext() {
    STEELYARD_ASSIGN_OR_RETURN(std::string bytes, file_->Next(kChunkBytes));
    if (bytes.empty() && !response_.has_artifact()) {
      End(absl::OkStatus());
      return absl::OkStatus();
    }
    response_.set_chunk(std::move(bytes));
    StartWrite(&response_);
    return absl::OkStatus();
  }

  void End(const absl::Status& status) { Finish(ToGrpc(status)); }

  const ServiceParts parts_;
  const ArtifactName name_;
  absl::AnyInvocable<void()> done_;
  std::unique_ptr<storage::FileStore::Reading> file_;
  v1::GetArtifactResponse response_;  // alive while a write is on its way
};

}  // namespace

// gRPC's callback interface wants reactors that delete themselves: these two
// are the only bare `new` of an artifact's stream, and OnDone is their
// `delete`.
ArtifactReactor* RefuseArtifact(const absl::Status& status) {
  return new RefusedArtifact(status);
}

ArtifactReactor* SendArtifact(const ServiceParts& parts, ArtifactName name,
                              absl::AnyInvocable<void()> done) {
  auto* reactor = new SentArtifact(parts, std::move(name), std::move(done));
  reactor->Start();
  return reactor;
}

}  // namespace steelyard::server
