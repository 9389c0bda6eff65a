#ifndef STEELYARD_CLIENT_CLI_SPEC_CHECK_H_
#define STEELYARD_CLIENT_CLI_SPEC_CHECK_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/dataset_upload.h"
#include "client/cli/session.h"
#include "client/cli/spec_source.h"

namespace steelyard::cli {

// A spec on its way from a file to a run.
struct SpecDraft {
  SpecSource source;
  v1::ParseSpecResponse parsed{};              // the last answer
  std::map<std::string, std::string> files{};  // PATH to sha256/HEX
  std::vector<v1::SpecFault> faults{};
  int more_faults = 0;
};

// What to do about files that the server does not have.
enum class MissingFiles {
  kUpload,
  kLeave,  // a dry run stores nothing
};

// Reads and checks specs: the server parses each, the files that they name are
// brought to it, and it checks each again with them.  No file is sent before
// every spec has passed the first look.
//
// After OK the drafts hold what is to be submitted, or faults.  Errors: those
// of the calls.
absl::Status CheckSpecs(Session& session, const std::vector<std::string>& sets,
                        MissingFiles missing, const UploadLimits& limits,
                        std::vector<SpecDraft>& drafts);

// Prints every fault, a line each; true when there was none.
bool PrintFaults(Console& console, const std::vector<std::string>& sets,
                 const std::vector<SpecDraft>& drafts);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_SPEC_CHECK_H_
