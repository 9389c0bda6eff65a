#include "client/cli/run_name.h"

#include <cstdint>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/cli/escape.h"

namespace steelyard::cli {
namespace {

bool IsNumber(absl::string_view text) {
  int64_t number = 0;
  // SimpleAtoi takes spaces and signs.
  return !text.empty() &&
         text.find_first_not_of("0123456789") == absl::string_view::npos &&
         absl::SimpleAtoi(text, &number);
}

std::string WithoutLeadingZeros(absl::string_view number) {
  while (number.size() > 1 && number.front() == '0') number.remove_prefix(1);
  return std::string(number);
}

}  // namespace

bool IsLabel(absl::string_view text) {
  constexpr size_t kLongestLabel = 63;
  return !text.empty() && text.size() <= kLongestLabel &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") ==
             absl::string_view::npos;
}

std::string RunName::Resource() const {
  return absl::StrCat("experiments/", experiment, "/runs/", number);
}

absl::StatusOr<RunName> ParseRunName(absl::string_view text) {
  if (text == "last") return RunName{.experiment = "-", .last = true};
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '/');
  absl::string_view experiment = "-";
  if (parts.size() == 2) {
    experiment = parts[0];
  } else if (parts.size() == 4 && parts[0] == "experiments" &&
             parts[2] == "runs") {
    experiment = parts[1];
  } else if (parts.size() != 1) {
    experiment = "";
  }
  if (!IsLabel(experiment) || !IsNumber(parts.back())) {
    return absl::InvalidArgumentError(absl::StrCat(
        "run: want a number R, E/R, experiments/E/runs/R or last, got ",
        TerminalText(text)));
  }
  return RunName{.experiment = std::string(experiment),
                 .number = WithoutLeadingZeros(parts.back())};
}

std::string TypedRunName(absl::string_view resource) {
  std::string name = ShortRunName(resource);
  return std::string(absl::StripPrefix(name, "-/"));
}

std::string ShortRunName(absl::string_view resource) {
  const std::vector<absl::string_view> parts = absl::StrSplit(resource, '/');
  if (parts.size() != 4 || parts[0] != "experiments" || parts[2] != "runs") {
    return std::string(resource);
  }
  return absl::StrCat(parts[1], "/", parts[3]);
}

}  // namespace steelyard::cli
