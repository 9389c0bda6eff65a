#ifndef STEELYARD_CLIENT_CLI_SUGGESTION_H_
#define STEELYARD_CLIENT_CLI_SUGGESTION_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace steelyard::cli {

// The known word nearest to `word`, when one is near enough that it may be
// meant: at most a third of its letters, and at least one, put in, left out,
// changed or swapped with its neighbour.
std::optional<std::string> NearMiss(absl::string_view word,
                                    const std::vector<std::string>& known);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_SUGGESTION_H_
