#ifndef STEELYARD_SERVER_SPEC_PATH_H_
#define STEELYARD_SERVER_SPEC_PATH_H_

#include <cstddef>
#include <string>
#include <unordered_set>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Paths into a RunSpec: data.inline.labels[3], labels.paper, labels["a.b"].
//
// A key of a map stands like a field where it is made of [A-Za-z0-9_-], else in
// brackets and quotes with \" and \\ for " and \.
namespace steelyard::server {

// One part of a path.
struct PathStep {
  // A field or a key is named; `index` counts an element from 0 on.
  enum class Kind { kName, kIndex };
  Kind kind = Kind::kName;
  std::string name;
  size_t index = 0;

  bool operator==(const PathStep&) const = default;
};

// `parent` may be empty: the spec itself.  `field` may hold several steps.
std::string FieldPath(absl::string_view parent, absl::string_view field);
std::string IndexPath(absl::string_view parent, size_t index);
std::string KeyPath(absl::string_view parent, absl::string_view key);

// Errors: InvalidArgument, saying at which character what was wanted.  An empty
// path is one.
absl::StatusOr<std::vector<PathStep>> ParsePath(absl::string_view path);

// Paths of which nothing further is to be said.
class SettledPaths {
 public:
  explicit SettledPaths(const std::vector<std::string>& settled);

  // Whether a fault at `path` may follow from one that is settled: at, over or
  // below it.
  bool Has(absl::string_view path) const;

 private:
  std::unordered_set<std::string> settled_;
  std::unordered_set<std::string> above_;
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_SPEC_PATH_H_
