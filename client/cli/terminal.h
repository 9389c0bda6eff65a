#ifndef STEELYARD_CLIENT_CLI_TERMINAL_H_
#define STEELYARD_CLIENT_CLI_TERMINAL_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace steelyard::cli {

// Reads an environment variable.  An empty one counts as unset.
using GetEnv = std::function<std::optional<std::string>(const char* name)>;

// The environment of this process.
std::optional<std::string> ProcessEnv(const char* name);

// What a stream of text ends up on.
struct Terminal {
  bool is_terminal = false;  // else a file or a pipe
  bool colour = false;       // false off a terminal and where NO_COLOR is set
  bool utf8 = true;          // whether the locale is UTF-8
  int width = 80;            // columns
  int height = 24;           // lines
};

// Asks the system about a file descriptor.  Off a terminal the width is
// COLUMNS, else 80.
Terminal TerminalOf(int descriptor, const GetEnv& env);

// The marks that need UTF-8, with what stands for them where it is missing.
absl::string_view Ellipsis(const Terminal& terminal);

enum class Colour {
  kNone,
  kRed,
  kGreen,
  kYellow,
  kBlue,
  kMagenta,
  kCyan,
  kDim
};

// `text` in a colour, or as it is where the terminal shows none.
std::string Coloured(const Terminal& terminal, Colour colour,
                     absl::string_view text);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_TERMINAL_H_
