#ifndef STEELYARD_SERVER_SPEC_DATASETS_H_
#define STEELYARD_SERVER_SPEC_DATASETS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/spec_check.h"
#include "steelyard/v1/spec.pb.h"
#include "storage/reader.h"

// The datasets that a spec names, as the store has them for one user.
namespace steelyard::server {

struct SpecDatasets {
  std::vector<storage::Sha256> hashes;  // of those that exist, each once
  // By sha256/HEX.  Of one that no worker has read yet nothing.
  std::map<std::string, KnownDataset> known;
  std::vector<Fault> missing;   // that do not exist for this user
  std::vector<Fault> rejected;  // that no run can use
};

// Looks every dataset of `spec` up and writes sha256/HEX for those that exist.
// A field that names nothing is passed over: CheckSpec says so.
// Errors: those of storage::Reader but NotFound.
absl::StatusOr<SpecDatasets> FindDatasets(storage::Reader& reader,
                                          const std::string& user,
                                          v1::RunSpec* spec);

// What is wrong with the datasets of a spec in which something else is wrong,
// at `said`, paths as in RunSpec: those that are missing or rejected, and what
// CheckAgainstSummaries finds that does not follow from what is said already.
// Errors: as FindDatasets.
absl::StatusOr<std::vector<Fault>> OtherDatasetFaults(
    storage::Reader& reader, const std::string& user, v1::RunSpec spec,
    std::vector<std::string> said);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_SPEC_DATASETS_H_
