#ifndef STEELYARD_SERVER_START_PROCESS_H_
#define STEELYARD_SERVER_START_PROCESS_H_

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"
#include "server/launcher.h"
#include "server/unique_fd.h"

namespace steelyard::server {

// A process that was started.
struct StartedProcess {
  pid_t pid = -1;
  UniqueFd pidfd;     // readable when it has ended
  UniqueFd lifeline;  // the end of the pipe that is ours
};

// Starts a process as Launcher says.  It is killed when the calling thread
// ends. Errors: NotFound when the program can't be executed; ResourceExhausted
// when the system has no more descriptors or processes.
absl::StatusOr<StartedProcess> StartProcess(const LaunchRequest& request);

// Takes the end of a process that has ended, and says how.
std::string TakeExit(pid_t pid);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_START_PROCESS_H_
