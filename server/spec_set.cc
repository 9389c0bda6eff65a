#include "server/spec_set.h"

#include <cstddef>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/spec_fields.h"
#include "server/spec_path.h"
#include "server/spec_text.h"
#include "steelyard/v1/spec.pb.h"

namespace steelyard::server {
namespace {

// One step of a path, with what it means in a RunSpec.
struct TypedStep {
  enum class Kind { kField, kKey, kElement };
  Kind kind;
  std::string key;               // of kField and kKey
  size_t index = 0;              // of kElement
  const FieldDescriptor* field;  // the field that is entered or indexed
  std::string path;              // up to and with this step
};

// Goes along a path beside the descriptor.
class StepTyper {
 public:
  explicit StepTyper(std::vector<PathStep> steps) : steps_(std::move(steps)) {}

  // Null, and `fault` set, when RunSpec has no such path.
  std::optional<std::vector<TypedStep>> Type(PlacedFault* fault) {
    for (at_ = 0; at_ < steps_.size(); ++at_) {
      if (!TypeStep(fault)) return std::nullopt;
    }
    return std::move(typed_);
  }

 private:
  bool Refuse(const std::string& path, std::string message,
              PlacedFault* fault) {
    fault->path = path;
    fault->message = std::move(message);
    return false;
  }

  bool TypeStep(PlacedFault* fault) {
    const PathStep& step = steps_[at_];
    const bool is_index = step.kind == PathStep::Kind::kIndex;
    if (message_ != nullptr && is_index && ListField(*message_) != nullptr) {
      // A list in YAML: features[0][1] is features[0].values[1].
      const FieldDescriptor* list = ListField(*message_);
      Push(TypedStep::Kind::kField, list->name(), 0, list,
           FieldPath(path_, list->name()));
    }
    if (message_ != nullptr) return TypeField(step, fault);
    if (field_ == nullptr) {
      return Refuse(path_,
                    "has no fields of its own: want path=value with a "
                    "path that ends here",
                    fault);
    }
    if (field_->is_map()) return TypeKey(step, fault);
    if (!is_index) {
      return Refuse(path_,
                    absl::StrCat("is a list: want ", path_, "[0]=..., ", "got ",
                                 ShowText(step.name)),
                    fault);
    }
    Push(TypedStep::Kind::kElement, "", step.index, field_,
         IndexPath(path_, step.index));
    return true;
  }

  bool TypeField(const PathStep& step, PlacedFault* fault) {
    if (step.kind == PathStep::Kind::kIndex) {
      return Refuse(path_, "is not a list: want the name of a field", fault);
    }
    const FieldDescriptor* field = FindField(*message_, step.name);
    if (field == nullptr) {
      return Refuse(KeyPath(path_, step.name),
                    NoSuchField(*message_, step.name), fault);
    }
    Push(TypedStep::Kind::kField, step.name, 0, field,
         FieldPath(path_, field->name()));
    return true;
  }

  bool TypeKey(const PathStep& step, PlacedFault* /*fault*/) {
    std::string key = step.kind == PathStep::Kind::kIndex
                          ? absl::StrCat(step.index)
                          : step.name;
    const FieldDescriptor* value = field_->message_type()->map_value();
    if (value->message_type() == nullptr) {
      // Nothing comes after a text: labels.a.b is the label "a.b".
      for (; at_ + 1 < steps_.size() &&
             steps_[at_ + 1].kind == PathStep::Kind::kName;
           ++at_) {
        absl::StrAppend(&key, ".", steps_[at_ + 1].name);
      }
    }
    const std::string path = KeyPath(path_, key);
    Push(TypedStep::Kind::kKey, std::move(key), 0, field_, path);
    return true;
  }

  // After a field: `field_` is it when it is a list or a map, `message_` its
  // type when it is a message, neither when it is a scalar.
  void Push(TypedStep::Kind kind, std::string key, size_t index,
            const FieldDescriptor* field, std::string path) {
    path_ = path;
    typed_.push_back({kind, std::move(key), index, field, std::move(path)});
    if (kind == TypedStep::Kind::kField && field->is_repeated()) {
      field_ = field;
      message_ = nullptr;
      return;
    }
    const FieldDescriptor* value = kind == TypedStep::Kind::kKey
                                       ? field->message_type()->map_value()
                                       : field;
    field_ = nullptr;
    message_ = FieldsOf(*value);
  }

