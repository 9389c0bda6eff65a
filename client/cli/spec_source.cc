#include "client/cli/spec_source.h"

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/escape.h"
#include "client/cli/file_text.h"
#include "client/cli/utf8.h"
#include "support/status_macros.h"

namespace steelyard::cli {
namespace {

constexpr int64_t kLargestSpecBytes = 16 << 20;
// Of a --set value in a line; a whole list may stand there.
constexpr size_t kShownChangeBytes = 60;

std::string ShownChange(const std::string& change) {
  return change.size() <= kShownChangeBytes
             ? TerminalText(change)
             : absl::StrCat(TerminalText(change.substr(0, kShownChangeBytes)),
                            "...");
}

auto Place(const v1::SpecFault& fault) {
  return std::tuple(fault.set_number(), fault.line(), fault.column());
}

}  // namespace

absl::StatusOr<SpecSource> ReadSpec(const std::string& path, std::istream& in) {
  const bool from_stdin = path == "-";
  SpecSource source;
  source.name = from_stdin ? "<stdin>" : path;
  if (!from_stdin) source.folder = path.substr(0, path.rfind('/') + 1);
  absl::StatusOr<std::string> text =
      from_stdin ? ReadStreamText(in, source.name, kLargestSpecBytes)
                 : ReadFileText(path, kLargestSpecBytes);
  if (!text.ok()) {
    std::string message(text.status().message());
    if (absl::IsResourceExhausted(text.status())) {
      message += "; large data belong into a file of their own: use file:";
    }
    return absl::InvalidArgumentError(message);
  }
  source.text = *std::move(text);
  STEELYARD_RETURN_IF_ERROR(CheckUtf8(TerminalText(source.name), source.text));
  return source;
}

std::string PathFrom(const SpecSource& source, absl::string_view path) {
  return absl::StartsWith(path, "/") ? std::string(path)
                                     : absl::StrCat(source.folder, path);
}

std::string FaultLine(const SpecSource& source,
                      const std::vector<std::string>& sets,
                      const v1::SpecFault& fault) {
  std::string where = TerminalText(source.name);
  const auto number = static_cast<size_t>(fault.set_number());
  if (number > 0 && number <= sets.size()) {
    where = absl::StrCat("--set ", number, " (", ShownChange(sets[number - 1]),
                         ")");
  } else if (fault.line() > 0) {
    absl::StrAppend(&where, ":", fault.line(), ":", fault.column());
  }
  const bool names_path = absl::StartsWith(fault.message(), fault.path());
  return absl::StrCat(where, ": ", names_path ? "" : TerminalText(fault.path()),
                      names_path ? "" : ": ", TerminalText(fault.message()));
}

void SortFaults(std::vector<v1::SpecFault>& faults) {
  std::stable_sort(faults.begin(), faults.end(),
                   [](const v1::SpecFault& left, const v1::SpecFault& right) {
                     return Place(left) < Place(right);
                   });
}

v1::SpecFault FileFault(const v1::SpecFile& file, absl::string_view message) {
  v1::SpecFault fault;
  fault.set_path(file.field());
  fault.set_line(file.line());
  fault.set_column(file.column());
  fault.set_set_number(file.set_number());
  fault.set_message(std::string(message));
  return fault;
}

}  // namespace steelyard::cli
