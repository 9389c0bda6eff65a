#include "server/data_dir.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "server/log.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

absl::Status SystemError(absl::string_view path, absl::string_view what) {
  return absl::InternalError(
      absl::StrCat(path, ": ", what, ": ", strerror(errno)));
}

std::string Variable(const char* name) {
  // Read at the start, before there is another thread.
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? std::string() : std::string(value);
}

// Every folder on the way that is missing is made, for the user alone.
absl::Status MakeFolders(const std::filesystem::path& path) {
  std::filesystem::path folder;
  for (const std::filesystem::path& part : path) {
    folder /= part;
    if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST &&
        !std::filesystem::is_directory(folder)) {
      return SystemError(folder.string(), "making the directory");
    }
  }
  return absl::OkStatus();
}

// Who may look into it could copy the store.
absl::Status Tighten(const std::string& path, mode_t mode) {
  if ((mode & 077) == 0) return absl::OkStatus();
  const std::string text = absl::StrFormat("%04o", mode & 07777);
  if (chmod(path.c_str(), 0700) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": want a directory of mode 0700, got ", text,
                     ", and can't change it: ", strerror(errno),
                     "; chmod 700 it, or choose another --data-dir"));
  }
  Log(Severity::kWarning, "data_dir_tightened",
      {{"data_dir", path}, {"was", text}, {"is", "0700"}});
  return absl::OkStatus();
}

// Who could write into it could swap the store, a token or a socket.
absl::Status CheckMode(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return SystemError(path, "looking at it");
  if (!S_ISDIR(info.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": want a directory, got another kind of file"));
  }
  if ((info.st_mode & 022) != 0 ||
      (info.st_uid != geteuid() && info.st_uid != 0)) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s: want a directory that you alone can write, got mode %04o, owner "
        "%d; choose another --data-dir, or chmod 700 it",
        path, info.st_mode & 07777, info.st_uid));
  }
  return Tighten(path, info.st_mode);
}

std::string ReadHolder(int fd) {
  std::array<char, 128> text{};
  const ssize_t length = pread(fd, text.data(), text.size(), 0);
  return std::string(text.data(), length > 0 ? static_cast<size_t>(length) : 0);
}

bool IsGone(const std::string& holder) {
  pid_t pid = 0;
  const std::pair<std::string, std::string> words =
      absl::StrSplit(holder, absl::MaxSplits(' ', 1));
  return absl::SimpleAtoi(words.first, &pid) && pid > 0 && kill(pid, 0) != 0 &&
         errno == ESRCH;
}

// Whether the lock is ours.  A holder that was killed while it started a worker
// has left the lock to it for as long as it takes to become one: that is waited
// for.
bool TakeLock(int fd) {
  constexpr absl::Duration kTry = absl::Milliseconds(10);
  for (int tries = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; ++tries) {
    const int error = errno;
    if (error != EWOULDBLOCK || tries == 500 || !IsGone(ReadHolder(fd))) {
      errno = error;
      return false;
    }
    absl::SleepFor(kTry);
  }
  return true;
}

// What the holder wrote: "PID TIME".
absl::Status HeldBy(const std::string& path, const std::string& lock, int fd) {
  const std::string line = ReadHolder(fd);
  const std::pair<std::string, std::string> holder =
      absl::StrSplit(absl::StripAsciiWhitespace(line), absl::MaxSplits(' ', 1));
  return absl::FailedPreconditionError(
      absl::StrCat(lock, ": a steelyardd has this data directory already: pid ",
                   holder.first.empty() ? "unknown" : holder.first, ", since ",
                   holder.second.empty() ? "just now" : holder.second,
                   "; stop it, or choose another --data-dir than ", path));
}

}  // namespace

absl::StatusOr<std::string> DefaultDataDir() {
  const std::string data_home = Variable("XDG_DATA_HOME");
  // The standard says that a relative one does not count.
  if (!data_home.empty() && data_home[0] == '/') {
    return absl::StrCat(data_home, "/steelyard");
  }
  std::string home = Variable("HOME");
  if (home.empty()) {
    // Before there is another thread.
    const passwd* user = getpwuid(geteuid());  // NOLINT(concurrency-mt-unsafe)
    if (user != nullptr) home = user->pw_dir;
  }
  if (home.empty()) {
    return absl::FailedPreconditionError(
        "--data-dir: want one, since HOME is not set");
  }
  return absl::StrCat(home, "/.local/share/steelyard");
}

absl::StatusOr<std::unique_ptr<DataDir>> DataDir::Open(const std::string& path,
                                                       absl::Time now) {
  std::error_code error;
  const std::filesystem::path absolute =
      std::filesystem::absolute(path, error).lexically_normal();
  if (path.empty() || error) {
    return absl::InvalidArgumentError(
        absl::StrCat("--data-dir: want a directory, got \"", path, "\""));
  }
  std::string folder = absolute.string();
  if (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  STEELYARD_RETURN_IF_ERROR(MakeFolders(folder));
  STEELYARD_RETURN_IF_ERROR(CheckMode(folder));
  const std::string lock = absl::StrCat(folder, "/lock");
  const int fd = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return SystemError(lock, "opening the lock");
  if (!TakeLock(fd)) {
    const absl::Status held = errno == EWOULDBLOCK
                                  ? HeldBy(folder, lock, fd)
                                  : SystemError(lock, "taking the lock");
    close(fd);
    return held;
  }
  std::unique_ptr<DataDir> result(new DataDir(std::move(folder), fd));
  const std::string holder = absl::StrCat(
      getpid(), " ",
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone()), "\n");
  if (ftruncate(fd, 0) != 0 || pwrite(fd, holder.data(), holder.size(), 0) !=
                                   static_cast<ssize_t>(holder.size())) {
    return SystemError(lock, "writing the lock");
  }
  return result;
}

DataDir::DataDir(std::string path, int lock_fd)
    : path_(std::move(path)), lock_fd_(lock_fd) {}

DataDir::~DataDir() { close(lock_fd_); }

}  // namespace steelyard::server
