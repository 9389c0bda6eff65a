#include "server/unix_listener.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/log.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

constexpr size_t kLongestPath = sizeof(sockaddr_un::sun_path) - 1;
static_assert(kLongestPath == 107);

absl::Status SystemError(absl::string_view path, absl::string_view what) {
  return absl::InternalError(
      absl::StrCat(path, ": ", what, ": ", strerror(errno)));
}

sockaddr_un Address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), address.sun_path);
  return address;
}

// sockaddr_un is what the kernel's sockaddr stands for here.
const sockaddr* Generic(const sockaddr_un* address) {
  return reinterpret_cast<const sockaddr*>(address);
}

// Removes a socket that a dead process left behind.
absl::Status RemoveStale(const std::string& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? absl::OkStatus()
                           : SystemError(path, "looking for a socket");
  }
  if (!S_ISSOCK(info.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, ": want a socket or nothing, got another kind of file"));
  }
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return SystemError(path, "making a socket");
  const absl::Cleanup closer = [probe] { close(probe); };
  const sockaddr_un address = Address(path);
  if (connect(probe, Generic(&address), sizeof(address)) == 0 ||
      errno != ECONNREFUSED) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": a process listens there already"));
  }
  if (unlink(path.c_str()) != 0) return SystemError(path, "removing it");
  return absl::OkStatus();
}

// The mode is set on the socket before it has a name: there is no moment in
// which others could connect.
absl::Status BindAndListen(int fd, const std::string& path) {
  if (fchmod(fd, 0600) != 0) return SystemError(path, "setting the mode");
  const sockaddr_un address = Address(path);
  if (bind(fd, Generic(&address), sizeof(address)) != 0) {
    return SystemError(path, "binding the socket");
  }
  if (listen(fd, SOMAXCONN) != 0) return SystemError(path, "listening");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<UnixListener>> UnixListener::Bind(
    const std::string& path) {
  if (path.empty() || path.size() > kLongestPath) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": want the path of a socket of at most ",
                     kLongestPath, " bytes, got ", path.size(),
                     "; choose a shorter --data-dir or --listen unix:PATH"));
  }
  STEELYARD_RETURN_IF_ERROR(RemoveStale(path));
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return SystemError(path, "making a socket");
  if (absl::Status bad = BindAndListen(fd, path); !bad.ok()) {
    close(fd);
    return bad;
  }
  const int stop_fd = eventfd(0, EFD_CLOEXEC);
  if (stop_fd < 0) {
    close(fd);
    return SystemError(path, "making an eventfd");
  }
  return std::unique_ptr<UnixListener>(new UnixListener(path, fd, stop_fd));
}

UnixListener::UnixListener(std::string path, int listen_fd, int stop_fd)
    : path_(std::move(path)), listen_fd_(listen_fd), stop_fd_(stop_fd) {}

UnixListener::~UnixListener() {
  if (thread_.joinable()) {
    eventfd_write(stop_fd_, 1);
    thread_.join();
  }
  // First the name: who finds it can still connect, and is refused at once.
  unlink(path_.c_str());
  close(listen_fd_);
  close(stop_fd_);
}

void UnixListener::Start(Accepted accepted) {
  accepted_ = std::move(accepted);
  thread_ = std::thread([this] { Run(); });
}

void UnixListener::Run() {
  std::array<pollfd, 2> ready = {
      {{listen_fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}}};
  while (true) {
    if (poll(ready.data(), ready.size(), -1) < 0) continue;  // interrupted
    if (ready[1].revents != 0) return;
    AcceptOne();
  }
}

void UnixListener::AcceptOne() {
  const int fd =
      accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) {
    if (errno != EMFILE && errno != ENFILE) return;  // the peer left again
    // Without a pause the connection that waits would keep this thread busy.
    Log(Severity::kError, "too_many_open_files", {{"socket", path_}});
    pollfd stop = {stop_fd_, POLLIN, 0};
    poll(&stop, 1, 200);
    return;
  }
  ucred peer{};
  socklen_t length = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) {
    close(fd);
    return;
  }
  accepted_(fd, peer.uid);
}

}  // namespace steelyard::server
