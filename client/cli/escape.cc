#include "client/cli/escape.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "client/cli/utf8.h"

namespace steelyard::cli {
namespace {

// Whether a terminal would act on the character instead of showing it.
bool IsControl(char32_t code) {
  const bool c0_or_c1 = code < 0x20 || (code >= 0x7f && code <= 0x9f);
  const bool direction = code == 0x200e || code == 0x200f ||
                         (code >= 0x202a && code <= 0x202e) ||
                         (code >= 0x2066 && code <= 0x2069);
  const bool separator = code == 0x2028 || code == 0x2029;
  return c0_or_c1 || direction || separator;
}

std::string Visible(char32_t code) {
  switch (code) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return code < 0x100
                 ? absl::StrFormat("\\x%02x", static_cast<uint32_t>(code))
                 : absl::StrFormat("\\u%04x", static_cast<uint32_t>(code));
  }
}

}  // namespace

std::string TerminalText(absl::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  while (!text.empty()) {
    const Utf8Char next = FirstUtf8Char(text);
    if (!next.valid) {
      absl::StrAppendFormat(&escaped, "\\x%02x",
                            static_cast<uint8_t>(text.front()));
    } else if (IsControl(next.code)) {
      escaped += Visible(next.code);
    } else {
      escaped.append(text.data(), next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
  return escaped;
}

std::string TerminalLines(absl::string_view text, absl::string_view indent) {
  std::string lines;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::StrAppend(&lines, indent, TerminalText(line), "\n");
  }
  return lines;
}

std::string CsvField(absl::string_view text) {
  std::string field = TerminalText(text);
  if (!field.empty() &&
      absl::string_view("=+-@").find(field.front()) != std::string::npos) {
    field.insert(0, "'");
  }
  if (field.find_first_of(",\"") == std::string::npos) return field;
  return absl::StrCat("\"", absl::StrReplaceAll(field, {{"\"", "\"\""}}), "\"");
}

}  // namespace steelyard::cli
