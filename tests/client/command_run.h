#ifndef STEELYARD_TESTS_CLIENT_COMMAND_RUN_H_
#define STEELYARD_TESTS_CLIENT_COMMAND_RUN_H_

#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "client/cli/command_line.h"

namespace steelyard::cli {

// The program within the test's process: what it gets, and what came of it.
struct CommandRun {
  explicit CommandRun(std::map<std::string, std::string> variables = {})
      : environment(std::move(variables)) {
    // A test waits for nothing longer than it must.
    patience.calls.first_backoff = absl::Milliseconds(1);
    patience.calls.retry = absl::Seconds(10);
    patience.follow.first_backoff = absl::Milliseconds(1);
    patience.follow.largest_backoff = absl::Milliseconds(20);
  }

  // The exit code as the shell sees it.
  int operator()(const std::vector<std::string>& arguments) {
    Console console = {.in = in,
                       .out = out,
                       .err = err,
                       .out_terminal = terminal,
                       .err_terminal = terminal,
                       .env =
                           [this](const char* name) {
                             const auto found = environment.find(name);
                             return found == environment.end()
                                        ? std::nullopt
                                        : std::optional(found->second);
                           },
                       .interrupt = interrupt,
                       .zone = absl::UTCTimeZone()};
    return static_cast<int>(RunCommandLine(arguments, console, patience));
  }

  std::map<std::string, std::string> environment;
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Terminal terminal;
  Interrupt interrupt;
  Patience patience;
};

}  // namespace steelyard::cli

#endif  // STEELYARD_TESTS_CLIENT_COMMAND_RUN_H_
