// Any text, with any changes, has an answer; an accepted spec stays accepted.
//
// The input: a spec's text, then changes (`--set`), separated by zero bytes.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "server/spec_defaults.h"
#include "server/spec_yaml.h"
#include "support/check.h"

namespace steelyard::server {
namespace {

// A file is resolved when its name begins with "r", so that both ways are gone.
void AddFiles(const v1::ParseSpecResponse& response,
              v1::ParseSpecRequest* request) {
  for (const v1::SpecFile& file : response.unresolved_files()) {
    if (file.path()[0] != 'r') continue;
    (*request->mutable_files())[file.path()] = "sha256/" + std::string(64, 'a');
  }
}

void CheckFaults(const v1::ParseSpecResponse& response,
                 const SpecLimits& limits) {
  STEELYARD_CHECK(response.faults_size() <= limits.faults);
  for (const v1::SpecFault& fault : response.faults()) {
    STEELYARD_CHECK(!fault.message().empty());
    STEELYARD_CHECK((fault.line() == 0) == (fault.column() == 0));
    STEELYARD_CHECK(fault.line() == 0 || fault.set_number() == 0);
  }
  v1::ParseSpecResponse back;
  // Serialised strings must be UTF-8, or this fails.
  STEELYARD_CHECK(back.ParseFromString(response.SerializeAsString()));
}

void CheckAccepted(const v1::RunSpec& spec, const SpecLimits& limits) {
  v1::RunSpec filled = spec;
  FillDefaults(&filled);
  STEELYARD_CHECK(CheckSpec(filled, limits).empty());
  const std::string bytes = SerializeSpec(filled);
  FillDefaults(&filled);
  STEELYARD_CHECK(SerializeSpec(filled) == bytes);
  CheckAgainstSummaries(filled, {});
}

void TryText(const std::vector<std::string>& parts) {
  SpecLimits limits;
  limits.nodes = 10'000;
  v1::ParseSpecRequest request;
  request.set_text(parts[0]);
  for (size_t i = 1; i < parts.size(); ++i) request.add_set(parts[i]);
  ParsedSpec parsed = ParseSpec(request, limits);
  CheckFaults(parsed.response, limits);
  AddFiles(parsed.response, &request);
  parsed = ParseSpec(request, limits);
  CheckFaults(parsed.response, limits);
  if (parsed.ok()) CheckAccepted(parsed.response.spec(), limits);
  // Any path may be asked for.
  AddFaults(std::vector<Fault>{{parts.back(), "m"}, {"data.inline", "m"}},
            limits, &parsed);
}

}  // namespace
}  // namespace steelyard::server

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  steelyard::server::TryText(absl::StrSplit(input, '\0'));
  return 0;
}
