#include "storage/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace steelyard::storage {

absl::Status FileError(absl::string_view what, const std::string& path) {
  const int error = errno;
  const std::string message = absl::StrCat(
      path, ": ", what, ": ", std::generic_category().message(error));
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return absl::ResourceExhaustedError(message);
    case ENOENT:
      return absl::NotFoundError(message);
    default:
      return absl::InternalError(message);
  }
}

File::File(const std::string& path, int flags)
    : descriptor_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {}

File::~File() {
  if (is_open()) close(descriptor_);
}

absl::Status Sync(const File& file, const std::string& path) {
  if (fsync(file.descriptor()) == 0) return absl::OkStatus();
  // The kernel may have dropped what it could not write: nothing that is asked
  // of it later can tell.
  return absl::DataLossError(
      absl::StrCat(path, ": sync: ", std::generic_category().message(errno)));
}

absl::Status SyncFolder(const std::string& folder) {
  const File file(folder, O_RDONLY | O_DIRECTORY);
  if (!file.is_open()) return FileError("open", folder);
  return Sync(file, folder);
}

absl::Status MakeFolder(const std::string& folder) {
  if (mkdir(folder.c_str(), 0700) == 0) {
    return SyncFolder(absl::StrCat(folder, "/.."));
  }
  return errno == EEXIST ? absl::OkStatus()
                         : FileError("make the folder", folder);
}

absl::Status WriteAll(const File& file, absl::string_view bytes,
                      const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written =
        write(file.descriptor(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileError("write", path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status WriteAllAt(const File& file, absl::string_view bytes,
                        int64_t offset, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written =
        pwrite(file.descriptor(), bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileError("write", path);
    bytes.remove_prefix(static_cast<size_t>(written));
    offset += written;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadSome(const File& file, size_t most,
                                     const std::string& path) {
  std::string bytes(most, '\0');
  for (;;) {
    const ssize_t got = read(file.descriptor(), bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError("read", path);
    bytes.resize(static_cast<size_t>(got));
    return bytes;
  }
}

absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& folder) {
  DIR* directory = opendir(folder.c_str());
  if (directory == nullptr) return FileError("open", folder);
  std::vector<std::string> names;
  // Only this thread has this DIR.  NOLINTNEXTLINE(concurrency-mt-unsafe)
  while (const dirent* entry = readdir(directory)) {
    names.emplace_back(entry->d_name);
  }
  closedir(directory);
  return names;
}

}  // namespace steelyard::storage
