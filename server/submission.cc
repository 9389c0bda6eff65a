#include "server/submission.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/names.h"
#include "server/spec_datasets.h"
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

// Of all but the spec.
std::vector<FieldFault> RequestFaults(const v1::SubmitRunRequest& request) {
  std::vector<FieldFault> faults;
  CheckRequestId(request.request_id(), &faults);
  const v1::Submitter& from = request.submitter();
  CheckLength("submitter.host", from.host(), kHostBytes, &faults);
  CheckLength("submitter.program", from.program(), kProgramBytes, &faults);
  CheckLength("submitter.program_version", from.program_version(),
              kProgramBytes, &faults);
  return faults;
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

// The places of the faults of a text that has some.
std::vector<std::string> PathsOf(const v1::ParseSpecResponse& response) {
  std::vector<std::string> paths;
  for (const v1::SpecFault& fault : response.faults()) {
    paths.push_back(fault.path());
  }
  // Those that are not named may be anywhere.
  if (response.more_faults() > 0) paths.emplace_back();
  return paths;
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
  STEELYARD_ASSIGN_OR_RETURN(SpecDatasets found,
                             FindDatasets(reader, user, &result.spec));
  result.datasets = std::move(found.hashes);
  result.missing = std::move(found.missing);
  result.faults = std::move(found.rejected);
  const std::vector<Fault> unfit =
      CheckAgainstSummaries(result.spec, found.known);
  result.faults.insert(result.faults.end(), unfit.begin(), unfit.end());
  return result;
}

absl::StatusOr<storage::AddRun> CheckSubmission(
    storage::Reader& reader, const Caller& caller, const v1::Limits& limits,
    const v1::SubmitRunRequest& request) {
  std::vector<FieldFault> faults = RequestFaults(request);
  const std::vector<Fault> of_spec =
      CheckSpec(request.spec(), ToSpecLimits(limits));
  AddSpecFaults(of_spec, &faults);
  if (!faults.empty()) {
    std::vector<std::string> said;
    said.reserve(of_spec.size());
    for (const Fault& fault : of_spec) said.push_back(fault.path);
    STEELYARD_ASSIGN_OR_RETURN(
        const std::vector<Fault> others,
        OtherDatasetFaults(reader, caller.user, request.spec(), said));
    AddSpecFaults(others, &faults);
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
        const std::vector<Fault> others,
        OtherDatasetFaults(reader, caller.user, parsed.response.spec(),
                           PathsOf(parsed.response)));
    AddFaults(others, spec_limits, &parsed);
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
