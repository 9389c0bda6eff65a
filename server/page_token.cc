#include "server/page_token.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/names.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

void Mix(absl::string_view bytes, uint64_t* hash) {
  for (const char c : bytes) {
    *hash ^= static_cast<unsigned char>(c);
    *hash *= 0x100000001b3;
  }
}

std::string Prefix(uint64_t fingerprint) {
  return absl::StrCat("1:", absl::Hex(fingerprint, absl::kZeroPad16), ":");
}

absl::Status BadToken(absl::string_view token) {
  return absl::InvalidArgumentError(absl::StrCat(
      "page_token: want the token of the last response to the same request, "
      "got ",
      Quoted(token)));
}

}  // namespace

uint64_t RequestFingerprint(const std::vector<std::string>& fields) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const std::string& field : fields) {
    Mix(absl::StrCat(field.size(), ":"), &hash);
    Mix(field, &hash);
  }
  return hash;
}

std::string MakePageToken(uint64_t fingerprint, absl::string_view position) {
  return absl::WebSafeBase64Escape(absl::StrCat(Prefix(fingerprint), position));
}

absl::StatusOr<std::string> ParsePageToken(uint64_t fingerprint,
                                           absl::string_view token) {
  if (token.empty()) return std::string();
  std::string text;
  if (!absl::WebSafeBase64Unescape(token, &text)) return BadToken(token);
  absl::string_view position = text;
  if (!absl::ConsumePrefix(&position, Prefix(fingerprint)) ||
      position.empty()) {
    return BadToken(token);
  }
  return std::string(position);
}

absl::StatusOr<std::vector<int64_t>> ParseNumericPageToken(
    uint64_t fingerprint, absl::string_view token, size_t count) {
  STEELYARD_ASSIGN_OR_RETURN(const std::string position,
                             ParsePageToken(fingerprint, token));
  std::vector<int64_t> numbers(count);
  if (position.empty()) return numbers;
  const std::vector<absl::string_view> parts = absl::StrSplit(position, ':');
  if (parts.size() != count) return BadToken(token);
  for (size_t i = 0; i < count; ++i) {
    if (!absl::SimpleAtoi(parts[i], &numbers[i]) || numbers[i] < 0) {
      return BadToken(token);
    }
  }
  return numbers;
}

std::string MakeNumericPageToken(uint64_t fingerprint,
                                 const std::vector<int64_t>& position) {
  return MakePageToken(fingerprint, absl::StrJoin(position, ":"));
}

absl::StatusOr<int> PageSize(int64_t asked, int64_t default_size,
                             int64_t limit) {
  if (asked < 0 || asked > limit) {
    return absl::InvalidArgumentError(absl::StrCat(
        "page_size: want 0 (the default) to ", limit, ", got ", asked));
  }
  return static_cast<int>(asked == 0 ? std::min(default_size, limit) : asked);
}

}  // namespace steelyard::server
