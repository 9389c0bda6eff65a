#include <pthread.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "server/daemon.h"
#include "server/daemon_options.h"
#include "server/log.h"

// steelyardd: the server.
namespace steelyard::server {
namespace {

// Blocked in every thread, as long as they are waited for.
sigset_t EndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

int Serve(const DaemonOptions& options) {
  // Whatever is made is the user's alone.
  umask(077);
  // A client or a reader of our stdout that leaves is no reason to end.
  std::signal(SIGPIPE, SIG_IGN);
  const sigset_t signals = EndSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const absl::StatusOr<std::unique_ptr<Daemon>> daemon = Daemon::Start(options);
  if (!daemon.ok()) {
    std::cerr << "steelyardd: " << daemon.status().message() << "\n";
    return ExitStatus(daemon.status());
  }
  for (const std::string& address : (*daemon)->addresses()) {
    std::cout << "listening on " << address << "\n";
  }
  std::cout.flush();
  int number = 0;
  sigwait(&signals, &number);
  Log(Severity::kInfo, "signal", {{"number", number}});
  // From now on a second one has its usual effect: it ends the process.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  (*daemon)->Drain();
  return kExitDone;
}

int Main(int argc, char** argv) {
  std::optional<int> exit_status;
  const DaemonOptions options = ParseDaemonOptions(argc, argv, &exit_status);
  return exit_status.has_value() ? *exit_status : Serve(options);
}

}  // namespace
}  // namespace steelyard::server

int main(int argc, char** argv) { return steelyard::server::Main(argc, argv); }
