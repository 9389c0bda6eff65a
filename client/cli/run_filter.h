#ifndef STEELYARD_CLIENT_CLI_RUN_FILTER_H_
#define STEELYARD_CLIENT_CLI_RUN_FILTER_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "steelyard/v1/run.pb.h"

namespace steelyard::cli {

// Which runs `ls` wants.
struct RunFilter {
  std::optional<v1::RunState> state{};
  std::vector<std::pair<std::string, std::string>> labels{};  // key, value
  std::optional<std::string> user{};
};

// In the language of ListRunsRequest.filter; empty when all runs are wanted.
std::string FilterText(const RunFilter& filter);

// A state by its name in any case: running, RUNNING.
//
// Errors: InvalidArgument, with the states there are and the nearest one.
absl::StatusOr<v1::RunState> ParseState(absl::string_view text);

// K=V.
//
// Errors: InvalidArgument without "=" or with a K that no label has.
absl::StatusOr<std::pair<std::string, std::string>> ParseLabel(
    absl::string_view text);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_RUN_FILTER_H_
