#include "server/spec_words.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "server/names.h"
#include "server/spec_path.h"
#include "server/spec_rows.h"

namespace steelyard::server {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void CheckKnownAt(const std::string& path, const Message& message,
                  ElementFaults* faults) {
  const Reflection& reflection = *message.GetReflection();
  const auto& unknown = reflection.GetUnknownFields(message);
  if (!unknown.empty()) {
    faults->Add(path, absl::StrCat("want only fields that this server knows, "
                                   "got the field number ",
                                   unknown.field(0).number(),
                                   ": is the server older than the client?"));
  }
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->message_type() == nullptr) continue;
    const std::string below = FieldPath(path, field->name());
    if (!field->is_repeated()) {
      CheckKnownAt(below, reflection.GetMessage(message, field), faults);
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      CheckKnownAt(IndexPath(below, static_cast<size_t>(i)),
                   reflection.GetRepeatedMessage(message, field, i), faults);
    }
  }
}

}  // namespace

uint64_t StepsOf(const v1::Stop& stop) {
  if (!stop.has_log10_steps()) return stop.steps();
  const double exponent = stop.log10_steps();
  if (!(exponent > 0)) return 0;
  if (exponent > kMostNearLog10) return kMostSteps;
  return static_cast<uint64_t>(std::floor(std::pow(10.0L, exponent) + 0.5L));
}

bool IsSetName(absl::string_view text) {
  return IsLabel(text) && text.find('.') == absl::string_view::npos;
}

bool IsDatasetHash(absl::string_view text) {
  return absl::ConsumePrefix(&text, "sha256/") && IsSha256Hex(text);
}

bool IsReservedSetName(absl::string_view text) {
  constexpr std::array<absl::string_view, 12> kReserved = {
      "train", "margin", "direction", "theory", "weights", "parameters",
      "leap",  "dual",   "bound",     "kkt",    "target",  "boundary"};
  return std::find(kReserved.begin(), kReserved.end(), text) != kReserved.end();
}

void CheckChoice(const std::string& path, const Message& message,
                 std::vector<Fault>* faults) {
  const google::protobuf::OneofDescriptor* oneof =
      message.GetDescriptor()->oneof_decl(0);
  if (message.GetReflection()->HasOneof(message, oneof)) return;
  std::vector<std::string> names;
  names.reserve(static_cast<size_t>(oneof->field_count()));
  for (int i = 0; i < oneof->field_count(); ++i) {
    names.push_back(oneof->field(i)->name());
  }
  faults->push_back(
      {path, absl::StrCat("want ", names.size() > 1 ? "one of " : "",
                          absl::StrJoin(names, ", "), ", got nothing")});
}

void CheckKnown(const Message& message, std::vector<Fault>* faults) {
  ElementFaults unknown("", faults);
  CheckKnownAt("", message, &unknown);
}

}  // namespace steelyard::server
