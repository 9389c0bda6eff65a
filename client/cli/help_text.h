#ifndef STEELYARD_CLIENT_CLI_HELP_TEXT_H_
#define STEELYARD_CLIENT_CLI_HELP_TEXT_H_

#include <string>

#include "CLI/CLI.hpp"

namespace steelyard::cli {

// What --help prints for a command: its examples first, which are kept in the
// command's footer, then what it does and takes.
std::string HelpText(const CLI::App& command);

// What is wrong with a command line and, where a name is nearly right, the name
// that may be meant.
std::string UsageFault(const CLI::App& program, const CLI::ParseError& fault);

// The command that was named, as far as it was understood.
const CLI::App& NamedCommand(const CLI::App& program);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_HELP_TEXT_H_
