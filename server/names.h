#ifndef STEELYARD_SERVER_NAMES_H_
#define STEELYARD_SERVER_NAMES_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/types.h"

// The resource names of the API: experiments/E, experiments/E/runs/R,
// experiments/E/runs/R/artifacts/A, datasets/HEX, uploads/HEX.  Each parser's
// error is InvalidArgument and says what was wanted.
namespace steelyard::server {

// 1-63 of [a-z0-9-_.]: experiments, labels of runs and datasets.
bool IsLabel(absl::string_view text);

// 64 lower-case hexadecimal digits.  Never a label: it is one byte too long.
bool IsSha256Hex(absl::string_view text);

// A client's text as an error shows it: in quotes, control characters and
// quotes escaped, cut after 100 bytes.
std::string Quoted(absl::string_view text);

struct RunName {
  std::string experiment;  // empty: any, written "-"
  storage::RunId run;
};

// "experiments/E/runs/R" or "experiments/-/runs/R".  R is decimal, from 1 on,
// without leading zeros.
absl::StatusOr<RunName> ParseRunName(absl::string_view name);
std::string FormatRunName(absl::string_view experiment, storage::RunId run);

struct ArtifactName {
  RunName run;
  std::string artifact;
};

// 1-127 of [a-z0-9-.], the first a letter or digit.
bool IsArtifactId(absl::string_view text);

// "experiments/E/runs/R/artifacts/A", E as in ParseRunName.
absl::StatusOr<ArtifactName> ParseArtifactName(absl::string_view name);
std::string FormatArtifactName(absl::string_view run,
                               absl::string_view artifact);

// "experiments/E"; returns E.
absl::StatusOr<std::string> ParseExperimentName(absl::string_view name);
std::string FormatExperimentName(absl::string_view experiment);

// The parent of runs: "experiments/E", or "experiments/-", which gives "".
absl::StatusOr<std::string> ParseRunParent(absl::string_view parent);

// One of the two is set.
struct DatasetName {
  storage::Sha256 sha256;
  std::string label;
};

// "datasets/HEX" or "datasets/LABEL".
absl::StatusOr<DatasetName> ParseDatasetName(absl::string_view name);
std::string FormatDatasetName(const storage::Sha256& sha256);

// "uploads/HEX".
absl::StatusOr<storage::Sha256> ParseUploadName(absl::string_view name);

// As in a spec: "sha256/HEX" or "LABEL".
absl::StatusOr<DatasetName> ParseDatasetReference(absl::string_view reference);
std::string FormatDatasetReference(const storage::Sha256& sha256);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_NAMES_H_
