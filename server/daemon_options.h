#ifndef STEELYARD_SERVER_DAEMON_OPTIONS_H_
#define STEELYARD_SERVER_DAEMON_OPTIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "steelyard/v1/admin_service.pb.h"

namespace steelyard::server {

// What steelyardd is told on its command line.
struct DaemonOptions {
  std::string data_dir;             // empty: DefaultDataDir
  std::vector<std::string> listen;  // empty: unix:DATA_DIR/steelyard.sock
  int workers = 0;
  v1::Limits limits;
};

// Exit statuses of steelyardd; those of an error are the command line's too.
enum DaemonExit {
  kExitDone = 0,
  kExitWrongCommandLine = 2,
  kExitOther = 9,
  // The store could not be synced: see EngineParts::fatal.
  kExitSyncFailed = 70,
};
int ExitStatus(const absl::Status& status);

// Reads the command line.  Sets `exit_status` when the program has to end:
// after
// --help or --version, or with what is wrong on stderr.
DaemonOptions ParseDaemonOptions(int argc, char** argv,
                                 std::optional<int>* exit_status);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_DAEMON_OPTIONS_H_
