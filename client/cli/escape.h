#ifndef STEELYARD_CLIENT_CLI_ESCAPE_H_
#define STEELYARD_CLIENT_CLI_ESCAPE_H_

#include <string>

#include "absl/strings/string_view.h"

// Text that others wrote (names, labels, messages) may hold anything.  Whatever
// of it reaches a terminal or a CSV file goes through one of these.
namespace steelyard::cli {

// For a terminal: control characters (C0, DEL, C1, those that turn the
// direction of writing, line and paragraph separators) and bytes that are no
// UTF-8 become visible: "\n", "\t", "\x1b", "\u202e".  The rest stays as it is.
std::string TerminalText(absl::string_view text);

// The same line by line: each line of `text` after `indent`, each ended by
// '\n'.
std::string TerminalLines(absl::string_view text, absl::string_view indent);

// For a field of a CSV file that holds text: escaped as for a terminal, so that
// a record is one line; an apostrophe goes before = + - @, which a spreadsheet
// would take for a formula; quoted where RFC 4180 wants it.
std::string CsvField(absl::string_view text);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_ESCAPE_H_
