#include "server/spec_path.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/spec_text.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

bool IsBare(char c) {
  const char lower = ToLower(c);
  return IsDigit(c) || (lower >= 'a' && lower <= 'z') || c == '_' || c == '-';
}

bool IsBare(absl::string_view key) {
  for (const char c : key) {
    if (!IsBare(c)) return false;
  }
  return !key.empty();
}

// The path without its last step.
absl::string_view ParentOf(absl::string_view path) {
  const size_t cut = path.find_last_of(".[");
  return cut == absl::string_view::npos ? "" : path.substr(0, cut);
}

class PathReader {
 public:
  explicit PathReader(absl::string_view path) : path_(path) {}

  absl::StatusOr<std::vector<PathStep>> Read() {
    std::vector<PathStep> steps;
    STEELYARD_ASSIGN_OR_RETURN(PathStep first, ReadName());
    steps.push_back(std::move(first));
    while (at_ < path_.size()) {
      if (path_[at_] == '[') {
        STEELYARD_ASSIGN_OR_RETURN(PathStep step, ReadBracket());
        steps.push_back(std::move(step));
        continue;
      }
      if (path_[at_] != '.') return Want("., [ or the end");
      ++at_;
      STEELYARD_ASSIGN_OR_RETURN(PathStep step, ReadName());
      steps.push_back(std::move(step));
    }
    return steps;
  }

 private:
  absl::Status Want(absl::string_view what) const {
    return absl::InvalidArgumentError(
        absl::StrCat("want ", what, " at character ", at_ + 1, " of the path"));
  }

  absl::StatusOr<PathStep> ReadName() {
    const size_t begin = at_;
    while (at_ < path_.size() && IsBare(path_[at_])) ++at_;
    if (at_ == begin) return Want("a name");
    return PathStep{.kind = PathStep::Kind::kName,
                    .name = std::string(path_.substr(begin, at_ - begin)),
                    .index = 0};
  }

  absl::StatusOr<PathStep> ReadBracket() {
    ++at_;
    PathStep step;
    if (at_ < path_.size() && path_[at_] == '"') {
      STEELYARD_ASSIGN_OR_RETURN(step.name, ReadQuoted());
    } else {
      step.kind = PathStep::Kind::kIndex;
      const size_t begin = at_;
      while (at_ < path_.size() && IsDigit(path_[at_])) ++at_;
      if (!absl::SimpleAtoi(path_.substr(begin, at_ - begin), &step.index)) {
        return Want("a number or a key in quotes");
      }
    }
    if (at_ >= path_.size() || path_[at_] != ']') return Want("]");
    ++at_;
    return step;
  }

  absl::StatusOr<std::string> ReadQuoted() {
    std::string key;
    for (++at_; at_ < path_.size(); ++at_) {
      if (path_[at_] == '"') {
        ++at_;
        return key;
      }
      if (path_[at_] == '\\' && at_ + 1 < path_.size()) ++at_;
      key += path_[at_];
    }
    return Want("a closing quote");
  }

  const absl::string_view path_;
  size_t at_ = 0;
};

}  // namespace

std::string FieldPath(absl::string_view parent, absl::string_view field) {
  return parent.empty() ? std::string(field) : absl::StrCat(parent, ".", field);
}

std::string IndexPath(absl::string_view parent, size_t index) {
  return absl::StrCat(parent, "[", index, "]");
}

std::string KeyPath(absl::string_view parent, absl::string_view key) {
  if (IsBare(key)) return FieldPath(parent, key);
  std::string path = absl::StrCat(parent, "[\"");
  for (const char c : key) {
    if (c == '"' || c == '\\') path += '\\';
    path += c;
  }
  return absl::StrCat(path, "\"]");
}

absl::StatusOr<std::vector<PathStep>> ParsePath(absl::string_view path) {
  return PathReader(path).Read();
}

SettledPaths::SettledPaths(const std::vector<std::string>& settled) {
  for (const std::string& path : settled) {
    settled_.insert(path);
    absl::string_view above = path;
    while (!above.empty()) {
      above = ParentOf(above);
      above_.insert(std::string(above));
    }
  }
}

bool SettledPaths::Has(absl::string_view path) const {
  if (settled_.empty()) return false;
  if (above_.count(std::string(path)) > 0) return true;
  while (true) {
    if (settled_.count(std::string(path)) > 0) return true;
    if (path.empty()) return false;
    path = ParentOf(path);
  }
}

}  // namespace steelyard::server
