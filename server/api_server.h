#ifndef STEELYARD_SERVER_API_SERVER_H_
#define STEELYARD_SERVER_API_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/auth_tables.h"
#include "server/engine_thread.h"
#include "server/watch_hub.h"
#include "steelyard/v1/admin_service.pb.h"
#include "storage/file_store.h"

namespace steelyard::server {

// The API as it is served to people and programs: every service but
// WorkerService, with health and reflection, on sockets and loopback ports.
class ApiServer {
 public:
  struct Options {
    std::string data_dir;                // whose store was opened by a Writer
    std::vector<std::string> addresses;  // unix:PATH or HOST:PORT, one or more
    v1::Limits limits;
    // TCP callers show `token`, which lies in `token_path`, and are this user.
    std::string token_path;
    TokenHash token;
    Caller token_caller;
    // 0: as many as cores, at least 4.
    int reader_threads = 0;
    // An empty response goes to a watcher who was sent nothing for this long.
    absl::Duration heartbeat = absl::Seconds(10);
  };

  // Serves when it returns.  Engine, hub and files outlive it.
  // Errors: those of ParseListenAddress and UnixListener::Bind; Unavailable for
  // a port that is taken.
  static absl::StatusOr<std::unique_ptr<ApiServer>> Start(
      const Options& options, EngineThread* engine, WatchHub* hub,
      const storage::FileStore* files);

  virtual ~ApiServer() = default;

  // As Options::addresses, with the real port.
  virtual std::vector<std::string> addresses() const = 0;

  // Takes no more connections, ends the watches (Unavailable: clients come
  // back), and waits for the other calls; after `limit` they are cancelled.
  // Called once, from one thread, and by the destructor otherwise.
  virtual void Shutdown(absl::Duration limit) = 0;
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_API_SERVER_H_
