#include "client/cli/file_hash.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "client/cli/escape.h"
#include "client/cli/file_text.h"
#include "support/check.h"
#include "support/status_macros.h"

namespace steelyard::cli {
namespace {

absl::StatusOr<int> OpenRegular(const std::string& path) {
  // Without O_NONBLOCK the opening of a pipe would wait for its writer.
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return FileError(path, errno);
  struct stat file = {};
  const bool known = fstat(descriptor, &file) == 0;
  if (known && S_ISREG(file.st_mode) && file.st_size > 0) return descriptor;
  const int error_number = errno;
  close(descriptor);
  if (!known) return FileError(path, error_number);
  if (S_ISREG(file.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(
        TerminalText(path), ": want a file with content, got an empty one"));
  }
  return absl::InvalidArgumentError(
      absl::StrCat(TerminalText(path), ": want a regular file, got ",
                   S_ISDIR(file.st_mode) ? "a directory" : "something else"));
}

}  // namespace

void Sha256Hash::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

Sha256Hash::Sha256Hash() : context_(EVP_MD_CTX_new()) {
  STEELYARD_CHECK(context_ != nullptr);
  STEELYARD_CHECK(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) ==
                  1);
}

void Sha256Hash::Add(absl::string_view bytes) {
  STEELYARD_CHECK(
      EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

std::string Sha256Hash::Hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  STEELYARD_CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) ==
                  1);
  const std::string bytes(digest.begin(), digest.begin() + size);
  return absl::BytesToHexString(bytes);
}

std::string Sha256Hex(absl::string_view bytes) {
  Sha256Hash hash;
  hash.Add(bytes);
  return hash.Hex();
}

absl::Status CheckReadable(const std::string& path) {
  STEELYARD_ASSIGN_OR_RETURN(const int descriptor, OpenRegular(path));
  close(descriptor);
  return absl::OkStatus();
}

absl::StatusOr<FileHash> HashFile(const std::string& path) {
  constexpr size_t kBlockBytes = 1 << 20;
  STEELYARD_ASSIGN_OR_RETURN(const int descriptor, OpenRegular(path));
  const absl::Cleanup closer = [descriptor] { close(descriptor); };
  Sha256Hash hash;
  FileHash result;
  std::vector<char> block(kBlockBytes);
  while (true) {
    const ssize_t count = read(descriptor, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(path, errno);
    if (count == 0) break;
    hash.Add(absl::string_view(block.data(), static_cast<size_t>(count)));
    result.size_bytes += count;
  }
  result.sha256 = hash.Hex();
  return result;
}

}  // namespace steelyard::cli
