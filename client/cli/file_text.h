#ifndef STEELYARD_CLIENT_CLI_FILE_TEXT_H_
#define STEELYARD_CLIENT_CLI_FILE_TEXT_H_

#include <cstdint>
#include <istream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Small files, read whole.
namespace steelyard::cli {

// A file's size is looked at before it is read; what has no size (a pipe, a
// device) is read to one byte past the limit.
//
// Errors: FileError; ResourceExhausted, with both sizes, above `limit_bytes`.
// All name the path.
absl::StatusOr<std::string> ReadFileText(const std::string& path,
                                         int64_t limit_bytes);

// The rest of a stream; `name` stands for it in errors.
absl::StatusOr<std::string> ReadStreamText(std::istream& stream,
                                           const std::string& name,
                                           int64_t limit_bytes);

// InvalidArgument whatever errno says, which the message repeats behind the
// path: NotFound and PermissionDenied are a server's answers.
absl::Status FileError(const std::string& path, int error_number);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_FILE_TEXT_H_
