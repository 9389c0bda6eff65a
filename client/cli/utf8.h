#ifndef STEELYARD_CLIENT_CLI_UTF8_H_
#define STEELYARD_CLIENT_CLI_UTF8_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace steelyard::cli {

// One character at the start of a text.
struct Utf8Char {
  char32_t code = 0;  // undefined unless `valid`
  size_t bytes = 0;   // 1 where `valid` is false, 0 at the end of the text
  bool valid = false;
};

// Refuses overlong forms, surrogates and codes above U+10FFFF.
Utf8Char FirstUtf8Char(absl::string_view text);

// Whether the whole of `text` is UTF-8, which is all that a server takes.
//
// Errors: InvalidArgument, with the line and column (in characters, both from
// 1) of the first byte that is not: `name`:3:7: want UTF-8, got the byte 0xff.
absl::Status CheckUtf8(absl::string_view name, absl::string_view text);

// Columns that `text` takes on a terminal.  Wants text without control
// characters; escape sequences that set colours take no column.
int DisplayWidth(absl::string_view text);

// `text`, shortened to at most `width` columns; where something is cut the last
// column is `mark` (one column wide).  A width below 1 gives nothing.
std::string Shorten(absl::string_view text, int width, absl::string_view mark);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_UTF8_H_
