#ifndef STEELYARD_CLIENT_CLI_OUTPUT_FILE_H_
#define STEELYARD_CLIENT_CLI_OUTPUT_FILE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace steelyard::cli {

// A file that appears whole under its name or not at all: it is written beside
// it, and renamed at the end.  What is there and no regular file (a pipe, a
// device) is written to as it is.
//
// Errors: AlreadyExists; Unknown, with the path, for what the system refuses.
class OutputFile {
 public:
  enum class IfThere { kReplace, kRefuse };
  static absl::StatusOr<std::unique_ptr<OutputFile>> Open(
      const std::string& path, IfThere if_there);
  // Leaves nothing unless it was kept.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  absl::Status Write(absl::string_view bytes);
  // Gives the file its name.  Called once, last.
  absl::Status Keep();

 private:
  OutputFile(std::string path, std::string written_path, int descriptor)
      : path_(std::move(path)),
        written_path_(std::move(written_path)),
        descriptor_(descriptor) {}

  const std::string path_;
  std::string written_path_;  // empty: `path_` itself, or the name is given
  int descriptor_;
};

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_OUTPUT_FILE_H_
