#include "server/auth_tables.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <pwd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

constexpr size_t kPrefixLength = 8;
constexpr absl::Duration kLongestWait = absl::Minutes(1);
constexpr absl::Duration kForget = absl::Minutes(10);

std::string Sha256Bytes(absl::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         digest.data());
  return std::string(digest.begin(), digest.end());
}

absl::Status FileError(absl::string_view path, absl::string_view what) {
  return absl::InternalError(
      absl::StrCat(path, ": ", what, ": ", strerror(errno)));
}

absl::Status WriteAndSync(int fd, const std::string& path,
                          absl::string_view text) {
  if (write(fd, text.data(), text.size()) !=
      static_cast<ssize_t>(text.size())) {
    return FileError(path, "writing the token");
  }
  if (fsync(fd) != 0) return FileError(path, "syncing the token");
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadToken(int fd, const std::string& path) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return FileError(path, "reading the token");
  if ((info.st_mode & 077) != 0) {
    return absl::FailedPreconditionError(
        absl::StrFormat("%s: want a file of mode 0600, got %04o; delete it to "
                        "get a new token",
                        path, info.st_mode & 07777));
  }
  std::array<char, 128> text{};
  const ssize_t length = read(fd, text.data(), text.size());
  if (length < 0) return FileError(path, "reading the token");
  const absl::string_view token = absl::StripAsciiWhitespace(
      absl::string_view(text.data(), static_cast<size_t>(length)));
  if (token.size() != 64 ||
      !std::all_of(token.begin(), token.end(), absl::ascii_isxdigit)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": want 64 hexadecimal digits, got ", length,
                     " bytes of another form; delete it to get a new token"));
  }
  return std::string(token);
}

absl::Duration WaitAfter(int failures) {
  if (failures < FailedAttempts::kFree) return absl::ZeroDuration();
  const int doublings = std::min(failures - FailedAttempts::kFree, 6);
  return std::min(absl::Seconds(1 << doublings), kLongestWait);
}

}  // namespace

std::string UserName(uid_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(size_t{16} * 1024);
  if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 &&
      found != nullptr) {
    return entry.pw_name;
  }
  return absl::StrCat("uid-", uid);
}

Caller CallerOfUid(uid_t uid, uid_t server_uid) {
  return {.user = UserName(uid),
          .role = uid == 0 || uid == server_uid ? v1::ROLE_ADMIN
                                                : v1::ROLE_SUBMITTER};
}

void PeerTable::Set(int fd, Caller caller) {
  const MutexLock lock(mu_);
  callers_[fd] = std::move(caller);
}

std::optional<Caller> PeerTable::Find(int fd) const {
  const MutexLock lock(mu_);
  const auto found = callers_.find(fd);
  if (found == callers_.end()) return std::nullopt;
  return found->second;
}

TokenHash HashToken(absl::string_view token) {
  return {.bytes = Sha256Bytes(token),
          .prefix = std::string(token.substr(0, kPrefixLength))};
}

bool Matches(const TokenHash& hash, absl::string_view token) {
  const std::string other = Sha256Bytes(token);
  return CRYPTO_memcmp(hash.bytes.data(), other.data(), other.size()) == 0;
}

absl::StatusOr<std::string> MakeToken() {
  std::array<char, 32> bytes;
  if (getrandom(bytes.data(), bytes.size(), 0) !=
      static_cast<ssize_t>(bytes.size())) {
    return FileError("token", "getrandom");
  }
  return absl::BytesToHexString(absl::string_view(bytes.data(), bytes.size()));
}

absl::Status WriteTokenFile(const std::string& path, absl::string_view token) {
  const std::string temporary = absl::StrCat(path, ".new");
  unlink(temporary.c_str());
  const int fd =
      open(temporary.c_str(),
           O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return FileError(temporary, "making the token file");
  absl::Status written = WriteAndSync(fd, temporary, absl::StrCat(token, "\n"));
  close(fd);
  if (!written.ok()) return written;
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    return FileError(path, "naming the token file");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadOrMakeTokenFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0 && errno == ENOENT) {
    STEELYARD_ASSIGN_OR_RETURN(std::string token, MakeToken());
    STEELYARD_RETURN_IF_ERROR(WriteTokenFile(path, token));
    return token;
  }
  if (fd < 0) return FileError(path, "reading the token");
  const absl::Cleanup closer = [fd] { close(fd); };
  return ReadToken(fd, path);
}

absl::Duration FailedAttempts::Wait(const std::string& key, absl::Time now) {
  const MutexLock lock(mu_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return absl::ZeroDuration();
  if (now - found->second.last > kForget) {
    Erase(found);
    return absl::ZeroDuration();
  }
  const absl::Time until =
      found->second.last + WaitAfter(found->second.failures);
  return std::max(until - now, absl::ZeroDuration());
}

void FailedAttempts::Failed(const std::string& key, absl::Time now) {
  const MutexLock lock(mu_);
  auto found = entries_.find(key);
  if (found == entries_.end()) {
    if (entries_.size() >= kMaxKeys) Erase(entries_.find(by_age_.front()));
    found = entries_.emplace(key, Entry{}).first;
    found->second.place = by_age_.insert(by_age_.end(), key);
  }
  ++found->second.failures;
  found->second.last = now;
  by_age_.splice(by_age_.end(), by_age_, found->second.place);
}

void FailedAttempts::Succeeded(const std::string& key) {
  const MutexLock lock(mu_);
  const auto found = entries_.find(key);
  if (found != entries_.end()) Erase(found);
}

size_t FailedAttempts::size() {
  const MutexLock lock(mu_);
  return entries_.size();
}

void FailedAttempts::Erase(std::map<std::string, Entry>::iterator entry) {
  by_age_.erase(entry->second.place);
  entries_.erase(entry);
}

}  // namespace steelyard::server
