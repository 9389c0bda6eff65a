#include "server/submission.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/names.h"
#include "server/spec_defaults.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

constexpr size_t kRequestIdBytes = 63;
constexpr size_t kHostBytes = 255;
constexpr size_t kProgramBytes = 63;

void CheckLength(const char* field, const std::string& value, size_t limit,
                 std::vector<FieldFault>* faults) {
  if (value.size() <= limit) return;
  faults->push_back({field, absl::StrCat("want at most ", limit, " bytes, got ",
                                         value.size())});
}

// It is told again in errors and logs.
void CheckRequestId(const std::string& id, std::vector<FieldFault>* faults) {
  CheckLength("request_id", id, kRequestIdBytes, faults);
  if (std::all_of(id.begin(), id.end(),
                  [](unsigned char c) { return absl::ascii_isprint(c); })) {
    return;
  }
  faults->push_back(
      {"request_id",
       absl::StrCat("want printable ASCII characters, got ", Quoted(id))});
}

// A spec's faults as faults of a request that holds it.
void AddSpecFaults(const std::vector<Fault>& spec_faults,
                   std::vector<FieldFault>* faults) {
  for (const Fault& fault : spec_faults) {
    faults->push_back(
        {fault.path.empty() ? "spec" : absl::StrCat("spec.", fault.path),
         fault.message});
  }
}

std::vector<FieldFault> RequestFaults(const v1::SubmitRunRequest& request,
                                      const SpecLimits& limits) {
  std::vector<FieldFault> faults;
  CheckRequestId(request.request_id(), &faults);
  const v1::Submitter& from = request.submitter();
  CheckLength("submitter.host", from.host(), kHostBytes, &faults);
  CheckLength("submitter.program", from.program(), kProgramBytes, &faults);
  CheckLength("submitter.program_version", from.program_version(),
              kProgramBytes, &faults);
  AddSpecFaults(CheckSpec(request.spec(), limits), &faults);
  return faults;
}

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

// The answer when datasets are missing: of SubmitRun, and of ParseSpec, which
// knows where they stand in the text.
absl::Status NotFound(const std::vector<Fault>& missing,
                      const SpecPlaces& places) {
  std::vector<FieldFault> faults;
  AddSpecFaults(missing, &faults);
  for (size_t i = 0; i < missing.size(); ++i) {
    v1::SpecFault place;
    places.Place(missing[i].path, &place);
    if (place.line() == 0) continue;
    absl::StrAppend(&faults[i].description, " (line ", place.line(),
                    ", column ", place.column(), ")");
  }
  return WithFaults(absl::NotFoundError(BadRequestError(faults).message()),
                    faults);
}

// What of a spec that has other faults already is missing besides; what is no
// name of a dataset is one of these.
absl::StatusOr<std::vector<Fault>> FindMissing(storage::Reader& reader,
                                               const std::string& user,
                                               v1::RunSpec spec) {
  std::vector<Fault> missing;
  for (const DatasetUse& use : DatasetsOf(&spec)) {
    if (use.dataset->empty()) continue;
    const absl::Status found = FindDataset(reader, user, *use.dataset).status();
    if (absl::IsNotFound(found)) {
      missing.push_back(Missing(use));
    } else if (!found.ok() && !absl::IsInvalidArgument(found)) {
      return found;
    }
  }
  return missing;
}

// The store asks again when it adds the run: here it is so that nothing else is
// submitted before.
absl::Status CheckExperiment(storage::Reader& reader, const std::string& user,
                             const std::string& name) {
  const absl::StatusOr<storage::ExperimentRow> row = reader.GetExperiment(name);
  if (absl::IsNotFound(row.status())) return absl::OkStatus();
  STEELYARD_RETURN_IF_ERROR(row.status());
  if (row->owner.empty() || row->owner == user || row->shared) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(
      absl::StrCat("experiment: want one of your own or a shared one, got \"",
                   name, "\", which is ", row->owner, "'s"));
}

// What is known of a dataset that no worker has read yet is its form, which
// CheckAgainstSummaries compares first; the rest waits for the worker.
bool IsInspected(const storage::DatasetRow& row) {
  return row.state == storage::DatasetState::kReady;
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

}  // namespace

