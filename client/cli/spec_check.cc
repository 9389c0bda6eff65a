#include "client/cli/spec_check.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/cli/escape.h"
#include "client/cli/file_hash.h"
#include "support/status_macros.h"

namespace steelyard::cli {
namespace {

absl::Status Parse(Session& session, const std::vector<std::string>& sets,
                   SpecDraft& draft) {
  v1::ParseSpecRequest request;
  request.set_text(draft.source.text);
  request.mutable_set()->Assign(sets.begin(), sets.end());
  request.mutable_files()->insert(draft.files.begin(), draft.files.end());
  const absl::Status parsed = session.connection->Call(
      session.connection->runs(), &v1::RunService::Stub::ParseSpec, request,
      draft.parsed, session.connection->limits().write);
  if (absl::IsNotFound(parsed)) {
    return absl::NotFoundError(
        absl::StrCat(TerminalText(draft.source.name), ": ", parsed.message()));
  }
  STEELYARD_RETURN_IF_ERROR(parsed);
  draft.faults.assign(draft.parsed.faults().begin(),
                      draft.parsed.faults().end());
  draft.more_faults = draft.parsed.more_faults();
  return absl::OkStatus();
}

// The first look: what the text says, and whether its files can be read.
absl::Status FirstLook(Session& session, const std::vector<std::string>& sets,
                       SpecDraft& draft) {
  STEELYARD_RETURN_IF_ERROR(Parse(session, sets, draft));
  for (const v1::SpecFile& file : draft.parsed.unresolved_files()) {
    const absl::Status readable =
        CheckReadable(PathFrom(draft.source, file.path()));
    if (!readable.ok()) {
      draft.faults.push_back(FileFault(file, readable.message()));
    }
  }
  return absl::OkStatus();
}

bool HasFaults(const std::vector<SpecDraft>& drafts) {
  return std::any_of(drafts.begin(), drafts.end(), [](const SpecDraft& draft) {
    return !draft.faults.empty();
  });
}

// Errors of one file are faults of the spec that names it; others end it all.
bool IsFileError(const absl::Status& status) {
  return absl::IsNotFound(status) || absl::IsPermissionDenied(status) ||
         absl::IsInvalidArgument(status) || absl::IsFailedPrecondition(status);
}

absl::Status BringFile(Session& session, const v1::SpecFile& file,
                       const UploadLimits& limits, SpecDraft& draft) {
  const UploadSource source = {.path = PathFrom(draft.source, file.path()),
                               .form = file.form()};
  absl::StatusOr<v1::Dataset> dataset = PutDataset(session, source, limits);
  if (dataset.ok()) {
    dataset = AwaitInspection(session, *std::move(dataset), limits);
  }
  if (!dataset.ok() && IsFileError(dataset.status())) {
    draft.faults.push_back(FileFault(file, dataset.status().message()));
    return absl::OkStatus();
  }
  STEELYARD_RETURN_IF_ERROR(dataset.status());
  if (dataset->state() == v1::DATASET_STATE_REJECTED) {
    draft.faults.push_back(
        FileFault(file, absl::StrCat(source.path, ": ", dataset->rejection())));
  }
  if (dataset->state() == v1::DATASET_STATE_PENDING) {
    Warn(
        session.console,
        absl::StrCat(TerminalText(source.path),
                     ": no worker has read it yet; a run that needs it waits"));
  }
  draft.files[file.path()] =
      absl::StrCat("sha256/", absl::StripPrefix(dataset->name(), "datasets/"));
  return absl::OkStatus();
}

// For a dry run: the file counts if the server has it.
absl::Status LookForFile(Session& session, const v1::SpecFile& file,
                         SpecDraft& draft) {
  STEELYARD_ASSIGN_OR_RETURN(const FileHash hash,
                             HashFile(PathFrom(draft.source, file.path())));
  v1::GetDatasetRequest request;
  request.set_name(absl::StrCat("datasets/", hash.sha256));
  v1::GetDatasetResponse response;
  absl::Status found = session.connection->Call(
      session.connection->datasets(), &v1::DatasetService::Stub::GetDataset,
      request, response);
  if (found.ok()) {
    draft.files[file.path()] = absl::StrCat("sha256/", hash.sha256);
    return found;
  }
  if (!absl::IsNotFound(found)) return found;
  Warn(session.console,
       absl::StrCat(TerminalText(draft.source.name), ": ",
                    TerminalText(file.path()),
                    " is not on the server, and a dry run sends nothing: what "
                    "depends on its content was not checked"));
  return absl::OkStatus();
}

absl::Status SecondLook(Session& session, const std::vector<std::string>& sets,
                        MissingFiles missing, const UploadLimits& limits,
                        SpecDraft& draft) {
  // A copy: the next answer overwrites the list.
  const v1::ParseSpecResponse first = draft.parsed;
  for (const v1::SpecFile& file : first.unresolved_files()) {
    STEELYARD_RETURN_IF_ERROR(missing == MissingFiles::kUpload
                                  ? BringFile(session, file, limits, draft)
                                  : LookForFile(session, file, draft));
  }
  if (!draft.faults.empty() || draft.files.empty()) return absl::OkStatus();
  return Parse(session, sets, draft);
}

}  // namespace

absl::Status CheckSpecs(Session& session, const std::vector<std::string>& sets,
                        MissingFiles missing, const UploadLimits& limits,
                        std::vector<SpecDraft>& drafts) {
  for (SpecDraft& draft : drafts) {
    STEELYARD_RETURN_IF_ERROR(FirstLook(session, sets, draft));
  }
  if (HasFaults(drafts)) return absl::OkStatus();
  for (SpecDraft& draft : drafts) {
    STEELYARD_RETURN_IF_ERROR(
        SecondLook(session, sets, missing, limits, draft));
  }
  return absl::OkStatus();
}

bool PrintFaults(Console& console, const std::vector<std::string>& sets,
                 const std::vector<SpecDraft>& drafts) {
  for (const SpecDraft& draft : drafts) {
    std::vector<v1::SpecFault> faults = draft.faults;
    SortFaults(faults);
    for (const v1::SpecFault& fault : faults) {
      console.err << FaultLine(draft.source, sets, fault) << '\n';
    }
    if (draft.more_faults > 0) {
      console.err << TerminalText(draft.source.name) << ": and "
                  << draft.more_faults << " more\n";
    }
  }
  return !HasFaults(drafts);
}

}  // namespace steelyard::cli
