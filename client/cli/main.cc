#include <grpc/grpc.h>
#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "client/cli/command_line.h"

int main(int argc, char** argv) {
  using namespace steelyard::cli;
  // Never undone: at its end gRPC waits up to 10 s for the poller that a write
  // to a slow server has needed.
  grpc_init();
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
  const ExitCode code = RunCommandLine(arguments, console, {});
  std::cout.flush();
  std::cerr.flush();
  // gRPC's threads still run: no static object may be destroyed under them.
  _exit(static_cast<int>(code));
}
