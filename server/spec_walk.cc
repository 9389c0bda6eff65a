#include "server/spec_walk.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <set>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/near_name.h"
#include "server/spec_fields.h"
#include "server/spec_path.h"
#include "server/spec_scalar.h"
#include "server/spec_text.h"

namespace steelyard::server {
namespace {

using google::protobuf::Message;
using google::protobuf::Reflection;

// Far more than an answer names, so that sorting them by place finds its first.
constexpr size_t kMostFaults = 10'000;

// Where the walk stands: a link of a chain on the stack that becomes a path
// only when there is something to say.
struct Spot {
  enum class Kind { kRoot, kField, kKey, kElement };
  Kind kind = Kind::kRoot;
  const Spot* parent = nullptr;
  absl::string_view name;  // of kField and kKey
  size_t index = 0;        // of kElement
};

std::string PathOf(const Spot& spot) {
  switch (spot.kind) {
    case Spot::Kind::kRoot:
      return "";
    case Spot::Kind::kField:
      return FieldPath(PathOf(*spot.parent), spot.name);
    case Spot::Kind::kKey:
      return KeyPath(PathOf(*spot.parent), spot.name);
    case Spot::Kind::kElement:
      return IndexPath(PathOf(*spot.parent), spot.index);
  }
  return "";
}

// The form that the nearest field above names: csv in data.csv.dataset.
v1::DatasetForm FormOf(const Spot& spot) {
  for (const Spot* at = &spot; at != nullptr; at = at->parent) {
    v1::DatasetForm form = v1::DATASET_FORM_UNSPECIFIED;
    const std::string name =
        absl::StrCat("DATASET_FORM_", absl::AsciiStrToUpper(at->name));
    if (v1::DatasetForm_Parse(name, &form)) return form;
  }
  return v1::DATASET_FORM_UNSPECIFIED;
}

// Where a single value goes: a field of a message, or a new element of a list.
struct Slot {
  Message* message;
  const FieldDescriptor* field;
};

template <typename T, typename Set, typename Add>
void Store(const Slot& slot, T value, Set set, Add add) {
  const Reflection* reflection = slot.message->GetReflection();
  if (slot.field->is_repeated()) {
    (reflection->*add)(slot.message, slot.field, std::move(value));
  } else {
    (reflection->*set)(slot.message, slot.field, std::move(value));
  }
}

template <typename T, typename Set, typename Add>
absl::Status StoreRead(const Slot& slot, absl::StatusOr<T> value, Set set,
                       Add add) {
  // An element that is wrong still takes its place.
  if (value.ok() || slot.field->is_repeated()) {
    Store(slot, value.ok() ? *value : T(), set, add);
  }
  return value.status();
}

absl::StatusOr<int> ReadEnum(const SpecNode& node, const EnumDescriptor& type) {
  const std::vector<std::string> names = EnumNames(type);
  if (node.kind == SpecNode::Kind::kScalar) {
    const EnumValueDescriptor* value = FindEnumValue(type, node.text);
    if (value != nullptr) return value->number();
  }
  const std::string meant = NearName(node.text, names);
  return absl::InvalidArgumentError(absl::StrCat(
      "want ", names.size() > 1 ? "one of " : "", absl::StrJoin(names, ", "),
      ", got ", ShowNode(node),
      meant.empty() ? "" : absl::StrCat("; did you mean ", meant, "?")));
}

absl::StatusOr<uint64_t> ReadUnsigned64(const SpecNode& node,
                                        const FieldDescriptor& field) {
  const UnsignedRange range = RangeOf(field);
  return ReadUnsigned(node, range.least, range.most);
}

absl::StatusOr<uint32_t> ReadUnsigned32(const SpecNode& node,
                                        const FieldDescriptor& field) {
  const absl::StatusOr<uint64_t> value = ReadUnsigned64(node, field);
  if (!value.ok()) return value.status();
  return static_cast<uint32_t>(*value);
}

absl::Status StoreDuration(const SpecNode& node, const Slot& slot) {
  const absl::StatusOr<absl::Duration> duration = ReadDuration(node);
  if (!duration.ok()) return duration.status();
  google::protobuf::Duration message;
  absl::Duration rest = *duration;
  message.set_seconds(absl::IDivDuration(rest, absl::Seconds(1), &rest));
  message.set_nanos(static_cast<int32_t>(
      absl::IDivDuration(rest, absl::Nanoseconds(1), &rest)));
  slot.message->GetReflection()
      ->MutableMessage(slot.message, slot.field)
      ->CopyFrom(message);
  return absl::OkStatus();
}

// Reads the scalar at `node` into `slot`.  A wrong one is stored as zero in a
// list and not at all elsewhere.
absl::Status StoreScalar(const SpecNode& node, const Slot& slot) {
  switch (slot.field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return StoreRead(slot, ReadNumber(node), &Reflection::SetDouble,
                       &Reflection::AddDouble);
    case FieldDescriptor::CPPTYPE_UINT64:
      return StoreRead(slot, ReadUnsigned64(node, *slot.field),
                       &Reflection::SetUInt64, &Reflection::AddUInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return StoreRead(slot, ReadUnsigned32(node, *slot.field),
                       &Reflection::SetUInt32, &Reflection::AddUInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return StoreRead(slot,
                       ReadSigned(node, std::numeric_limits<int64_t>::min(),
                                  std::numeric_limits<int64_t>::max()),
                       &Reflection::SetInt64, &Reflection::AddInt64);
    case FieldDescriptor::CPPTYPE_BOOL:
      return StoreRead(slot, ReadBool(node), &Reflection::SetBool,
                       &Reflection::AddBool);
    case FieldDescriptor::CPPTYPE_STRING:
      return StoreRead(slot, ReadText(node), &Reflection::SetString,
                       &Reflection::AddString);
    case FieldDescriptor::CPPTYPE_ENUM:
      return StoreRead(slot, ReadEnum(node, *slot.field->enum_type()),
                       &Reflection::SetEnumValue, &Reflection::AddEnumValue);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return StoreDuration(node, slot);
    default:
      // No field of RunSpec has another type; a test holds that.
      return absl::UnimplementedError("want a field of a type that is known");
  }
}

class Walker {
 public:
  explicit Walker(const FileNames& files) : files_(files) {}

  SpecWalk Walk(SpecNode* root) {
    WalkFields(root, root->place, &walk_.spec, Spot());
    return std::move(walk_);
  }

 private:
  // Counts a fault, and says whether it is one too many to keep.
  bool IsFull() {
    if (walk_.faults.size() < kMostFaults) return false;
    ++walk_.more_faults;
    return true;
  }

  void Fault(const SpecPlace& place, const Spot& spot, std::string message) {
    if (IsFull()) return;
    std::string path = PathOf(spot);
    if (!path.empty()) walk_.settled.push_back(path);
    walk_.faults.push_back({place, std::move(path), std::move(message)});
  }

  // `key_place`: of the key that leads here, where a value that is missing or
  // of a wrong kind is best shown.
  void WalkField(SpecNode* node, const SpecPlace& key_place, const Slot& slot,
                 const Spot& spot) {
    if (node->kind == SpecNode::Kind::kBroken) {
      walk_.settled.push_back(PathOf(spot));
    } else if (slot.field->is_map()) {
      WalkMap(node, key_place, slot, spot);
    } else if (slot.field->is_repeated()) {
      WalkList(node, key_place, slot, spot);
    } else {
      WalkValue(node, key_place, slot, spot);
    }
  }

  // A single value, in a field or in a list.
  void WalkValue(SpecNode* node, const SpecPlace& key_place, const Slot& slot,
                 const Spot& spot) {
    if (FieldsOf(*slot.field) != nullptr) {
      const Reflection* reflection = slot.message->GetReflection();
      Message* message =
          slot.field->is_repeated()
              ? reflection->AddMessage(slot.message, slot.field)
              : reflection->MutableMessage(slot.message, slot.field);
      if (node->kind == SpecNode::Kind::kBroken) {
        walk_.settled.push_back(PathOf(spot));
      } else {
        WalkMessage(node, key_place, message, spot);
      }
      return;
    }
    const absl::Status status = StoreScalar(*node, slot);
    if (status.ok()) return;
    if (node->kind == SpecNode::Kind::kBroken) {
      walk_.settled.push_back(PathOf(spot));
      return;
    }
    Fault(node->kind == SpecNode::Kind::kScalar ? node->place : key_place, spot,
          std::string(status.message()));
  }

  void WalkMessage(SpecNode* node, const SpecPlace& key_place, Message* message,
                   const Spot& spot) {
    const Descriptor& type = *message->GetDescriptor();
    const FieldDescriptor* list = ListField(type);
    if (list != nullptr && node->kind == SpecNode::Kind::kList) {
      const Spot inner{Spot::Kind::kField, &spot, list->name(), 0};
      return WalkList(node, key_place, {message, list}, inner);
    }
    if (node->kind == SpecNode::Kind::kNull && type.field_count() == 0) return;
    if (node->kind == SpecNode::Kind::kMap) {
      return WalkFields(node, key_place, message, spot);
    }
    const SpecPlace& place =
        node->kind == SpecNode::Kind::kScalar ? node->place : key_place;
    const std::string keys =
        type.field_count() == 0
            ? "{}"
            : absl::StrCat("{", absl::StrJoin(KeysOf(type), ", "), "}");
    Fault(place, spot,
          absl::StrCat("want ", list != nullptr ? "a list" : keys, ", got ",
                       ShowNode(*node)));
  }

  // The keys of a message, each of which must be one of its fields.
  void WalkFields(SpecNode* node, const SpecPlace& /*key_place*/,
                  Message* message, const Spot& spot) {
    const Descriptor& type = *message->GetDescriptor();
    std::vector<SpecNode> known;
    std::vector<std::pair<const FieldDescriptor*, size_t>> seen;
    for (size_t i = 0; i + 1 < node->children.size(); i += 2) {
      SpecNode& key = node->children[i];
      SpecNode& value = node->children[i + 1];
      const FieldDescriptor* field = CheckKey(key, type, spot);
      if (field == nullptr || !CheckRivals(key, *field, seen, known, spot)) {
        continue;
      }
      seen.emplace_back(field, known.size());
      const Spot inner{Spot::Kind::kField, &spot, field->name(), 0};
      if (key.text == kFileKey && field->name() != kFileKey) {
        WalkFile(value, key.place, {message, field}, inner);
      } else {
        WalkField(&value, key.place, {message, field}, inner);
      }
      known.push_back(std::move(key));
      known.push_back(std::move(value));
    }
    // Only now: until here a key's own word is needed for messages.
    for (const auto& [field, index] : seen) known[index].text = field->name();
    node->children = std::move(known);
  }

  const FieldDescriptor* CheckKey(const SpecNode& key, const Descriptor& type,
                                  const Spot& spot) {
    if (key.kind == SpecNode::Kind::kBroken) return nullptr;
    if (key.kind != SpecNode::Kind::kScalar) {
      Fault(key.place, spot,
            absl::StrCat("want the name of a field, got ", ShowNode(key)));
      return nullptr;
    }
    const FieldDescriptor* field = FindField(type, key.text);
    if (field != nullptr) return field;
    // Advice costs time: not for a text that is wrong from end to end.
    if (IsFull()) return nullptr;
    const std::string meant = NearName(key.text, KeysOf(type));
    // The keys of a message once: not a wall of them, a line for each fault.
    const bool with_keys = meant.empty() && listed_.insert(&type).second;
    Fault(key.place, {Spot::Kind::kKey, &spot, key.text, 0},
          NoSuchField(type, key.text, with_keys));
    if (!meant.empty()) {
      const FieldDescriptor* near = FindField(type, meant);
      walk_.settled.push_back(FieldPath(PathOf(spot), near->name()));
    }
    return nullptr;
  }

  // Refuses a key given twice and a second branch of a oneof.
  bool CheckRivals(
      const SpecNode& key, const FieldDescriptor& field,
      const std::vector<std::pair<const FieldDescriptor*, size_t>>& seen,
      const std::vector<SpecNode>& known, const Spot& spot) {
    for (const auto& [other, index] : seen) {
      if (!Exclude(field, *other)) continue;
      const SpecNode& first = known[index];
      const Spot inner{Spot::Kind::kField, &spot, field.name(), 0};
      Fault(key.place, inner,
            first.text == key.text
                ? Repeated(first.place)
                : absl::StrCat("want either ", first.text, " or ", key.text,
                               ", got both"));
      return false;
    }
    return true;
  }

  static std::string Repeated(const SpecPlace& first) {
    return absl::StrCat(
        "want the key once, got it again",
        first.line > 0 ? absl::StrCat("; first in line ", first.line) : "");
  }

  void WalkFile(const SpecNode& value, const SpecPlace& key_place,
                const Slot& slot, const Spot& spot) {
    const absl::StatusOr<std::string> path = ReadText(value);
    if (!path.ok() || path->empty()) {
      const SpecPlace& place =
          value.kind == SpecNode::Kind::kNull ? key_place : value.place;
      return Fault(
          place, spot,
          absl::StrCat("want the path of a file, got ", ShowNode(value)));
    }
    const auto found = files_.find(*path);
    if (found != files_.end()) {
      slot.message->GetReflection()->SetString(slot.message, slot.field,
                                               found->second);
      return;
    }
    walk_.settled.push_back(PathOf(spot));
    if (!named_files_.insert(*path).second) return;
    v1::SpecFile file;
    file.set_path(*path);
    file.set_form(FormOf(spot));
    file.set_field(PathOf(spot));
    file.set_line(value.place.line);
    file.set_column(value.place.column);
    file.set_set_number(value.place.set_number);
    walk_.unresolved_files.push_back(std::move(file));
  }

  void WalkList(SpecNode* node, const SpecPlace& key_place, const Slot& slot,
                const Spot& spot) {
    if (node->kind != SpecNode::Kind::kList) {
      return Fault(
          node->kind == SpecNode::Kind::kScalar ? node->place : key_place, spot,
          absl::StrCat("want a list, got ", ShowNode(*node)));
    }
    for (size_t i = 0; i < node->children.size(); ++i) {
      SpecNode& element = node->children[i];
      WalkValue(&element, element.place, slot,
                {Spot::Kind::kElement, &spot, "", i});
    }
  }

  void WalkMap(SpecNode* node, const SpecPlace& key_place, const Slot& slot,
               const Spot& spot) {
    if (node->kind != SpecNode::Kind::kMap) {
      return Fault(
          node->kind == SpecNode::Kind::kScalar ? node->place : key_place, spot,
          absl::StrCat("want keys and values, got ", ShowNode(*node)));
    }
    std::map<std::string, SpecPlace> seen;
    std::vector<SpecNode> known;
    for (size_t i = 0; i + 1 < node->children.size(); i += 2) {
      SpecNode& key = node->children[i];
      SpecNode& value = node->children[i + 1];
      if (key.kind == SpecNode::Kind::kBroken) continue;
      if (key.kind != SpecNode::Kind::kScalar) {
        Fault(key.place, spot,
              absl::StrCat("want a name, got ", ShowNode(key)));
        continue;
      }
      const Spot inner{Spot::Kind::kKey, &spot, key.text, 0};
      if (!seen.emplace(key.text, key.place).second) {
        Fault(key.place, inner, Repeated(seen.at(key.text)));
        continue;
      }
      Message* entry =
          slot.message->GetReflection()->AddMessage(slot.message, slot.field);
      entry->GetReflection()->SetString(
          entry, slot.field->message_type()->map_key(), key.text);
      WalkField(&value, key.place,
                {entry, slot.field->message_type()->map_value()}, inner);
      known.push_back(std::move(key));
      known.push_back(std::move(value));
    }
    node->children = std::move(known);
  }

  const FileNames& files_;
  std::set<std::string> named_files_;
  std::set<const Descriptor*> listed_;  // whose keys a fault has named
  SpecWalk walk_;
};

}  // namespace

SpecWalk WalkSpec(const FileNames& files, SpecNode* root) {
  return Walker(files).Walk(root);
}

}  // namespace steelyard::server
