#include "client/cli/dataset_upload.h"

#include <algorithm>
#include <fstream>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/cli/backoff.h"
#include "client/cli/escape.h"
#include "client/cli/file_hash.h"
#include "client/cli/number_text.h"
#include "client/cli/upload_call.h"
#include "support/status_macros.h"

namespace steelyard::cli {
namespace {

constexpr size_t kChunkBytes = 1 << 20;

absl::string_view FileName(absl::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// Shows one line on a terminal and nothing elsewhere, where the last line alone
// is of use.
class UploadProgress {
 public:
  UploadProgress(Console& console, absl::string_view path, int64_t size_bytes)
      : console_(console), name_(FileName(path)), size_bytes_(size_bytes) {}

  void Sent(int64_t bytes) {
    const absl::Time now = absl::Now();
    if (!console_.err_terminal.is_terminal ||
        now - last_ < absl::Milliseconds(100)) {
      return;
    }
    last_ = now;
    console_.err << "\r" << Text(bytes, now) << "\x1b[K" << std::flush;
    drawn_ = true;
  }

  void Done() {
    if (drawn_) console_.err << "\r\x1b[K";
    Hint(console_, absl::StrCat("uploaded ", TerminalText(name_), ", ",
                                BytesText(size_bytes_)));
  }

  ~UploadProgress() {
    if (drawn_) console_.err << std::flush;
  }
  UploadProgress(const UploadProgress&) = delete;
  UploadProgress& operator=(const UploadProgress&) = delete;

 private:
  std::string Text(int64_t bytes, absl::Time now) const {
    const double seconds = absl::ToDoubleSeconds(now - start_);
    const double rate = seconds > 0 ? static_cast<double>(bytes) / seconds : 0;
    const int64_t percent = size_bytes_ == 0 ? 100 : 100 * bytes / size_bytes_;
    return absl::StrCat("uploading ", TerminalText(name_), "  ", percent, "%  ",
                        BytesText(bytes), " of ", BytesText(size_bytes_), "  ",
                        BytesText(static_cast<int64_t>(rate)), "/s");
  }

  Console& console_;
  std::string name_;
  int64_t size_bytes_;
  absl::Time start_ = absl::Now();
  absl::Time last_ = absl::InfinitePast();
  bool drawn_ = false;
};

// True unless the stream has broken: then its end says why.
absl::StatusOr<bool> WriteAll(UploadCall& call, const UploadSource& source,
                              UploadProgress& progress, absl::Duration stall) {
  std::ifstream file(source.path, std::ios::binary);
  if (!file) {
    return absl::InvalidArgumentError(
        absl::StrCat(TerminalText(source.path), ": can no longer be read"));
  }
  int64_t sent = 0;
  v1::UploadDatasetRequest part;
  std::string& chunk = *part.mutable_chunk();
  while (true) {
    chunk.resize(kChunkBytes);
    file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    chunk.resize(static_cast<size_t>(file.gcount()));
    if (file.bad()) {
      return absl::InvalidArgumentError(
          absl::StrCat(TerminalText(source.path), ": fault while reading"));
    }
    if (chunk.empty()) return true;
    if (!call.Write(part, stall)) return false;
    sent += static_cast<int64_t>(chunk.size());
    progress.Sent(sent);
  }
}

// What goes up: a server that has the bytes answers the header alone.
enum class UploadPart { kHeader, kAll };

absl::StatusOr<v1::Dataset> Upload(Session& session, const UploadSource& source,
                                   const FileHash& hash, UploadPart part,
                                   const UploadLimits& limits) {
  UploadProgress progress(session.console, source.path, hash.size_bytes);
  UploadCall call(*session.connection);
  v1::UploadDatasetRequest header;
  header.mutable_header()->set_sha256(hash.sha256);
  header.mutable_header()->set_size_bytes(hash.size_bytes);
  header.mutable_header()->set_form(source.form);
  header.mutable_header()->set_label(source.label);
  header.mutable_header()->set_shared(source.shared);
  if (call.Write(header, limits.stall) && part == UploadPart::kAll) {
    STEELYARD_RETURN_IF_ERROR(
        WriteAll(call, source, progress, limits.stall).status());
  }
  v1::UploadDatasetResponse answer;
  // The server now brings all bytes to its disk.
  const grpc::Status status = call.Finish(2 * limits.stall, answer);
  STEELYARD_RETURN_IF_ERROR(session.connection->ToStatus(status));
  if (part == UploadPart::kAll) progress.Done();
  return answer.dataset();
}

absl::StatusOr<v1::Dataset> GetDataset(Session& session,
                                       const std::string& name) {
  v1::GetDatasetRequest request;
  request.set_name(name);
  v1::GetDatasetResponse response;
  STEELYARD_RETURN_IF_ERROR(session.connection->Call(
      session.connection->datasets(), &v1::DatasetService::Stub::GetDataset,
      request, response));
  return response.dataset();
}

// Whether what the server has is all that is asked for.
bool Serves(const v1::Dataset& stored, const UploadSource& source) {
  return stored.form() == source.form &&
         (source.label.empty() || stored.label() == source.label) &&
         (!source.shared || stored.shared());
}

}  // namespace

absl::StatusOr<v1::Dataset> PutDataset(Session& session,
                                       const UploadSource& source,
                                       const UploadLimits& limits) {
  STEELYARD_ASSIGN_OR_RETURN(const FileHash hash, HashFile(source.path));
  const std::string name = absl::StrCat("datasets/", hash.sha256);
  Backoff backoff(session.connection->limits());
  while (true) {
    absl::StatusOr<v1::Dataset> stored = GetDataset(session, name);
    if (stored.ok() && Serves(*stored, source)) return stored;
    if (stored.ok()) {
      stored = Upload(session, source, hash, UploadPart::kHeader, limits);
    } else if (absl::IsNotFound(stored.status())) {
      stored = Upload(session, source, hash, UploadPart::kAll, limits);
    }
    if (!absl::IsUnavailable(stored.status()) || !backoff.Wait()) return stored;
    Hint(session.console, "the upload was cut off; trying again");
  }
}

absl::StatusOr<v1::Dataset> AwaitInspection(Session& session,
                                            v1::Dataset dataset,
                                            const UploadLimits& limits) {
  const absl::Time end = absl::Now() + limits.inspection;
  absl::Duration pause = absl::Milliseconds(20);
  while (dataset.state() == v1::DATASET_STATE_PENDING && absl::Now() < end) {
    std::this_thread::sleep_for(absl::ToChronoNanoseconds(pause));
    pause = std::min(2 * pause, absl::Seconds(1));
    STEELYARD_ASSIGN_OR_RETURN(dataset, GetDataset(session, dataset.name()));
  }
  return dataset;
}

}  // namespace steelyard::cli
