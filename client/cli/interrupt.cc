#include "client/cli/interrupt.h"

#include <unistd.h>

#include <csignal>

#include "client/cli/exit_code.h"

namespace steelyard::cli {
namespace {

// A signal handler has no argument of its own.
std::atomic<Interrupt*> installed = nullptr;

void OnSignal(int /*signal*/) { installed.load()->Raise(); }

}  // namespace

void Interrupt::Raise() {
  const bool again = raised_.exchange(true);
  if (again || !watched_) _exit(static_cast<int>(ExitCode::kInterrupted));
}

void Interrupt::Install(Interrupt& interrupt) {
  installed = &interrupt;
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
}

}  // namespace steelyard::cli
