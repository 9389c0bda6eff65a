#ifndef STEELYARD_CLIENT_CLI_EXIT_CODE_H_
#define STEELYARD_CLIENT_CLI_EXIT_CODE_H_

#include "absl/status/status.h"
#include "steelyard/v1/run.pb.h"

namespace steelyard::cli {

// How the program ends; docs/cli.md lists them for users.
enum class ExitCode {
  kDone = 0,
  kRunEndedBadly = 1,  // a followed run FAILED or was CANCELLED
  kUsage = 2,          // wrong command line
  kInvalid = 3,        // INVALID_ARGUMENT, or a wrong spec
  kNotFound = 4,
  kPrecondition = 5,  // FAILED_PRECONDITION, ALREADY_EXISTS
  kDenied = 6,        // UNAUTHENTICATED, PERMISSION_DENIED
  kExhausted = 7,
  kUnavailable = 8,  // UNAVAILABLE, DEADLINE_EXCEEDED
  kOther = 9,
  kInterrupted = 130,
};

ExitCode ExitCodeOf(const absl::Status& status);

// What a followed run that ended in `state` makes of the program.
ExitCode ExitCodeOf(v1::RunState state);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_EXIT_CODE_H_
