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
  UploadProgress(Console& console, absl::string_view path, int64_t size_bytes,
                 int64_t offset_bytes)
      : console_(console),
        name_(FileName(path)),
        size_bytes_(size_bytes),
        offset_bytes_(offset_bytes) {}

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
                                BytesText(size_bytes_),
                                offset_bytes_ > 0 ? " in all" : ""));
  }

  ~UploadProgress() {
    if (drawn_) console_.err << std::flush;
  }
  UploadProgress(const UploadProgress&) = delete;
  UploadProgress& operator=(const UploadProgress&) = delete;

 private:
  std::string Text(int64_t bytes, absl::Time now) const {
    const double seconds = absl::ToDoubleSeconds(now - start_);
    const double rate =
        seconds > 0 ? static_cast<double>(bytes - offset_bytes_) / seconds : 0;
    const int64_t percent = size_bytes_ == 0 ? 100 : 100 * bytes / size_bytes_;
    return absl::StrCat("uploading ", TerminalText(name_), "  ", percent, "%  ",
                        BytesText(bytes), " of ", BytesText(size_bytes_), "  ",
                        BytesText(static_cast<int64_t>(rate)), "/s");
  }

  Console& console_;
  std::string name_;
  int64_t size_bytes_;
  int64_t offset_bytes_;  // that the server had
  absl::Time start_ = absl::Now();
  absl::Time last_ = absl::InfinitePast();
  bool drawn_ = false;
};

