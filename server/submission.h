#ifndef STEELYARD_SERVER_SUBMISSION_H_
#define STEELYARD_SERVER_SUBMISSION_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/auth_tables.h"
#include "server/bad_request.h"
#include "server/spec_check.h"
#include "server/spec_yaml.h"
#include "steelyard/v1/admin_service.pb.h"
#include "steelyard/v1/run_service.pb.h"
#include "storage/change.h"
#include "storage/reader.h"

// From what a client asks for to what is stored: datasets, defaults, checks.
// Called on the pool.
namespace steelyard::server {

SpecLimits ToSpecLimits(const v1::Limits& limits);

// A spec whose datasets were looked up for one user.
struct NormalizedSpec {
  v1::RunSpec spec;  // every default filled in; datasets as sha256/HEX
  std::vector<storage::Sha256> datasets;  // each once
  // Datasets that do not exist for this user.
  std::vector<Fault> missing;
  // Datasets that were rejected, and what does not fit what is known of the
  // others.
  std::vector<Fault> faults;
};

// `spec` has passed CheckSpec.  Errors: PermissionDenied when the experiment is
// another user's and not shared; those of storage::Reader but NotFound.
absl::StatusOr<NormalizedSpec> Normalize(storage::Reader& reader,
                                         const std::string& user,
                                         const v1::RunSpec& spec);

// All checks of SubmitRun, and the change that it makes.
//
// Errors: InvalidArgument with every fault of the request; NotFound with every
// dataset that is missing or another user's, when nothing else is wrong; those
// of Normalize.
absl::StatusOr<storage::AddRun> CheckSubmission(
    storage::Reader& reader, const Caller& caller, const v1::Limits& limits,
    const v1::SubmitRunRequest& request);

// ParseSpec: the text's own faults, and those that SubmitRun would find as far
// as the text can be read and files are resolved.
//
// Errors: NotFound as CheckSubmission; those of Normalize.  A wrong text
// is an answer, not an error.
absl::StatusOr<v1::ParseSpecResponse> CheckText(
    storage::Reader& reader, const Caller& caller, const v1::Limits& limits,
    const v1::ParseSpecRequest& request);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_SUBMISSION_H_