  std::vector<PathStep> steps_;
  size_t at_ = 0;
  std::vector<TypedStep> typed_;
  std::string path_;
  const Descriptor* message_ = v1::RunSpec::descriptor();
  const FieldDescriptor* field_ = nullptr;
};

SpecNode* FindKey(SpecNode* map, absl::string_view key) {
  for (size_t i = 0; i + 1 < map->children.size(); i += 2) {
    if (map->children[i].text == key) return &map->children[i + 1];
  }
  return nullptr;
}

// Drops what `step` takes the place of: other branches, and the key itself.
void DropRivals(const TypedStep& step, SpecNode* map) {
  const Descriptor& message = *step.field->containing_type();
  std::vector<SpecNode> kept;
  for (size_t i = 0; i + 1 < map->children.size(); i += 2) {
    const FieldDescriptor* other = FindField(message, map->children[i].text);
    const bool same = map->children[i].text == step.key;
    if (other != nullptr && Exclude(*step.field, *other) && !same) continue;
    kept.push_back(std::move(map->children[i]));
    kept.push_back(std::move(map->children[i + 1]));
  }
  map->children = std::move(kept);
}

// Returns the value of the step's key, made when it is missing; null when the
// text has something else than a map here.
SpecNode* EnterKey(const TypedStep& step, int32_t set_number, SpecNode* node) {
  if (node->kind == SpecNode::Kind::kNull) node->kind = SpecNode::Kind::kMap;
  if (node->kind == SpecNode::Kind::kList &&
      ListField(*step.field->containing_type()) != nullptr) {
    return node;
  }
  if (node->kind != SpecNode::Kind::kMap) return nullptr;
  if (step.kind == TypedStep::Kind::kField) DropRivals(step, node);
  if (SpecNode* value = FindKey(node, step.key)) return value;
  SpecNode key;
  key.kind = SpecNode::Kind::kScalar;
  key.text = step.key;
  key.place.set_number = set_number;
  SpecNode value;
  value.place.set_number = set_number;
  node->children.push_back(std::move(key));
  node->children.push_back(std::move(value));
  return &node->children.back();
}

// How many elements the list at `node` has; null: it is of another kind.
std::optional<size_t> ListSize(const SpecNode* node) {
  if (node == nullptr || node->kind == SpecNode::Kind::kNull) return 0;
  if (node->kind != SpecNode::Kind::kList) return std::nullopt;
  return node->children.size();
}

// Looks, without changing anything, whether every element of the path is there.
// False: nothing is to be done; `fault` is set when that is the change's fault.
bool ElementsExist(const std::vector<TypedStep>& steps, SpecNode* root,
                   PlacedFault* fault) {
  SpecNode* node = root;
  for (const TypedStep& step : steps) {
    if (step.kind != TypedStep::Kind::kElement) {
      const bool is_list =
          node != nullptr && node->kind == SpecNode::Kind::kList;
      if (node != nullptr && !is_list) node = FindKey(node, step.key);
      continue;
    }
    const std::optional<size_t> size = ListSize(node);
    if (!size.has_value()) return false;
    if (step.index >= *size) {
      fault->path = step.path;
      fault->message =
          absl::StrCat("want an element that is there, got ", step.index,
                       " in a list of ", *size, " (they count from 0)");
      return false;
    }
    node = &node->children[step.index];
  }
  return true;
}

// The first = that is not within a quoted key.
size_t FindEquals(absl::string_view change) {
  bool quoted = false;
  for (size_t at = 0; at < change.size(); ++at) {
    if (quoted && change[at] == '\\')
      ++at;
    else if (change[at] == '"')
      quoted = !quoted;
    else if (change[at] == '=' && !quoted)
      return at;
  }
  return absl::string_view::npos;
}

std::optional<std::vector<TypedStep>> ReadPath(absl::string_view change,
                                               size_t equals,
                                               PlacedFault* fault) {
  if (equals == absl::string_view::npos) {
    fault->message = absl::StrCat("want path=value, got ", ShowText(change));
    return std::nullopt;
  }
  absl::StatusOr<std::vector<PathStep>> path =
      ParsePath(change.substr(0, equals));
  if (!path.ok()) {
    fault->message =
        absl::StrCat(path.status().message(), " in ", ShowText(change));
    return std::nullopt;
  }
  return StepTyper(*std::move(path)).Type(fault);
}

}  // namespace

void ApplyChange(absl::string_view change, int32_t set_number,
                 const SpecLimits& limits, int64_t* nodes_left, SpecNode* root,
                 std::vector<PlacedFault>* faults) {
  PlacedFault fault;
  fault.place.set_number = set_number;
  const size_t equals = FindEquals(change);
  const std::optional<std::vector<TypedStep>> steps =
      ReadPath(change, equals, &fault);
  if (!steps.has_value() || !ElementsExist(*steps, root, &fault)) {
    if (!fault.message.empty()) faults->push_back(std::move(fault));
    return;
  }
  SpecTree value =
      ParseTree(change.substr(equals + 1), set_number, limits, nodes_left);
  for (PlacedFault& found : value.faults) {
    found.path = steps->back().path;
    faults->push_back(std::move(found));
  }
  if (!value.complete) return;
  SpecNode* node = root;
  for (const TypedStep& step : *steps) {
    node = step.kind == TypedStep::Kind::kElement
               ? &node->children[step.index]
               : EnterKey(step, set_number, node);
    if (node == nullptr) return;
  }
  value.root.place.set_number = set_number;
  *node = std::move(value.root);
}

}  // namespace steelyard::server
