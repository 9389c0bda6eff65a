#include "client/cli/run_filter.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/cli/escape.h"
#include "client/cli/progress_line.h"
#include "client/cli/run_name.h"
#include "client/cli/suggestion.h"

namespace steelyard::cli {
namespace {

std::string Quoted(absl::string_view text) {
  return absl::StrCat(
      "\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

}  // namespace

std::string FilterText(const RunFilter& filter) {
  std::vector<std::string> conditions;
  if (filter.state) {
    conditions.push_back(absl::StrCat("state = ", StateText(*filter.state)));
  }
  for (const auto& [key, value] : filter.labels) {
    conditions.push_back(absl::StrCat("labels.", key, " = ", Quoted(value)));
  }
  if (filter.user) {
    conditions.push_back(absl::StrCat("user = ", Quoted(*filter.user)));
  }
  return absl::StrJoin(conditions, " AND ");
}

absl::StatusOr<v1::RunState> ParseState(absl::string_view text) {
  std::vector<std::string> names;
  const google::protobuf::EnumDescriptor& states = *v1::RunState_descriptor();
  for (int i = 0; i < states.value_count(); ++i) {
    const auto state = static_cast<v1::RunState>(states.value(i)->number());
    if (state == v1::RUN_STATE_UNSPECIFIED) continue;
    names.push_back(StateText(state));
    if (names.back() == absl::AsciiStrToUpper(text)) return state;
  }
  std::string message =
      absl::StrCat("--state: want one of ", absl::StrJoin(names, ", "),
                   ", got ", TerminalText(text));
  if (const auto near = NearMiss(absl::AsciiStrToUpper(text), names)) {
    absl::StrAppend(&message, "; did you mean ", *near, "?");
  }
  return absl::InvalidArgumentError(message);
}

absl::StatusOr<std::pair<std::string, std::string>> ParseLabel(
    absl::string_view text) {
  const size_t equals = text.find('=');
  if (equals == absl::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("--label: want K=V, got ", TerminalText(text)));
  }
  if (!IsLabel(text.substr(0, equals))) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--label: want K=V, K 1-63 of [a-z0-9-_.], got ", TerminalText(text)));
  }
  return std::pair(std::string(text.substr(0, equals)),
                   std::string(text.substr(equals + 1)));
}

}  // namespace steelyard::cli
