#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "client/cli/command_line.h"

int main(int argc, char** argv) {
  using namespace steelyard::cli;
  static Interrupt interrupt;  // outlives every thread of gRPC
  Interrupt::Install(interrupt);
  std::ios::sync_with_stdio(false);
  Console console = {.in = std::cin,
                     .out = std::cout,
                     .err = std::cerr,
                     .out_terminal = TerminalOf(STDOUT_FILENO, ProcessEnv),
                     .err_terminal = TerminalOf(STDERR_FILENO, ProcessEnv),
                     .env = ProcessEnv,
                     .interrupt = interrupt};
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return static_cast<int>(RunCommandLine(arguments, console, {}));
}
