#ifndef STEELYARD_CLIENT_CLI_ARTIFACT_TEXT_H_
#define STEELYARD_CLIENT_CLI_ARTIFACT_TEXT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/cli/run_text.h"
#include "steelyard/v1/artifact.pb.h"

// Artifacts as people are shown them.
namespace steelyard::cli {

// Whether it is 1-127 of [a-z0-9-.] and begins with a letter or digit: then it
// is a file's name in any directory, and no option.
bool IsArtifactId(absl::string_view text);

// experiments/E/runs/R/artifacts/A -> A
std::string ArtifactId(absl::string_view resource);

// `artifact ls`: a line an artifact.
std::string ArtifactTable(const std::vector<v1::Artifact>& artifacts,
                          const Viewer& viewer);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_ARTIFACT_TEXT_H_
