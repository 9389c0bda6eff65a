#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/artifact_text.h"
#include "client/cli/commands.h"
#include "client/cli/download_call.h"
#include "client/cli/escape.h"
#include "client/cli/file_hash.h"
#include "client/cli/json.h"
#include "client/cli/number_text.h"
#include "client/cli/output_file.h"
#include "support/status_macros.h"

// artifact ls, artifact get.
namespace steelyard::cli {
namespace {

constexpr char kStdout[] = "-";

absl::StatusOr<std::vector<v1::Artifact>> ReadArtifacts(
    Session& session, const std::string& run) {
  std::vector<v1::Artifact> artifacts;
  v1::ListArtifactsRequest request;
  request.set_parent(run);
  request.set_page_size(1000);
  do {
    v1::ListArtifactsResponse response;
    STEELYARD_RETURN_IF_ERROR(
        NamingRun(session, run,
                  session.connection->Call(session.connection->runs(),
                                           &v1::RunService::Stub::ListArtifacts,
                                           request, response)));
    for (v1::Artifact& artifact : *response.mutable_artifacts()) {
      artifacts.push_back(std::move(artifact));
    }
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return artifacts;
}

// A run that does not exist is named by FindRun or here; of one that does the
// server's own words name the artifact.
absl::Status NamingArtifact(const Session& session, const std::string& run,
                            const std::string& artifact,
                            const absl::Status& status) {
  if (!absl::IsNotFound(status)) return status;
  const std::string typed = TerminalText(TypedRunName(run));
  return absl::NotFoundError(
      absl::StrCat("artifact: want one of a run that the server has, got ",
                   TerminalText(artifact), " of run ", typed, "; see them: ",
                   NextCommand(session, absl::StrCat("artifact ls ", typed))));
}

// What the whole turned out to be, beside what was announced.
absl::Status CheckWhole(const v1::Artifact& announced, int64_t size_bytes,
                        const std::string& sha256) {
  if (announced.size_bytes() == size_bytes && announced.sha256() == sha256) {
    return absl::OkStatus();
  }
  return absl::DataLossError(absl::StrCat(
      TerminalText(ArtifactId(announced.name())), ": want ",
      announced.size_bytes(), " bytes of sha256/",
      TerminalText(announced.sha256()), " as the server announced, got ",
      size_bytes, " bytes of sha256/", sha256));
}

// Waits for the next part in small stretches, so that Ctrl-C is heard.
absl::StatusOr<bool> ReadPart(Session& session, DownloadCall& call,
                              absl::Duration stall) {
  constexpr absl::Duration kStretch = absl::Milliseconds(100);
  const absl::Time end = absl::Now() + stall;
  while (!session.console.interrupt.raised()) {
    switch (call.Read(kStretch)) {
      case DownloadCall::Next::kPart:
        return true;
      case DownloadCall::Next::kEnd:
        STEELYARD_RETURN_IF_ERROR(session.connection->ToStatus(call.status()));
        return false;
      case DownloadCall::Next::kNothing:
        break;
    }
    if (absl::Now() > end) {
      return absl::DeadlineExceededError(
          "the server sends no more bytes of the artifact");
    }
  }
  return absl::CancelledError("interrupted");
}

// Hands all bytes to `write`, and compares them with what was announced.
absl::StatusOr<v1::Artifact> Download(
    Session& session, const v1::GetArtifactRequest& request,
    absl::Duration stall,
    const std::function<absl::Status(absl::string_view)>& write) {
  DownloadCall call(*session.connection, request);
  v1::Artifact announced;
  Sha256Hash hash;
  int64_t size_bytes = 0;
  while (true) {
    STEELYARD_ASSIGN_OR_RETURN(const bool more, ReadPart(session, call, stall));
    if (!more) break;
    const v1::GetArtifactResponse& part = call.part();
    if (part.has_artifact()) announced = part.artifact();
    hash.Add(part.chunk());
    size_bytes += static_cast<int64_t>(part.chunk().size());
    STEELYARD_RETURN_IF_ERROR(write(part.chunk()));
  }
  STEELYARD_RETURN_IF_ERROR(CheckWhole(announced, size_bytes, hash.Hex()));
  return announced;
}

absl::Status WriteOut(Console& console, absl::string_view bytes) {
  console.out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return console.out.good()
             ? absl::OkStatus()
             : absl::UnknownError("standard output: cannot be written");
}

absl::Status Fetch(Session& session, const std::string& run,
                   const GetArtifactOptions& options) {
  v1::GetArtifactRequest request;
  request.set_name(absl::StrCat(run, "/artifacts/", options.artifact));
  if (options.file == kStdout) {
    return NamingArtifact(
        session, run, options.artifact,
        Download(session, request, options.stall, [&](absl::string_view bytes) {
          return WriteOut(session.console, bytes);
        }).status());
  }
  // Without a name of the user's own nothing of his is overwritten.
  const bool named = !options.file.empty();
  const std::string& path = named ? options.file : options.artifact;
  STEELYARD_ASSIGN_OR_RETURN(
      const std::unique_ptr<OutputFile> file,
      OutputFile::Open(path, named ? OutputFile::IfThere::kReplace
                                   : OutputFile::IfThere::kRefuse));
  const absl::StatusOr<v1::Artifact> artifact =
      Download(session, request, options.stall,
               [&](absl::string_view bytes) { return file->Write(bytes); });
  STEELYARD_RETURN_IF_ERROR(
      NamingArtifact(session, run, options.artifact, artifact.status()));
  STEELYARD_RETURN_IF_ERROR(file->Keep());
  session.console.out << TerminalText(path) << '\n';
  Hint(session.console, absl::StrCat("fetched ", options.artifact, ", ",
                                     BytesText(artifact->size_bytes())));
  return absl::OkStatus();
}

}  // namespace

ExitCode ListArtifacts(Session& session, const ListArtifactsOptions& options) {
  Console& console = session.console;
  const absl::StatusOr<std::string> run = FindRun(session, options.run);
  if (!run.ok()) return Fail(console, run.status());
  const absl::StatusOr<std::vector<v1::Artifact>> artifacts =
      ReadArtifacts(session, *run);
  if (!artifacts.ok()) return Fail(console, artifacts.status());
  if (options.json) {
    for (const v1::Artifact& artifact : *artifacts) {
      console.out << MessageJson(artifact) << '\n';
    }
  } else if (!artifacts->empty()) {
    console.out << ArtifactTable(*artifacts, ViewerOf(console));
  }
  if (artifacts->empty()) {
    Hint(console,
         absl::StrCat(
             "no artifacts: a run gives them at its end; how it stands: ",
             NextCommand(session, absl::StrCat("show ", ShortRunName(*run)))));
  }
  return ExitCode::kDone;
}

ExitCode GetArtifact(Session& session, const GetArtifactOptions& options) {
  Console& console = session.console;
  const Interrupt::Watch watch(console.interrupt);
  const absl::StatusOr<std::string> run = FindRun(session, options.run);
  if (!run.ok()) return Fail(console, run.status());
  const absl::Status fetched = Fetch(session, *run, options);
  if (console.interrupt.raised()) return ExitCode::kInterrupted;
  return fetched.ok() ? ExitCode::kDone : Fail(console, fetched);
}

}  // namespace steelyard::cli
