#include "client/cli/utf8.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"

namespace steelyard::cli {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Two columns: East Asian wide forms and emoji.
constexpr std::array<Range, 10> kWide = {{{0x1100, 0x115f},
                                          {0x2e80, 0xa4cf},
                                          {0xac00, 0xd7a3},
                                          {0xf900, 0xfaff},
                                          {0xfe30, 0xfe6f},
                                          {0xff00, 0xff60},
                                          {0xffe0, 0xffe6},
                                          {0x1f300, 0x1f64f},
                                          {0x1f900, 0x1f9ff},
                                          {0x20000, 0x3fffd}}};

// No column: they stand over the character before.
constexpr std::array<Range, 3> kCombining = {
    {{0x0300, 0x036f}, {0x200b, 0x200d}, {0xfe00, 0xfe0f}}};

template <size_t n>
bool In(const std::array<Range, n>& ranges, char32_t code) {
  return std::any_of(ranges.begin(), ranges.end(), [code](const Range& range) {
    return range.first <= code && code <= range.last;
  });
}

int Columns(char32_t code) {
  if (In(kCombining, code)) return 0;
  return In(kWide, code) ? 2 : 1;
}

uint8_t Byte(absl::string_view text, size_t i) {
  return static_cast<uint8_t>(text[i]);
}

// The length of an escape sequence that sets colours, 0 when none stands at the
// start.
size_t ColourBytes(absl::string_view text) {
  if (text.size() < 3 || text[0] != '\x1b' || text[1] != '[') return 0;
  const size_t end = text.find('m');
  return end == absl::string_view::npos ? 0 : end + 1;
}

}  // namespace

Utf8Char FirstUtf8Char(absl::string_view text) {
  if (text.empty()) return {};
  const Utf8Char invalid = {.bytes = 1};
  const uint8_t lead = Byte(text, 0);
  if (lead < 0x80) return {.code = lead, .bytes = 1, .valid = true};
  if (lead < 0xc2 || lead > 0xf4) return invalid;
  const size_t bytes = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (text.size() < bytes) return invalid;
  char32_t code = lead & (0xffu >> (bytes + 1));
  for (size_t i = 1; i < bytes; ++i) {
    if ((Byte(text, i) & 0xc0) != 0x80) return invalid;
    code = code << 6 | (Byte(text, i) & 0x3fu);
  }
  const char32_t least = bytes == 2 ? 0x80 : bytes == 3 ? 0x800 : 0x10000;
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < least || surrogate || code > 0x10ffff) return invalid;
  return {.code = code, .bytes = bytes, .valid = true};
}

absl::Status CheckUtf8(absl::string_view name, absl::string_view text) {
  const bool is_utf16 =
      absl::StartsWith(text, "\xff\xfe") || absl::StartsWith(text, "\xfe\xff");
  int64_t line = 1;
  int64_t column = 1;
  while (!text.empty()) {
    const Utf8Char next = FirstUtf8Char(text);
    if (!next.valid) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s:%d:%d: want UTF-8, got the byte 0x%02x%s", name, line, column,
          Byte(text, 0), is_utf16 ? ", with which UTF-16 begins" : ""));
    }
    ++column;
    if (next.code == '\n') {
      ++line;
      column = 1;
    }
    text.remove_prefix(next.bytes);
  }
  return absl::OkStatus();
}

int DisplayWidth(absl::string_view text) {
  int width = 0;
  while (!text.empty()) {
    if (const size_t colour = ColourBytes(text); colour > 0) {
      text.remove_prefix(colour);
      continue;
    }
    const Utf8Char next = FirstUtf8Char(text);
    width += next.valid ? Columns(next.code) : 1;
    text.remove_prefix(next.bytes);
  }
  return width;
}

std::string Shorten(absl::string_view text, int width, absl::string_view mark) {
  if (width < 1) return "";
  if (DisplayWidth(text) <= width) return std::string(text);
  std::string shortened;
  int used = 0;
  while (!text.empty()) {
    if (const size_t colour = ColourBytes(text); colour > 0) {
      shortened.append(text.data(), colour);
      text.remove_prefix(colour);
      continue;
    }
    const Utf8Char next = FirstUtf8Char(text);
    const int columns = next.valid ? Columns(next.code) : 1;
    if (used + columns > width - 1) break;
    used += columns;
    shortened.append(text.data(), next.bytes);
    text.remove_prefix(next.bytes);
  }
  shortened.append(mark.data(), mark.size());
  return shortened;
}

}  // namespace steelyard::cli
