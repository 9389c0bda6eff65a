#include "client/cli/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/escape.h"

namespace steelyard::cli {
namespace {

// errno's, whatever it is: NotFound and PermissionDenied are a server's.
absl::Status SystemError(const std::string& path, absl::string_view what) {
  return absl::UnknownError(
      absl::StrCat(TerminalText(path), ": ", what, ": ",
                   std::generic_category().message(errno)));
}

// A link's target, which is the file that is meant.
std::string Resolved(const std::string& path) {
  char resolved[PATH_MAX];
  return realpath(path.c_str(), resolved) == nullptr ? path : resolved;
}

// What open() would give a new file.
mode_t NewFileMode() {
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

}  // namespace

absl::StatusOr<std::unique_ptr<OutputFile>> OutputFile::Open(
    const std::string& path, IfThere if_there) {
  struct stat there = {};
  const bool is_there = stat(path.c_str(), &there) == 0;
  if (is_there && if_there == IfThere::kRefuse) {
    return absl::AlreadyExistsError(
        absl::StrCat(TerminalText(path),
                     ": want a name that no file has, got one that is there; "
                     "--output FILE overwrites"));
  }
  if (is_there && !S_ISREG(there.st_mode)) {
    const int descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return SystemError(path, "open");
    return std::unique_ptr<OutputFile>(new OutputFile(path, "", descriptor));
  }
  const std::string final_path = is_there ? Resolved(path) : path;
  std::string written_path = absl::StrCat(final_path, ".part-XXXXXX");
  const int descriptor = mkostemp(written_path.data(), O_CLOEXEC);
  if (descriptor < 0) return SystemError(path, "write beside it");
  std::unique_ptr<OutputFile> file(
      new OutputFile(final_path, written_path, descriptor));
  if (fchmod(descriptor, is_there ? there.st_mode & 07777 : NewFileMode()) !=
      0) {
    return SystemError(path, "set its mode");
  }
  return file;
}

OutputFile::~OutputFile() {
  close(descriptor_);
  if (!written_path_.empty()) unlink(written_path_.c_str());
}

absl::Status OutputFile::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError(path_, "write");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status OutputFile::Keep() {
  if (written_path_.empty()) return absl::OkStatus();
  if (fsync(descriptor_) != 0) return SystemError(path_, "sync");
  if (rename(written_path_.c_str(), path_.c_str()) != 0) {
    return SystemError(path_, "rename");
  }
  written_path_.clear();
  return absl::OkStatus();
}

}  // namespace steelyard::cli
