#ifndef STEELYARD_CLIENT_CLI_CONSOLE_H_
#define STEELYARD_CLIENT_CLI_CONSOLE_H_

#include <istream>
#include <ostream>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/cli/exit_code.h"
#include "client/cli/interrupt.h"
#include "client/cli/terminal.h"

namespace steelyard::cli {

// What a command has around it: the process's own in main, a test's in a test.
struct Console {
  std::istream& in;
  std::ostream& out;  // results
  std::ostream& err;  // progress, hints, faults
  Terminal out_terminal;
  Terminal err_terminal;
  GetEnv env;
  Interrupt& interrupt;
  absl::TimeZone zone = absl::LocalTimeZone();
};

// Says on `err` what went wrong and returns the code that fits.
ExitCode Fail(Console& console, const absl::Status& status);

// The same for a wrong command line.
ExitCode FailUsage(Console& console, absl::string_view message);

// A line on `err`: what to do next, or what is to be known.
void Hint(Console& console, absl::string_view text);
void Warn(Console& console, absl::string_view text);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_CONSOLE_H_
