#ifndef STEELYARD_SERVER_SPEC_FIELDS_H_
#define STEELYARD_SERVER_SPEC_FIELDS_H_

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/spec_tree.h"

// How messages look in YAML: what the walk and the changes both ask of a
// descriptor.
namespace steelyard::server {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

// The key that may stand for `dataset`.
inline constexpr char kFileKey[] = "file";

// A message whose only field is repeated is a list in YAML: that field, else
// null.
const FieldDescriptor* ListField(const Descriptor& message);

// A google.protobuf.Duration is a scalar in YAML.
bool IsDuration(const FieldDescriptor& field);

// The message type of a field that is written as keys and values, else null.
const Descriptor* FieldsOf(const FieldDescriptor& field);

// The field that a key of `message` sets: its name, or `file` where the message
// has a text `dataset`.  Null: there is none.
const FieldDescriptor* FindField(const Descriptor& message,
                                 absl::string_view key);

// The keys that `message` knows, in the order of its fields.
std::vector<std::string> KeysOf(const Descriptor& message);

// "no such field; did you mean exponential?", and where no key is near "no such
// field; want one of exponential, logistic", `with_keys` or without them.
std::string NoSuchField(const Descriptor& message, absl::string_view key,
                        bool with_keys = true);

// The least and the most of an unsigned number that CheckSpec takes in any
// spec. What its type could hold beyond is no help in a message.
struct UnsignedRange {
  uint64_t least;
  uint64_t most;
};
UnsignedRange RangeOf(const FieldDescriptor& field);

// Whether a message can't hold both: branches of one oneof, or one field twice
// (`dataset` and `file`).
bool Exclude(const FieldDescriptor& a, const FieldDescriptor& b);

// PRECISION_DOUBLE is "double" in YAML; the zero value has no name.
std::vector<std::string> EnumNames(const EnumDescriptor& type);
const EnumValueDescriptor* FindEnumValue(const EnumDescriptor& type,
                                         absl::string_view name);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_SPEC_FIELDS_H_
