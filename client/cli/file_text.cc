#include "client/cli/file_text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "client/cli/escape.h"
#include "support/status_macros.h"

namespace steelyard::cli {
namespace {

absl::Status TooLarge(const std::string& path, int64_t limit_bytes,
                      const std::string& got) {
  return absl::ResourceExhaustedError(absl::StrCat(
      TerminalText(path), ": want at most ", limit_bytes, " bytes, got ", got));
}

absl::StatusOr<std::string> ReadDescriptor(int descriptor,
                                           const std::string& path,
                                           int64_t limit_bytes) {
  std::string text;
  std::array<char, 65536> block;
  while (true) {
    const ssize_t count = read(descriptor, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(path, errno);
    if (count == 0) return text;
    text.append(block.data(), static_cast<size_t>(count));
    if (static_cast<int64_t>(text.size()) > limit_bytes) {
      return TooLarge(path, limit_bytes, "more");
    }
  }
}

}  // namespace

absl::Status FileError(const std::string& path, int error_number) {
  return absl::InvalidArgumentError(absl::StrCat(
      TerminalText(path), ": ", std::generic_category().message(error_number)));
}

absl::StatusOr<std::string> ReadFileText(const std::string& path,
                                         int64_t limit_bytes) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return FileError(path, errno);
  const absl::Cleanup closer = [descriptor] { close(descriptor); };
  struct stat file = {};
  if (fstat(descriptor, &file) != 0) return FileError(path, errno);
  if (file.st_size > limit_bytes) {
    return TooLarge(path, limit_bytes, absl::StrCat(file.st_size));
  }
  return ReadDescriptor(descriptor, path, limit_bytes);
}

absl::StatusOr<std::string> ReadStreamText(std::istream& stream,
                                           const std::string& name,
                                           int64_t limit_bytes) {
  std::string text;
  std::array<char, 65536> block;
  while (stream) {
    stream.read(block.data(), block.size());
    text.append(block.data(), static_cast<size_t>(stream.gcount()));
    if (static_cast<int64_t>(text.size()) > limit_bytes) {
      return TooLarge(name, limit_bytes, "more");
    }
  }
  return text;
}

}  // namespace steelyard::cli
