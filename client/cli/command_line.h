#ifndef STEELYARD_CLIENT_CLI_COMMAND_LINE_H_
#define STEELYARD_CLIENT_CLI_COMMAND_LINE_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/cli/connection.h"
#include "client/cli/console.h"
#include "client/cli/dataset_upload.h"
#include "client/cli/exit_code.h"
#include "client/cli/run_follower.h"

namespace steelyard::cli {

// How long the program waits for what; tests wait less.
struct Patience {
  CallLimits calls{};
  UploadLimits upload{};
  FollowLimits follow{};
  // A server that sends nothing more of an artifact for so long is given up.
  absl::Duration download_stall = absl::Seconds(60);
};

// The whole program but for the process around it: reads the arguments (without
// the program's name), does what they say, and returns the exit code.
ExitCode RunCommandLine(const std::vector<std::string>& arguments,
                        Console& console, const Patience& patience);

// Every command by its full name, "submit" to "workers", in the order of
// --help.  docs/cli.md has a section for each.
std::vector<std::string> CommandNames();

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_COMMAND_LINE_H_
