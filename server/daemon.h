#ifndef STEELYARD_SERVER_DAEMON_H_
#define STEELYARD_SERVER_DAEMON_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/daemon_options.h"

namespace steelyard::server {

// All parts of a server, put together: data directory, store, engine, workers,
// API.
class Daemon {
 public:
  // Serves when it returns; the workers are on their way.
  // Errors: whatever keeps a server from serving, with the cure.
  static absl::StatusOr<std::unique_ptr<Daemon>> Start(
      const DaemonOptions& options);
  // As a crash would end it, but in order: no checkpoint, no waiting.
  virtual ~Daemon() = default;

  // unix:PATH or HOST:PORT, with the real port, in the order of the options.
  virtual std::vector<std::string> addresses() const = 0;

  // Stops leasing, lets the workers write checkpoints, ends them, sends
  // watchers away, and answers what was accepted.  Within 30 s.  Called once.
  virtual void Drain() = 0;
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_DAEMON_H_
