#ifndef STEELYARD_SERVER_SPEC_TREE_H_
#define STEELYARD_SERVER_SPEC_TREE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/spec_check.h"

// YAML as a tree with places: the only code that knows the YAML library.
namespace steelyard::server {

// Where something stands in a request.
struct SpecPlace {
  int32_t line = 0;        // from 1 on; 0 in a change
  int32_t column = 0;      // in characters, from 1 on; 0 in a change
  int32_t set_number = 0;  // of the change, from 1 on; 0 in the text
};

struct SpecNode {
  enum class Kind : uint8_t {
    kNull,
    kScalar,
    kList,
    kMap,
    kBroken,  // something that is refused, and whose fault is known already
  };
  Kind kind = Kind::kNull;
  bool quoted = false;  // a scalar that is a string whatever it looks like
  SpecPlace place;      // of its first character
  std::string text;     // of a scalar
  // Elements of a list; of a map key, value, key, value, ... in the text's
  // order, repeated keys too.
  std::vector<SpecNode> children;
};

// A fault that knows its place.
struct PlacedFault {
  SpecPlace place;
  std::string path;
  std::string message;
};

struct SpecTree {
  SpecNode root;
  // No fault: the root is whole.  Aliases, anchors and tags are faults that
  // leave a tree; any other fault leaves `complete` false and no use in `root`.
  std::vector<PlacedFault> faults;
  bool complete = false;
};

// Reads one YAML document.  Refuses, at once: more than limits.text_bytes,
// bytes that are not UTF-8, control characters, more than limits.depth lists
// and maps within each other, more than limits.map_keys keys in a map, more
// than
// `*nodes_left` nodes (which it lowers by those found), a second document.
// Nothing at all is a root that is null.
//
// `set_number` 0: a spec's text; else the value of that change, all of whose
// places are that number.
//
// Separators ([ { , :) are counted before anything is parsed, because the
// library keeps all tokens of a line's collection in memory; those in comments
// and strings count too, so that more of them than nodes are allowed is
// refused.
SpecTree ParseTree(absl::string_view text, int32_t set_number,
                   const SpecLimits& limits, int64_t* nodes_left);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_SPEC_TREE_H_
