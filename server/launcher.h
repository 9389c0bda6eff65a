#ifndef STEELYARD_SERVER_LAUNCHER_H_
#define STEELYARD_SERVER_LAUNCHER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/worker_log.h"

namespace steelyard::server {

// A process to start.
struct LaunchRequest {
  std::vector<std::string> argv;   // argv[0]: the program's path
  int nice = 0;                    // added to this process's
  std::shared_ptr<WorkerLog> log;  // gets its stdout and stderr
};

// Number of a launch, from 1 on; never used again.
using LaunchId = int64_t;

// Starts processes and waits for their end.  The border to the system: tests
// have one of their own.  Thread-safe; no call waits for a process.
//
// Such a process
//   - has a pipe as descriptor kLifelineFd that reads as closed when this
//     process ends; besides it 0 (/dev/null), 1 and 2;
//   - is killed by the system when this process ends, however it ends;
//   - has a session of its own, so that a terminal's Ctrl-C does not reach it;
//   - writes no core file, and starts with no signal blocked or ignored.
class Launcher {
 public:
  static constexpr int kLifelineFd = 3;

  // How it ended: "exit code 1", "signal 9 (Killed)", or why it never began.
  using OnExit = std::function<void(const std::string& how)>;

  virtual ~Launcher() = default;

  // Starts a process after `delay`.  `on_exit` comes once, on the launcher's
  // thread, with no lock held, and may call the launcher.
  virtual LaunchId Launch(LaunchRequest request, absl::Duration delay,
                          OnExit on_exit) = 0;

  // Asks it to end, by SIGTERM; the lifeline stays, so that it has time to say
  // farewell.  One that has not begun does not begin.  Nothing when it has
  // ended.
  virtual void Terminate(LaunchId launch) = 0;
  // Ends it at once.
  virtual void Kill(LaunchId launch) = 0;
};

// Starts real ones, from a thread that lives as long as the launcher: the
// system's signal comes when the thread ends that forked.  The destructor kills
// what is left and waits for it.
// Errors: ResourceExhausted when there are no more descriptors.
absl::StatusOr<std::unique_ptr<Launcher>> MakeProcessLauncher();

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_LAUNCHER_H_
