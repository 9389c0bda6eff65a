#ifndef STEELYARD_CLIENT_CLI_TYPED_VALUES_H_
#define STEELYARD_CLIENT_CLI_TYPED_VALUES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/cli/dataset_upload.h"
#include "client/cli/run_name.h"

// What was typed, looked at before a server is asked.  Errors are
// InvalidArgument and name the option or argument.
namespace steelyard::cli {

// Whether `value` may go to a server, which takes UTF-8 alone.
absl::Status CheckValue(absl::string_view option, absl::string_view value);
absl::Status CheckValues(absl::string_view option,
                         const std::vector<std::string>& values);

// Whether it is 1-63 of [a-z0-9-_.].
absl::Status CheckLabel(absl::string_view option, absl::string_view value);

// Whether it is 1-127 of [a-z0-9-.] that make a file's name.
absl::Status CheckArtifactId(absl::string_view option, absl::string_view value);

absl::StatusOr<std::vector<RunName>> ParseRunNames(
    const std::vector<std::string>& texts);

// What `data put` was told beside its files.  `has_name` tells an empty name
// from none.
struct TypedUpload {
  std::string format;  // empty: as each file's name shows
  bool has_name = false;
  std::string name;  // of one file alone
  bool shared = false;
};
absl::StatusOr<std::vector<UploadSource>> ParseSources(
    const std::vector<std::string>& files, const TypedUpload& typed);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_TYPED_VALUES_H_
