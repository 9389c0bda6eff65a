#include "client/cli/spec_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/json.h"
#include "client/cli/number_text.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/message.h"

namespace steelyard::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

class FlowPrinter {
 public:
  explicit FlowPrinter(std::optional<int> most_entries)
      : most_entries_(most_entries) {}

  // The text behind "name: " of each field that is to be shown, in the order of
  // the fields' numbers.
  std::vector<std::pair<std::string, std::string>> Fields(
      const Message& message) const;

 private:
  std::string Value(const Message& message, const FieldDescriptor& field) const;
  std::string Entry(const Message& message, const FieldDescriptor& field,
                    int index) const;
  std::string MessageValue(const Message& message) const;
  std::string List(const Message& message, const FieldDescriptor& field) const;
  std::string Map(const Message& message, const FieldDescriptor& field) const;

  std::optional<int> most_entries_;
};

// A plain scalar where YAML reads it as a string whatever the reader, else in
// quotes with JSON's escapes, which are YAML's too.
std::string StringValue(const std::string& text) {
  constexpr std::array<absl::string_view, 9> kWords = {
      "true", "false", "null", "yes", "no", "on", "off", "y", "n"};
  const std::string lower = absl::AsciiStrToLower(text);
  const bool plain = !text.empty() &&
                     absl::ascii_isalpha(static_cast<unsigned char>(text[0])) &&
                     std::all_of(text.begin(), text.end(), [](unsigned char c) {
                       return absl::ascii_isalnum(c) || c == '-' || c == '_' ||
                              c == '.' || c == '/';
                     });
  const bool word =
      std::find(kWords.begin(), kWords.end(), lower) != kWords.end();
  return plain && !word ? text : JsonString(text);
}

std::string NumberValue(double value) {
  const std::string text = ExactNumber(value);
  if (text == "nan") return ".nan";
  if (text == "inf") return ".inf";
  if (text == "-inf") return "-.inf";
  return JsonNumber(value);
}

// MEAN_ONE of NORMALIZATION_MEAN_ONE, in lower case.
std::string EnumValue(const google::protobuf::EnumValueDescriptor& value) {
  std::string prefix;
  for (const char c : value.type()->name()) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c)) && !prefix.empty()) {
      prefix.push_back('_');
    }
    prefix.push_back(absl::ascii_toupper(static_cast<unsigned char>(c)));
  }
  return absl::AsciiStrToLower(value.name().substr(prefix.size() + 1));
}

std::string DurationValue(const Message& message) {
  google::protobuf::Duration duration;
  duration.CopyFrom(message);
  if (duration.nanos() == 0) return absl::StrCat(duration.seconds(), "s");
  std::string text =
      absl::StrFormat("%d.%09d", duration.seconds(), duration.nanos());
  text.resize(text.find_last_not_of('0') + 1);
  return text + "s";
}

// Numbers are shown even where they hold their default, which is then what they
// say; an empty string says nothing.
bool IsShown(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) return reflection.FieldSize(message, &field) > 0;
  if (field.has_presence()) return reflection.HasField(message, &field);
  return field.cpp_type() != FieldDescriptor::CPPTYPE_STRING &&
                 field.cpp_type() != FieldDescriptor::CPPTYPE_ENUM
             ? true
             : reflection.HasField(message, &field);
}

std::vector<std::pair<std::string, std::string>> FlowPrinter::Fields(
    const Message& message) const {
  std::vector<std::pair<std::string, std::string>> fields;
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (!IsShown(message, field)) continue;
    fields.emplace_back(field.name(), Value(message, field));
  }
  return fields;
}

std::string FlowPrinter::Value(const Message& message,
                               const FieldDescriptor& field) const {
  if (field.is_map()) return Map(message, field);
  if (field.is_repeated()) return List(message, field);
  return Entry(message, field, -1);
}

// One value; `index` counts within a list and is -1 outside one.
std::string FlowPrinter::Entry(const Message& message,
                               const FieldDescriptor& field, int index) const {
  const Reflection& read = *message.GetReflection();
  const bool one = index < 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(one ? read.GetInt32(message, &field)
                              : read.GetRepeatedInt32(message, &field, index));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(one ? read.GetInt64(message, &field)
                              : read.GetRepeatedInt64(message, &field, index));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(one ? read.GetUInt32(message, &field)
                              : read.GetRepeatedUInt32(message, &field, index));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(one ? read.GetUInt64(message, &field)
                              : read.GetRepeatedUInt64(message, &field, index));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return NumberValue(one ? read.GetDouble(message, &field)
                             : read.GetRepeatedDouble(message, &field, index));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return NumberValue(one ? read.GetFloat(message, &field)
                             : read.GetRepeatedFloat(message, &field, index));
    case FieldDescriptor::CPPTYPE_BOOL:
      return (one ? read.GetBool(message, &field)
                  : read.GetRepeatedBool(message, &field, index))
                 ? "true"
                 : "false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumValue(*(one ? read.GetEnum(message, &field)
                             : read.GetRepeatedEnum(message, &field, index)));
    case FieldDescriptor::CPPTYPE_STRING:
      return StringValue(one ? read.GetString(message, &field)
                             : read.GetRepeatedString(message, &field, index));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageValue(
          one ? read.GetMessage(message, &field)
              : read.GetRepeatedMessage(message, &field, index));
  }
  return "";
}

std::string FlowPrinter::MessageValue(const Message& message) const {
  const std::string& type = message.GetDescriptor()->full_name();
  if (type == "google.protobuf.Duration") return DurationValue(message);
  // A row is a list in YAML.
  if (type == "steelyard.v1.Row") {
    return List(message, *message.GetDescriptor()->field(0));
  }
  return absl::StrCat("{",
                      absl::StrJoin(Fields(message), ", ",
                                    [](std::string* out, const auto& field) {
                                      absl::StrAppend(out, field.first, ": ",
                                                      field.second);
                                    }),
                      "}");
}

std::string FlowPrinter::List(const Message& message,
                              const FieldDescriptor& field) const {
  const int size = message.GetReflection()->FieldSize(message, &field);
  const int shown = most_entries_ ? std::min(size, *most_entries_) : size;
  std::vector<std::string> entries;
  entries.reserve(static_cast<size_t>(shown) + 1);
  for (int i = 0; i < shown; ++i) entries.push_back(Entry(message, field, i));
  if (shown < size)
    entries.push_back(absl::StrCat("... ", size - shown, " more"));
  return absl::StrCat("[", absl::StrJoin(entries, ", "), "]");
}

// By key, since a map has no order of its own.
std::string FlowPrinter::Map(const Message& message,
                             const FieldDescriptor& field) const {
  const Reflection& read = *message.GetReflection();
  std::vector<std::string> entries;
  for (int i = 0; i < read.FieldSize(message, &field); ++i) {
    const Message& entry = read.GetRepeatedMessage(message, &field, i);
    const google::protobuf::Descriptor& type = *entry.GetDescriptor();
    entries.push_back(absl::StrCat(Entry(entry, *type.map_key(), -1), ": ",
                                   Entry(entry, *type.map_value(), -1)));
  }
  std::sort(entries.begin(), entries.end());
  return absl::StrCat("{", absl::StrJoin(entries, ", "), "}");
}

}  // namespace

std::string SpecYaml(const v1::RunSpec& spec, std::optional<int> most_entries) {
  std::string text;
  for (const auto& [name, value] : FlowPrinter(most_entries).Fields(spec)) {
    absl::StrAppend(&text, name, ": ", value, "\n");
  }
  return text;
}

}  // namespace steelyard::cli
