#include "server/spec_text.h"

#include <charconv>
#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace steelyard::server {
namespace {

constexpr size_t kShownBytes = 60;

uint8_t ByteAt(absl::string_view text, size_t at) {
  return at < text.size() ? static_cast<uint8_t>(text[at]) : 0;
}

// The length of the character at `at`, 0 when it is malformed (Unicode 15,
// table 3-7).
size_t CharacterBytes(absl::string_view text, size_t at) {
  const uint8_t first = ByteAt(text, at);
  if (first < 0x80) return 1;
  const size_t bytes = first >= 0xC2 && first <= 0xDF   ? 2
                       : first >= 0xE0 && first <= 0xEF ? 3
                       : first >= 0xF0 && first <= 0xF4 ? 4
                                                        : 0;
  const uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  for (size_t i = 1; i < bytes; ++i) {
    const uint8_t next = ByteAt(text, at + i);
    if (next < (i == 1 ? low : 0x80) || next > (i == 1 ? high : 0xBF)) return 0;
  }
  return bytes;
}

}  // namespace

size_t ValidUtf8Bytes(absl::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const size_t bytes = CharacterBytes(text, at);
    if (bytes == 0) return at;
    at += bytes;
  }
  return at;
}

std::string ShowText(absl::string_view text) {
  const bool whole = text.size() <= kShownBytes;
  absl::string_view shown = text.substr(0, kShownBytes);
  const size_t valid = ValidUtf8Bytes(shown);
  // A character that the cut has split is left out; malformed bytes are shown.
  if (!whole && shown.size() - valid < 4) shown = shown.substr(0, valid);
  const std::string escaped = ValidUtf8Bytes(shown) == shown.size()
                                  ? absl::Utf8SafeCHexEscape(shown)
                                  : absl::CHexEscape(shown);
  return absl::StrCat("\"", escaped, whole ? "\"" : "...\"");
}

std::string ShowNumber(double value) {
  char digits[32];
  const std::to_chars_result end =
      std::to_chars(digits, digits + sizeof(digits), value);
  return std::string(digits, end.ptr);
}

}  // namespace steelyard::server
