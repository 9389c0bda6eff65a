#include "client/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace steelyard::cli {
namespace {

constexpr int kLeastWidth = 20;
constexpr int kLargestWidth = 1000;

// POSIX: the first of these that is set names the locale's character set.
bool LocaleIsUtf8(const GetEnv& env) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (const std::optional<std::string> value = env(name)) {
      const std::string lower = absl::AsciiStrToLower(*value);
      return absl::StrContains(lower, "utf-8") ||
             absl::StrContains(lower, "utf8");
    }
  }
  return false;
}

int Number(const GetEnv& env, const char* name, int otherwise) {
  int value = 0;
  const std::optional<std::string> text = env(name);
  if (!text || !absl::SimpleAtoi(*text, &value) || value < kLeastWidth ||
      value > kLargestWidth) {
    return otherwise;
  }
  return value;
}

const char* Code(Colour colour) {
  switch (colour) {
    case Colour::kNone:
      return "";
    case Colour::kRed:
      return "31";
    case Colour::kGreen:
      return "32";
    case Colour::kYellow:
      return "33";
    case Colour::kBlue:
      return "34";
    case Colour::kMagenta:
      return "35";
    case Colour::kCyan:
      return "36";
    case Colour::kDim:
      return "2";
  }
  return "";
}

}  // namespace

std::optional<std::string> ProcessEnv(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

Terminal TerminalOf(int descriptor, const GetEnv& env) {
  Terminal terminal;
  terminal.utf8 = LocaleIsUtf8(env);
  terminal.width = Number(env, "COLUMNS", terminal.width);
  if (isatty(descriptor) == 0) return terminal;
  terminal.is_terminal = env("TERM") != "dumb";
  terminal.colour = terminal.is_terminal && !env("NO_COLOR");
  winsize size = {};
  if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col >= kLeastWidth &&
      size.ws_row > 0) {
    terminal.width = size.ws_col;
    terminal.height = size.ws_row;
  }
  return terminal;
}

absl::string_view Ellipsis(const Terminal& terminal) {
  return terminal.utf8 ? "\u2026" : "~";
}

std::string Coloured(const Terminal& terminal, Colour colour,
                     absl::string_view text) {
  if (!terminal.colour || colour == Colour::kNone) return std::string(text);
  return absl::StrCat("\x1b[", Code(colour), "m", text, "\x1b[0m");
}

}  // namespace steelyard::cli
