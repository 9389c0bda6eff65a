#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/cli/commands.h"
#include "client/cli/dataset_text.h"
#include "client/cli/escape.h"
#include "client/cli/json.h"
#include "support/status_macros.h"

// data put, data ls, data show.
namespace steelyard::cli {
namespace {

void HintState(Console& console, const UploadSource& source,
               const v1::Dataset& dataset) {
  if (dataset.state() == v1::DATASET_STATE_PENDING) {
    Warn(console, absl::StrCat(TerminalText(source.path),
                               ": stored, but no worker has read it yet"));
  } else {
    Hint(console, absl::StrCat(TerminalText(source.path), ": ",
                               TerminalText(SummaryText(dataset))));
  }
}

// Whether it is about the file, which the server does not know by its name.
bool IsOfFile(const absl::Status& status) {
  return absl::IsInvalidArgument(status) ||
         absl::IsFailedPrecondition(status) ||
         absl::IsResourceExhausted(status) || absl::IsAlreadyExists(status);
}

absl::StatusOr<v1::Dataset> PutOne(Session& session, const UploadSource& source,
                                   const UploadLimits& limits) {
  absl::StatusOr<v1::Dataset> put = PutDataset(session, source, limits);
  if (put.ok()) put = AwaitInspection(session, *std::move(put), limits);
  const std::string file = TerminalText(source.path);
  if (IsOfFile(put.status()) &&
      !absl::StartsWith(put.status().message(), file)) {
    return absl::Status(put.status().code(),
                        absl::StrCat(file, ": ", put.status().message()));
  }
  STEELYARD_ASSIGN_OR_RETURN(v1::Dataset dataset, std::move(put));
  if (dataset.state() == v1::DATASET_STATE_REJECTED) {
    return absl::InvalidArgumentError(absl::StrCat(
        TerminalText(source.path), ": ", TerminalText(dataset.rejection())));
  }
  return dataset;
}

absl::StatusOr<std::vector<v1::Dataset>> ReadDatasets(Session& session) {
  std::vector<v1::Dataset> datasets;
  v1::ListDatasetsRequest request;
  request.set_page_size(1000);
  do {
    v1::ListDatasetsResponse response;
    STEELYARD_RETURN_IF_ERROR(session.connection->Call(
        session.connection->datasets(), &v1::DatasetService::Stub::ListDatasets,
        request, response));
    for (v1::Dataset& dataset : *response.mutable_datasets()) {
      datasets.push_back(std::move(dataset));
    }
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return datasets;
}

absl::StatusOr<v1::Dataset> GetDataset(Session& session,
                                       absl::string_view label) {
  v1::GetDatasetRequest request;
  request.set_name(absl::StrCat("datasets/", label));
  v1::GetDatasetResponse response;
  STEELYARD_RETURN_IF_ERROR(session.connection->Call(
      session.connection->datasets(), &v1::DatasetService::Stub::GetDataset,
      request, response));
  return response.dataset();
}

// Long enough that nobody means a name by it.
bool IsHashPrefix(absl::string_view text) {
  constexpr size_t kLeastDigits = 6;
  return text.size() >= kLeastDigits &&
         text.find_first_not_of("0123456789abcdef") == absl::string_view::npos;
}

// `not_found` when no dataset's hash begins so.
absl::StatusOr<v1::Dataset> FindByPrefix(Session& session,
                                         absl::string_view prefix,
                                         const absl::Status& not_found) {
  STEELYARD_ASSIGN_OR_RETURN(const std::vector<v1::Dataset> datasets,
                             ReadDatasets(session));
  std::vector<const v1::Dataset*> found;
  for (const v1::Dataset& dataset : datasets) {
    if (absl::StartsWith(dataset.name(), absl::StrCat("datasets/", prefix))) {
      found.push_back(&dataset);
    }
  }
  if (found.empty()) return not_found;
  // A list has no first rows.
  if (found.size() == 1) {
    return GetDataset(session,
                      absl::StripPrefix(found.front()->name(), "datasets/"));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("dataset: want more digits, got ", prefix, ", with which ",
                   found.size(), " begin"));
}

}  // namespace

ExitCode PutDatasets(Session& session, const PutDatasetsOptions& options) {
  Console& console = session.console;
  ExitCode worst = ExitCode::kDone;
  for (const UploadSource& source : options.sources) {
    const absl::StatusOr<v1::Dataset> dataset =
        PutOne(session, source, options.limits);
    if (!dataset.ok()) {
      worst = std::max(worst, Fail(console, dataset.status()));
      continue;
    }
    console.out << (options.json ? MessageJson(*dataset)
                                 : TerminalText(dataset->name()))
                << std::endl;
    HintState(console, source, *dataset);
  }
  return worst;
}

ExitCode ListDatasets(Session& session, bool json) {
  Console& console = session.console;
  const absl::StatusOr<std::vector<v1::Dataset>> datasets =
      ReadDatasets(session);
  if (!datasets.ok()) return Fail(console, datasets.status());
  if (json) {
    for (const v1::Dataset& dataset : *datasets) {
      console.out << MessageJson(dataset) << '\n';
    }
  } else if (!datasets->empty()) {
    console.out << DatasetTable(*datasets, ViewerOf(console));
  }
  if (datasets->empty()) {
    Hint(console, absl::StrCat("no datasets; store one: ",
                               NextCommand(session, "data put FILE")));
  }
  return ExitCode::kDone;
}

ExitCode ShowDataset(Session& session, const std::string& name, bool json) {
  Console& console = session.console;
  absl::string_view label = name;
  absl::ConsumePrefix(&label, "datasets/");
  absl::ConsumePrefix(&label, "sha256/");
  absl::StatusOr<v1::Dataset> dataset = GetDataset(session, label);
  if (absl::IsNotFound(dataset.status()) && IsHashPrefix(label)) {
    dataset = FindByPrefix(session, label, dataset.status());
  }
  if (absl::IsNotFound(dataset.status())) {
    return Fail(
        console,
        absl::NotFoundError(absl::StrCat(
            "dataset: want one of your own, or the hash of a shared one, got ",
            TerminalText(name),
            "; see them: ", NextCommand(session, "data ls"))));
  }
  if (!dataset.ok()) return Fail(console, dataset.status());
  if (json) {
    console.out << MessageJson(*dataset) << '\n';
  } else {
    console.out << DatasetText(*dataset, ViewerOf(console));
  }
  return ExitCode::kDone;
}

}  // namespace steelyard::cli
