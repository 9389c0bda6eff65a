#ifndef STEELYARD_SERVER_PAGE_TOKEN_H_
#define STEELYARD_SERVER_PAGE_TOKEN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Page tokens: opaque to clients, bound to the request that they continue,
// valid over a restart of the server.  They hold no secret and grant nothing:
// whoever makes one up reads what he may read anyway.
namespace steelyard::server {

// A number for a request's fixed fields (64-bit FNV-1a of the fields and their
// lengths); the same on every machine.
uint64_t RequestFingerprint(const std::vector<std::string>& fields);

// `position` is the last page's end in the handler's own form.
std::string MakePageToken(uint64_t fingerprint, absl::string_view position);

// Returns the position; empty for an empty token, which is the first page.
//
// Errors: InvalidArgument unless the token was made with this fingerprint.
absl::StatusOr<std::string> ParsePageToken(uint64_t fingerprint,
                                           absl::string_view token);

// As ParsePageToken where the position is `count` numbers >= 0, joined by ':';
// all 0 on the first page.
absl::StatusOr<std::vector<int64_t>> ParseNumericPageToken(
    uint64_t fingerprint, absl::string_view token, size_t count);
std::string MakeNumericPageToken(uint64_t fingerprint,
                                 const std::vector<int64_t>& position);

// The number of entries of a page: `asked`, or when it is 0 the smaller of
// `default_size` and `limit`.
//
// Errors: InvalidArgument when it is negative or above `limit`.
absl::StatusOr<int> PageSize(int64_t asked, int64_t default_size,
                             int64_t limit);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_PAGE_TOKEN_H_
