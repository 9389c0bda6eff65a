#ifndef STEELYARD_CLIENT_CLI_SPEC_TEXT_H_
#define STEELYARD_CLIENT_CLI_SPEC_TEXT_H_

#include <optional>
#include <string>

#include "steelyard/v1/spec.pb.h"

namespace steelyard::cli {

// A spec as YAML, a line a field of RunSpec, what is below it in flow form; the
// server reads it back as the same spec.  With `most_entries` longer lists are
// cut, which is for people alone.
std::string SpecYaml(const v1::RunSpec& spec,
                     std::optional<int> most_entries = std::nullopt);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_SPEC_TEXT_H_
