#include "client/cli/json.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/number_text.h"
#include "client/cli/utf8.h"
#include "google/protobuf/util/json_util.h"
#include "support/check.h"

namespace steelyard::cli {

std::string MessageJson(const google::protobuf::Message& message) {
  std::string json;
  const bool printed =
      google::protobuf::util::MessageToJsonString(message, &json).ok();
  // It fails for an Any of an unknown type or a time out of range, which no
  // message of ours holds: not worth a way of its own.
  return printed ? json : "{}";
}

std::string JsonString(absl::string_view text) {
  std::string json = "\"";
  while (!text.empty()) {
    const Utf8Char next = FirstUtf8Char(text);
    if (!next.valid) {
      json += "\\ufffd";
    } else if (next.code == '"' || next.code == '\\') {
      absl::StrAppend(&json, "\\", text.substr(0, 1));
    } else if (next.code < 0x20 || next.code == 0x7f) {
      absl::StrAppendFormat(&json, "\\u%04x", static_cast<uint32_t>(next.code));
    } else {
      json.append(text.data(), next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
  return json + "\"";
}

std::string SampleJson(absl::string_view run, const SampleHead& head,
                       absl::Span<const SampleValue> values) {
  std::string json = "{";
  if (!run.empty()) absl::StrAppend(&json, "\"run\":", JsonString(run), ",");
  absl::StrAppend(&json, "\"sample\":\"", head.ordinal, "\"");
  if (head.step) absl::StrAppend(&json, ",\"step\":\"", *head.step, "\"");
  if (head.log10_step) {
    absl::StrAppend(&json, ",\"log10Step\":", JsonNumber(*head.log10_step));
  }
  json += ",\"values\":{";
  for (size_t i = 0; i < values.size(); ++i) {
    absl::StrAppend(&json, i == 0 ? "" : ",", JsonString(values[i].metric), ":",
                    JsonNumber(values[i].value));
  }
  return json + "}}";
}

}  // namespace steelyard::cli