// True unless the stream has broken: then its end says why.
absl::StatusOr<bool> WriteAll(UploadCall& call, const UploadSource& source,
                              int64_t offset_bytes, UploadProgress& progress,
                              absl::Duration stall) {
  std::ifstream file(source.path, std::ios::binary);
  if (!file || !file.seekg(offset_bytes)) {
    return absl::InvalidArgumentError(
        absl::StrCat(TerminalText(source.path), ": can no longer be read"));
  }
  int64_t sent = offset_bytes;
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

// Whether what the server has is all that is asked for.  What was rejected is
// read once more: it may have been for another cause than its content.
bool Serves(const v1::Dataset& stored, const UploadSource& source) {
  return stored.state() != v1::DATASET_STATE_REJECTED &&
         stored.form() == source.form &&
         (source.label.empty() || stored.label() == source.label) &&
         (!source.shared || stored.shared());
}

// A server that stops cancels its calls.
bool IsBreak(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsCancelled(status);
}

// What goes up: a server that has the bytes answers the header alone.
enum class UploadPart { kHeader, kAll };

// One file on its way to the server, over as many calls as that takes.
class FileUpload {
 public:
  FileUpload(Session& session, const UploadSource& source, FileHash hash,
             const UploadLimits& limits)
      : session_(session),
        source_(source),
        hash_(std::move(hash)),
        limits_(limits),
        backoff_(session.connection->limits()) {}

  absl::StatusOr<v1::Dataset> Run() {
    while (true) {
      absl::StatusOr<v1::Dataset> stored = Try();
      if (stored.ok()) return stored;
      if (offset_bytes_ > 0 && IsRefusal(stored.status())) {
        // Only once: the next call begins at 0.
        may_continue_ = false;
        Hint(session_.console,
             "what the server had of the file does not fit; sending all of it");
        continue;
      }
      if (!IsBreak(stored.status()) || !backoff_.Wait()) return stored;
      Hint(session_.console, "the upload was cut off; trying again");
    }
  }

 private:
  static bool IsRefusal(const absl::Status& status) {
    return absl::IsInvalidArgument(status) ||
           absl::IsFailedPrecondition(status);
  }

  absl::StatusOr<v1::Dataset> Try() {
    offset_bytes_ = 0;
    absl::StatusOr<v1::Dataset> stored =
        GetDataset(session_, absl::StrCat("datasets/", hash_.sha256));
    if (stored.ok()) {
      return Serves(*stored, source_) ? stored : Send(UploadPart::kHeader);
    }
    if (!absl::IsNotFound(stored.status())) return stored;
    STEELYARD_ASSIGN_OR_RETURN(offset_bytes_, FindOffset());
    return Send(UploadPart::kAll);
  }

  // Where to begin.  Waits for another call that adds to the same upload, as
  // long as it gets on.
  absl::StatusOr<int64_t> FindOffset() {
    CallLimits busy = session_.connection->limits();
    busy.retry = limits_.busy;
    Backoff pause(busy);
    while (may_continue_) {
      STEELYARD_ASSIGN_OR_RETURN(const v1::Upload upload, GetUpload());
      if (upload.received_bytes() > held_bytes_) {
        held_bytes_ = upload.received_bytes();
        backoff_ = Backoff(session_.connection->limits());
        pause = Backoff(busy);
      }
      if (!upload.under_way()) return upload.received_bytes();
      if (!pause.Wait()) break;
    }
    return 0;
  }

  // Empty when the server has nothing of it, or knows no such call.
  absl::StatusOr<v1::Upload> GetUpload() {
    v1::GetUploadRequest request;
    request.set_name(absl::StrCat("uploads/", hash_.sha256));
    v1::GetUploadResponse response;
    const absl::Status status = session_.connection->Call(
        session_.connection->datasets(), &v1::DatasetService::Stub::GetUpload,
        request, response);
    if (absl::IsNotFound(status) || absl::IsUnimplemented(status)) {
      return v1::Upload();
    }
    STEELYARD_RETURN_IF_ERROR(status);
    return response.upload();
  }

  absl::StatusOr<v1::Dataset> Send(UploadPart part) {
    UploadProgress progress(session_.console, source_.path, hash_.size_bytes,
                            offset_bytes_);
    UploadCall call(*session_.connection);
    v1::UploadDatasetRequest header;
    header.mutable_header()->set_sha256(hash_.sha256);
    header.mutable_header()->set_size_bytes(hash_.size_bytes);
    header.mutable_header()->set_form(source_.form);
    header.mutable_header()->set_label(source_.label);
    header.mutable_header()->set_shared(source_.shared);
    header.mutable_header()->set_offset_bytes(offset_bytes_);
    if (offset_bytes_ > 0) {
      Hint(
          session_.console,
          absl::StrCat("continuing ", TerminalText(FileName(source_.path)),
                       ", of which the server has ", BytesText(offset_bytes_)));
    }
    if (call.Write(header, limits_.stall) && part == UploadPart::kAll) {
      STEELYARD_RETURN_IF_ERROR(
          WriteAll(call, source_, offset_bytes_, progress, limits_.stall)
              .status());
    }
    v1::UploadDatasetResponse answer;
    // The server now brings all bytes to its disk.
    const grpc::Status status = call.Finish(2 * limits_.stall, answer);
    STEELYARD_RETURN_IF_ERROR(session_.connection->ToStatus(status));
    if (part == UploadPart::kAll) progress.Done();
    return answer.dataset();
  }

  Session& session_;
  const UploadSource& source_;
  const FileHash hash_;
  const UploadLimits& limits_;
  Backoff backoff_;
  bool may_continue_ = true;
  int64_t held_bytes_ = 0;    // the most that the server was seen to have
  int64_t offset_bytes_ = 0;  // where the last call began
};

}  // namespace

absl::StatusOr<v1::Dataset> PutDataset(Session& session,
                                       const UploadSource& source,
                                       const UploadLimits& limits) {
  STEELYARD_ASSIGN_OR_RETURN(FileHash hash, HashFile(source.path));
  return FileUpload(session, source, std::move(hash), limits).Run();
}

absl::StatusOr<v1::Dataset> AwaitInspection(Session& session,
                                            v1::Dataset dataset,
                                            const UploadLimits& limits) {
  const absl::Time end = absl::Now() + limits.inspection;
  absl::Duration pause = absl::Milliseconds(20);
  // A server that is started anew reads the file all the same.
  Backoff backoff(session.connection->limits());
  while (dataset.state() == v1::DATASET_STATE_PENDING && absl::Now() < end) {
    std::this_thread::sleep_for(absl::ToChronoNanoseconds(pause));
    pause = std::min(2 * pause, absl::Seconds(1));
    absl::StatusOr<v1::Dataset> now = GetDataset(session, dataset.name());
    if (now.ok()) {
      dataset = *std::move(now);
      backoff = Backoff(session.connection->limits());
    } else if (!IsBreak(now.status()) || !backoff.Wait()) {
      return now.status();
    }
  }
  return dataset;
}

}  // namespace steelyard::cli
