#include "server/spec_yaml.h"

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/spec_path.h"
#include "server/spec_scalar.h"
#include "server/spec_set.h"
#include "server/spec_tree.h"
#include "server/spec_walk.h"

namespace steelyard::server {
namespace {

v1::SpecFault ToMessage(PlacedFault fault) {
  v1::SpecFault message;
  message.set_path(std::move(fault.path));
  message.set_line(fault.place.line);
  message.set_column(fault.place.column);
  message.set_set_number(fault.place.set_number);
  message.set_message(std::move(fault.message));
  return message;
}

void AddPlaced(std::vector<PlacedFault> faults,
               v1::ParseSpecResponse* response) {
  for (PlacedFault& fault : faults) {
    *response->add_faults() = ToMessage(std::move(fault));
  }
}

// By place: what has none first, then the text, then the changes.
auto Order(const v1::SpecFault& fault) {
  return std::make_tuple(fault.set_number(), fault.line(), fault.column());
}

void SortAndCut(const SpecLimits& limits, v1::ParseSpecResponse* response) {
  auto* faults = response->mutable_faults();
  std::stable_sort(faults->pointer_begin(), faults->pointer_end(),
                   [](const v1::SpecFault* a, const v1::SpecFault* b) {
                     return Order(*a) < Order(*b);
                   });
  const int extra = faults->size() - static_cast<int>(limits.faults);
  if (extra <= 0) return;
  faults->DeleteSubrange(static_cast<int>(limits.faults), extra);
  response->set_more_faults(response->more_faults() + extra);
}

// The tree of the text with the changes made in it.
SpecTree ReadTree(const v1::ParseSpecRequest& request,
                  const SpecLimits& limits) {
  int64_t nodes_left = limits.nodes;
  SpecTree tree = ParseTree(request.text(), 0, limits, &nodes_left);
  if (!tree.complete) return tree;
  const auto refuse = [&tree](std::string message) {
    tree.faults.push_back({{}, "", std::move(message)});
    tree.complete = false;
  };
  if (tree.root.kind == SpecNode::Kind::kNull) {
    refuse("want a spec, got an empty text");
  } else if (tree.root.kind != SpecNode::Kind::kMap) {
    refuse(
        absl::StrCat("want the fields of a spec (name: ..., data: ...), got ",
                     ShowNode(tree.root)));
  } else if (request.set_size() > limits.set_changes) {
    refuse(absl::StrCat("want at most ", limits.set_changes,
                        " changes (--set), got ", request.set_size()));
  }
  if (!tree.complete) return tree;
  for (int i = 0; i < request.set_size(); ++i) {
    ApplyChange(request.set(i), i + 1, limits, &nodes_left, &tree.root,
                &tree.faults);
  }
  return tree;
}

}  // namespace

SpecPlaces::SpecPlaces(std::shared_ptr<const SpecNode> root)
    : root_(std::move(root)) {}

void SpecPlaces::Place(const std::string& path, v1::SpecFault* fault) const {
  if (root_ == nullptr) return;
  const absl::StatusOr<std::vector<PathStep>> steps = ParsePath(path);
  if (!steps.ok()) return;
  const SpecNode* node = root_.get();
  SpecPlace place;
  for (const PathStep& step : *steps) {
    const SpecNode* next = nullptr;
    if (node->kind == SpecNode::Kind::kMap) {
      for (size_t i = 0; i + 1 < node->children.size(); i += 2) {
        if (node->children[i].text != step.name) continue;
        next = &node->children[i + 1];
        place = next->kind == SpecNode::Kind::kScalar ? next->place
                                                      : node->children[i].place;
        break;
      }
    } else if (node->kind == SpecNode::Kind::kList) {
      if (step.kind == PathStep::Kind::kName) continue;  // features[0].values
      if (step.index < node->children.size()) {
        next = &node->children[step.index];
        place = next->place;
      }
    }
    if (next == nullptr) break;
    node = next;
  }
  fault->set_line(place.line);
  fault->set_column(place.column);
  fault->set_set_number(place.set_number);
}

ParsedSpec ParseSpec(const v1::ParseSpecRequest& request,
                     const SpecLimits& limits) {
  ParsedSpec parsed;
  v1::ParseSpecResponse& response = parsed.response;
  SpecTree tree = ReadTree(request, limits);
  AddPlaced(std::move(tree.faults), &response);
  if (!tree.complete) {
    SortAndCut(limits, &response);
    return parsed;
  }
  auto root = std::make_shared<SpecNode>(std::move(tree.root));
  SpecWalk walk = WalkSpec(request.files(), root.get());
  parsed.places = SpecPlaces(std::move(root));
  AddPlaced(std::move(walk.faults), &response);
  response.set_more_faults(walk.more_faults);
  for (v1::SpecFile& file : walk.unresolved_files) {
    *response.add_unresolved_files() = std::move(file);
  }
  std::vector<Fault> checked;
  if (walk.more_faults == 0) {
    checked = CheckSpec(walk.spec, limits);
    const SettledPaths settled(walk.settled);
    std::erase_if(checked, [&settled](const Fault& fault) {
      return settled.Has(fault.path);
    });
  }
  *response.mutable_spec() = std::move(walk.spec);
  AddFaults(checked, limits, &parsed);
  return parsed;
}

void AddFaults(absl::Span<const Fault> faults, const SpecLimits& limits,
               ParsedSpec* parsed) {
  for (const Fault& fault : faults) {
    v1::SpecFault* added = parsed->response.add_faults();
    added->set_path(fault.path);
    added->set_message(fault.message);
    parsed->places.Place(fault.path, added);
  }
  SortAndCut(limits, &parsed->response);
}

}  // namespace steelyard::server
