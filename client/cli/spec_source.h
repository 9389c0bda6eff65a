#ifndef STEELYARD_CLIENT_CLI_SPEC_SOURCE_H_
#define STEELYARD_CLIENT_CLI_SPEC_SOURCE_H_

#include <istream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "steelyard/v1/run_service.pb.h"

namespace steelyard::cli {

// A spec as it was found.
struct SpecSource {
  std::string name{};    // the path as given; <stdin> for "-"
  std::string folder{};  // what its files are relative to, ends with '/'; may
                         // be empty
  std::string text{};
};

// Reads a spec of at most 16 MiB; "-" is `in`.  A larger file is refused before
// a byte of it is read.
//
// Errors: InvalidArgument, naming the file, also for one that can't be read;
// with line and column for what is no UTF-8.
absl::StatusOr<SpecSource> ReadSpec(const std::string& path, std::istream& in);

// A path of a spec, seen from here.
std::string PathFrom(const SpecSource& source, absl::string_view path);

// One fault as a line: `spec.yaml:9:8: loss: ...`, or `--set 2 (path=value):
// ...` for a fault in the second of `sets`.
std::string FaultLine(const SpecSource& source,
                      const std::vector<std::string>& sets,
                      const v1::SpecFault& fault);

// By place in the text, then those of --set by number.
void SortFaults(std::vector<v1::SpecFault>& faults);

// A fault where the spec names `file`.
v1::SpecFault FileFault(const v1::SpecFile& file, absl::string_view message);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_SPEC_SOURCE_H_
