#include "server/spec_fields.h"

#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/near_name.h"
#include "server/spec_rows.h"
#include "server/spec_words.h"

namespace steelyard::server {
namespace {

const FieldDescriptor* DatasetField(const Descriptor& message) {
  const FieldDescriptor* field = message.FindFieldByName("dataset");
  const bool is_text = field != nullptr && !field->is_repeated() &&
                       field->type() == FieldDescriptor::TYPE_STRING;
  return is_text ? field : nullptr;
}

// NORMALIZATION_MEAN_ONE without its type is mean_one.
std::string NameOf(const EnumValueDescriptor& value) {
  const EnumValueDescriptor* zero = value.type()->FindValueByNumber(0);
  const size_t prefix =
      zero == nullptr ? 0 : zero->name().size() - sizeof("UNSPECIFIED") + 1;
  return absl::AsciiStrToLower(value.name().substr(prefix));
}

}  // namespace

const FieldDescriptor* ListField(const Descriptor& message) {
  if (message.field_count() != 1) return nullptr;
  const FieldDescriptor* field = message.field(0);
  return field->is_repeated() && !field->is_map() ? field : nullptr;
}

bool IsDuration(const FieldDescriptor& field) {
  return field.message_type() != nullptr &&
         field.message_type()->full_name() == "google.protobuf.Duration";
}

const Descriptor* FieldsOf(const FieldDescriptor& field) {
  return IsDuration(field) ? nullptr : field.message_type();
}

const FieldDescriptor* FindField(const Descriptor& message,
                                 absl::string_view key) {
  if (key == kFileKey) {
    if (const FieldDescriptor* dataset = DatasetField(message)) return dataset;
  }
  return message.FindFieldByName(std::string(key));
}

std::vector<std::string> KeysOf(const Descriptor& message) {
  std::vector<std::string> keys;
  keys.reserve(static_cast<size_t>(message.field_count()) + 1);
  for (int i = 0; i < message.field_count(); ++i) {
    keys.push_back(message.field(i)->name());
  }
  if (DatasetField(message) != nullptr) keys.emplace_back(kFileKey);
  return keys;
}

std::string NoSuchField(const Descriptor& message, absl::string_view key,
                        bool with_keys) {
  const std::vector<std::string> keys = KeysOf(message);
  if (keys.empty()) return "no such field; want none";
  if (!with_keys && NearName(key, keys).empty()) return "no such field";
  return absl::StrCat("no such field; ", AdviseName(key, keys));
}

UnsignedRange RangeOf(const FieldDescriptor& field) {
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  struct NamedRange {
    absl::string_view field;
    UnsignedRange range;
  };
  constexpr NamedRange kNamed[] = {
      {"steelyard.v1.Adam.batch_size", {0, kMostSteps}},
      {"steelyard.v1.EarlyStopping.patience", {1, 1'000'000}},
      {"steelyard.v1.EverySchedule.steps", {1, kMost}},
      {"steelyard.v1.GaussianClass.rows", {1, kMostDrawnValues}},
      {"steelyard.v1.LearningRateSchedule.warm_up_steps", {0, kMostSteps}},
      {"steelyard.v1.LogSchedule.points_per_decade", {1, 100}},
      {"steelyard.v1.PolynomialData.rows", {1, kMostDrawnValues}},
      {"steelyard.v1.SeparableGaussiansData.dimension", {1, kMostDrawnValues}},
      {"steelyard.v1.SeparableGaussiansData.rows", {1, kMostDrawnValues}},
      {"steelyard.v1.Sgd.batch_size", {0, kMostSteps}},
      {"steelyard.v1.Stop.epochs", {1, kMostSteps}},
      {"steelyard.v1.Stop.steps", {1, kMostSteps}},
      {"steelyard.v1.Take.first_per_class", {1, kMost}},
      {"steelyard.v1.UniformNoiseData.rows", {1, kMostDrawnValues}}};
  for (const NamedRange& named : kNamed) {
    if (field.full_name() == named.field) return named.range;
  }
  const bool is_short = field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32;
  return {0, is_short ? std::numeric_limits<uint32_t>::max() : kMost};
}

bool Exclude(const FieldDescriptor& a, const FieldDescriptor& b) {
  if (&a == &b) return true;
  return a.real_containing_oneof() != nullptr &&
         a.real_containing_oneof() == b.real_containing_oneof();
}

std::vector<std::string> EnumNames(const EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) names.push_back(NameOf(*type.value(i)));
  }
  return names;
}

const EnumValueDescriptor* FindEnumValue(const EnumDescriptor& type,
                                         absl::string_view name) {
  for (int i = 0; i < type.value_count(); ++i) {
    const EnumValueDescriptor* value = type.value(i);
    if (value->number() != 0 && NameOf(*value) == name) return value;
  }
  return nullptr;
}

}  // namespace steelyard::server
