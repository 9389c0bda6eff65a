#ifndef STEELYARD_SERVER_UNIX_LISTENER_H_
#define STEELYARD_SERVER_UNIX_LISTENER_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"

namespace steelyard::server {

// A unix socket of mode 0600 that tells who connects.  Knows no gRPC.
class UnixListener {
 public:
  // Called on the listener's thread; `fd` is non-blocking and the receiver's.
  using Accepted = absl::AnyInvocable<void(int fd, uid_t uid)>;

  // Binds and listens; connections wait until Start.  A socket at `path` that
  // nobody listens on any more is replaced.
  //
  // Errors: InvalidArgument when the path has more than 107 bytes;
  // FailedPrecondition when a process listens there or the path is no socket;
  // Internal.
  static absl::StatusOr<std::unique_ptr<UnixListener>> Bind(
      const std::string& path);
  // Ends the thread, closes and removes the socket.  Connections stay.
  ~UnixListener();
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  // Called once.
  void Start(Accepted accepted);

  const std::string& path() const { return path_; }

 private:
  UnixListener(std::string path, int listen_fd, int stop_fd);
  void Run();
  void AcceptOne();

  const std::string path_;
  const int listen_fd_;
  const int stop_fd_;  // an eventfd
  Accepted accepted_;
  std::thread thread_;
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_UNIX_LISTENER_H_
