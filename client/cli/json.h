#ifndef STEELYARD_CLIENT_CLI_JSON_H_
#define STEELYARD_CLIENT_CLI_JSON_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "client/cli/samples.h"
#include "google/protobuf/message.h"

// The machine's form of results: protobuf's JSON, one object a line.  Part of
// the version promise, unlike what people are shown.
namespace steelyard::cli {

// lowerCamelCase, 64-bit integers as strings, enums by name, fields that hold
// their default left out; without a line break.
std::string MessageJson(const google::protobuf::Message& message);

// {"sample":"0","step":"0","log10Step":…,"values":{"train/loss":1,…}}; `step`
// and `log10Step` are left out where they do not exist.  `run` stands first
// where it is not empty.
std::string SampleJson(absl::string_view run, const SampleHead& head,
                       absl::Span<const SampleValue> values);

// In quotes.
std::string JsonString(absl::string_view text);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_JSON_H_