SpecLimits ToSpecLimits(const v1::Limits& limits) {
  SpecLimits result;
  result.text_bytes = limits.spec_text_bytes();
  result.depth = limits.spec_depth();
  result.nodes = limits.spec_nodes();
  result.inline_data_bytes = limits.inline_data_bytes();
  result.labels = limits.labels_per_run();
  result.samples = limits.samples_per_run();
  result.metrics = limits.metrics_per_run();
  return result;
}

absl::StatusOr<NormalizedSpec> Normalize(storage::Reader& reader,
                                         const std::string& user,
                                         const v1::RunSpec& spec) {
  NormalizedSpec result;
  result.spec = spec;
  FillDefaults(&result.spec);
  STEELYARD_RETURN_IF_ERROR(
      CheckExperiment(reader, user, result.spec.experiment()));
  std::map<std::string, KnownDataset> known;
  for (const DatasetUse& use : DatasetsOf(&result.spec)) {
    const absl::StatusOr<storage::DatasetRow> row =
        FindDataset(reader, user, *use.dataset);
    if (absl::IsNotFound(row.status())) {
      result.missing.push_back(Missing(use));
      continue;
    }
    if (!row.ok()) return row.status();
    *use.dataset = FormatDatasetReference(row->sha256);
    if (std::find(result.datasets.begin(), result.datasets.end(),
                  row->sha256) == result.datasets.end()) {
      result.datasets.push_back(row->sha256);
    }
    if (IsInspected(*row)) {
      STEELYARD_RETURN_IF_ERROR(AddKnown(*row, *use.dataset, &known));
    }
  }
  result.faults = CheckAgainstSummaries(result.spec, known);
  return result;
}

absl::StatusOr<storage::AddRun> CheckSubmission(
    storage::Reader& reader, const Caller& caller, const v1::Limits& limits,
    const v1::SubmitRunRequest& request) {
  std::vector<FieldFault> faults = RequestFaults(request, ToSpecLimits(limits));
  if (!faults.empty()) {
    STEELYARD_ASSIGN_OR_RETURN(
        const std::vector<Fault> missing,
        FindMissing(reader, caller.user, request.spec()));
    AddSpecFaults(missing, &faults);
    return BadRequestError(faults);
  }
  STEELYARD_ASSIGN_OR_RETURN(NormalizedSpec normalized,
                             Normalize(reader, caller.user, request.spec()));
  AddSpecFaults(normalized.missing, &faults);
  if (!faults.empty() && normalized.faults.empty()) {
    return WithFaults(absl::NotFoundError(BadRequestError(faults).message()),
                      faults);
  }
  AddSpecFaults(normalized.faults, &faults);
  if (!faults.empty()) return BadRequestError(faults);
  storage::AddRun change;
  change.experiment = normalized.spec.experiment();
  change.name = normalized.spec.name();
  change.submitted_spec = SerializeSpec(request.spec());
  change.spec = SerializeSpec(normalized.spec);
  change.labels.assign(normalized.spec.labels().begin(),
                       normalized.spec.labels().end());
  // A map has no order; equal submissions make equal changes.
  std::sort(change.labels.begin(), change.labels.end());
  change.datasets = std::move(normalized.datasets);
  change.user = caller.user;
  change.host = request.submitter().host();
  change.program = request.submitter().program();
  change.program_version = request.submitter().program_version();
  change.request_id = request.request_id();
  return change;
}

absl::StatusOr<v1::ParseSpecResponse> CheckText(
    storage::Reader& reader, const Caller& caller, const v1::Limits& limits,
    const v1::ParseSpecRequest& request) {
  const SpecLimits spec_limits = ToSpecLimits(limits);
  ParsedSpec parsed = ParseSpec(request, spec_limits);
  if (!parsed.ok()) {
    STEELYARD_ASSIGN_OR_RETURN(
        const std::vector<Fault> missing,
        FindMissing(reader, caller.user, parsed.response.spec()));
    AddFaults(missing, spec_limits, &parsed);
    return std::move(parsed.response);
  }
  STEELYARD_ASSIGN_OR_RETURN(
      NormalizedSpec normalized,
      Normalize(reader, caller.user, parsed.response.spec()));
  if (!normalized.missing.empty() && normalized.faults.empty()) {
    return NotFound(normalized.missing, parsed.places);
  }
  AddFaults(normalized.missing, spec_limits, &parsed);
  AddFaults(normalized.faults, spec_limits, &parsed);
  if (parsed.ok()) {
    *parsed.response.mutable_normalized_spec() = std::move(normalized.spec);
  }
  return std::move(parsed.response);
}

}  // namespace steelyard::server
