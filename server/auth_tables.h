#ifndef STEELYARD_SERVER_AUTH_TABLES_H_
#define STEELYARD_SERVER_AUTH_TABLES_H_

#include <sys/types.h>

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "steelyard/v1/admin_service.pb.h"
#include "support/mutex.h"

// Who is who, without gRPC: peers of sockets, tokens, failed attempts.
namespace steelyard::server {

// Who makes a call.
struct Caller {
  std::string user;
  v1::Role role = v1::ROLE_UNSPECIFIED;

  bool is_admin() const { return role == v1::ROLE_ADMIN; }
};

// The account's name, or "uid-1000" if it has none.  May ask a directory
// server: not for gRPC's threads.
std::string UserName(uid_t uid);

// On a unix socket: the server's own account and root are admin, all others
// submitter.
Caller CallerOfUid(uid_t uid, uid_t server_uid);

// Who is at the other end of each connection of a unix socket, by the number of
// our end's file descriptor.  An entry is replaced when the number is used
// again, so the table never has more entries than the process has had
// descriptors at one time.  Thread-safe.
class PeerTable {
 public:
  void Set(int fd, Caller caller) ABSL_LOCKS_EXCLUDED(mu_);
  // Nothing when no connection had that number.
  std::optional<Caller> Find(int fd) const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  mutable Mutex mu_;
  std::map<int, Caller> callers_ ABSL_GUARDED_BY(mu_);
};

// SHA-256 of a token; all that the server keeps of it.
struct TokenHash {
  std::string bytes;   // 32 bytes
  std::string prefix;  // the token's first 8 characters, which name it
};
TokenHash HashToken(absl::string_view token);
// Takes the same time wherever the two differ.
bool Matches(const TokenHash& hash, absl::string_view token);

// 256 random bits in 64 hexadecimal digits.
absl::StatusOr<std::string> MakeToken();
// Writes `token` and a line end to a new file of mode 0600 and syncs it; a file
// of that name is replaced.  The file appears whole or not at all.
absl::Status WriteTokenFile(const std::string& path, absl::string_view token);
// Reads a token file, or makes one with a new token when there is none.
// Errors: FailedPrecondition when others may read the file or it holds no
// token.
absl::StatusOr<std::string> ReadOrMakeTokenFile(const std::string& path);

// Slows those who guess: after 5 failures of one key the next ones are refused
// unread for 1 s, 2 s, 4 s, ... at most 60 s.  Forgets a key 10 minutes after
// its last failure, and the oldest one when there are 10,000.  Thread-safe.
class FailedAttempts {
 public:
  static constexpr size_t kMaxKeys = 10'000;
  static constexpr int kFree = 5;

  // How long `key` still has to wait; zero when it may try now.
  absl::Duration Wait(const std::string& key, absl::Time now)
      ABSL_LOCKS_EXCLUDED(mu_);
  void Failed(const std::string& key, absl::Time now) ABSL_LOCKS_EXCLUDED(mu_);
  void Succeeded(const std::string& key) ABSL_LOCKS_EXCLUDED(mu_);
  size_t size() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Entry {
    int failures = 0;
    absl::Time last;
    std::list<std::string>::iterator place;
  };

  void Erase(std::map<std::string, Entry>::iterator entry)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  Mutex mu_;
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mu_);
  std::list<std::string> by_age_ ABSL_GUARDED_BY(mu_);  // oldest failure first
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_AUTH_TABLES_H_
