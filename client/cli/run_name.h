#ifndef STEELYARD_CLIENT_CLI_RUN_NAME_H_
#define STEELYARD_CLIENT_CLI_RUN_NAME_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace steelyard::cli {

// Whether experiments, datasets and keys of labels may be called so: 1-63 of
// [a-z0-9-_.].
bool IsLabel(absl::string_view text);

// A run as people name it on the command line.
struct RunName {
  std::string experiment{};  // "-" where none is named
  std::string number{};      // decimal, without leading zeros; empty for `last`
  bool last = false;         // the caller's newest run

  // experiments/E/runs/R; wants a number.
  std::string Resource() const;
};

// A name of the form that Resource gives, as it may be typed: R or E/R.
std::string TypedRunName(absl::string_view resource);

// Reads `R`, `E/R`, `experiments/E/runs/R` or `last`.
//
// Errors: InvalidArgument, with the forms that are taken.
absl::StatusOr<RunName> ParseRunName(absl::string_view text);

// experiments/E/runs/R -> E/R; anything else stays as it is.
std::string ShortRunName(absl::string_view resource);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_RUN_NAME_H_
