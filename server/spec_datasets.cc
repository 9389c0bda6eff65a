#include "server/spec_datasets.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/bad_request.h"
#include "server/names.h"
#include "server/spec_defaults.h"
#include "server/spec_path.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

// What a spec's word for a dataset stands for, to this user.
absl::StatusOr<storage::DatasetRow> FindDataset(storage::Reader& reader,
                                                const std::string& user,
                                                const std::string& word) {
  STEELYARD_ASSIGN_OR_RETURN(const DatasetName name,
                             ParseDatasetReference(word));
  return name.label.empty() ? reader.GetDataset(name.sha256, user)
                            : reader.GetDatasetByLabel(name.label, user);
}

Fault Missing(const DatasetUse& use) {
  return {.path = use.path,
          .message = absl::StrCat(
              "want a dataset of your own or a shared one by its hash, got ",
              Quoted(*use.dataset),
              ", which is neither; upload it (steelyard data put)")};
}

Fault Rejected(const DatasetUse& use, const storage::DatasetRow& row) {
  return {.path = use.path,
          .message = absl::StrCat("want a dataset that workers can read, got ",
                                  Quoted(*use.dataset),
                                  ", which was rejected: ", row.rejection)};
}

absl::Status AddKnown(const storage::DatasetRow& row, const std::string& word,
                      std::map<std::string, KnownDataset>* known) {
  KnownDataset dataset{.form = static_cast<v1::DatasetForm>(row.form),
                       .summary = {}};
  if (!dataset.summary.ParseFromString(row.summary)) {
    return absl::DataLossError(
        absl::StrCat(word, ": the stored summary can't be read"));
  }
  known->emplace(word, std::move(dataset));
  return absl::OkStatus();
}

absl::Status AddFound(const storage::DatasetRow& row, const DatasetUse& use,
                      SpecDatasets* found) {
  const std::string word = FormatDatasetReference(row.sha256);
  if (row.state == storage::DatasetState::kRejected) {
    found->rejected.push_back(Rejected(use, row));
  }
  *use.dataset = word;
  if (std::find(found->hashes.begin(), found->hashes.end(), row.sha256) ==
      found->hashes.end()) {
    found->hashes.push_back(row.sha256);
  }
  if (row.state != storage::DatasetState::kReady) return absl::OkStatus();
  return AddKnown(row, word, &found->known);
}

// Whether what is wrong at `path` may change what the labels are, or the rows
// that are trained on.
bool IsAboutTraining(const std::string& path) {
  const std::string first = path.substr(0, path.find_first_of(".["));
  return first.empty() || first == "data" || first == "loss";
}

// A test set that is wrong somewhere, else the path itself.
std::string Widened(const std::string& path) {
  const absl::StatusOr<std::vector<PathStep>> steps = ParsePath(path);
  if (!steps.ok() || steps->size() < 2 || (*steps)[0].name != "test_sets") {
    return path;
  }
  return KeyPath("test_sets", (*steps)[1].name);
}

}  // namespace

absl::StatusOr<SpecDatasets> FindDatasets(storage::Reader& reader,
                                          const std::string& user,
                                          v1::RunSpec* spec) {
  SpecDatasets found;
  for (const DatasetUse& use : DatasetsOf(spec)) {
    if (use.dataset->empty()) continue;
    const absl::StatusOr<storage::DatasetRow> row =
        FindDataset(reader, user, *use.dataset);
    if (row.ok()) {
      STEELYARD_RETURN_IF_ERROR(AddFound(*row, use, &found));
    } else if (absl::IsNotFound(row.status())) {
      found.missing.push_back(Missing(use));
    } else if (!absl::IsInvalidArgument(row.status())) {
      return row.status();
    }
  }
  return found;
}

absl::StatusOr<std::vector<Fault>> OtherDatasetFaults(
    storage::Reader& reader, const std::string& user, v1::RunSpec spec,
    std::vector<std::string> said) {
  STEELYARD_ASSIGN_OR_RETURN(SpecDatasets found,
                             FindDatasets(reader, user, &spec));
  std::vector<Fault> faults = std::move(found.missing);
  faults.insert(faults.end(), found.rejected.begin(), found.rejected.end());
  if (std::any_of(said.begin(), said.end(), IsAboutTraining)) return faults;
  FillDefaults(&spec);
  for (std::string& path : said) path = Widened(path);
  const SettledPaths settled(said);
  for (Fault& fault : CheckAgainstSummaries(spec, found.known)) {
    if (!settled.Has(fault.path)) faults.push_back(std::move(fault));
  }
  return faults;
}

}  // namespace steelyard::server
