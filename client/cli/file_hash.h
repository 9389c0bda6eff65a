#ifndef STEELYARD_CLIENT_CLI_FILE_HASH_H_
#define STEELYARD_CLIENT_CLI_FILE_HASH_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct evp_md_ctx_st;

namespace steelyard::cli {

// The SHA-256 of bytes that come in stretches.
class Sha256Hash {
 public:
  Sha256Hash();
  void Add(absl::string_view bytes);
  // Lower-case hexadecimal.  Called once, last.
  std::string Hex();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// What names a file's bytes.
struct FileHash {
  std::string sha256;  // lower-case hexadecimal
  int64_t size_bytes = 0;
};

// Reads a regular file once, in blocks.
//
// Errors: FileError; InvalidArgument for what is no regular file or is empty;
// all name the path.
absl::StatusOr<FileHash> HashFile(const std::string& path);

// Whether the file can be opened, is a regular one, and not empty.  Errors as
// HashFile.
absl::Status CheckReadable(const std::string& path);

// SHA-256 in lower-case hexadecimal.
std::string Sha256Hex(absl::string_view bytes);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_FILE_HASH_H_
