#include "server/near_name.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/spec_text.h"

namespace steelyard::server {
namespace {

// No field is longer: the cost of a comparison stays bounded.
constexpr size_t kLongestName = 64;

std::string Plain(absl::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c != '_' && c != '-') plain += ToLower(c);
  }
  return plain;
}

// Edits from `a` to `b`, a swap of neighbours being one (optimal string
// alignment).
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> before(b.size() + 1), above(b.size() + 1),
      row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    std::swap(before, above);
    std::swap(above, row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, above[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

}  // namespace

std::string NearName(absl::string_view wrong,
                     const std::vector<std::string>& names) {
  if (wrong.size() > kLongestName) return "";
  const std::string plain = Plain(wrong);
  std::string nearest;
  size_t least = plain.size() / 3 + 1;
  for (const std::string& name : names) {
    const size_t distance = Distance(plain, Plain(name));
    if (distance >= least) continue;
    least = distance;
    nearest = name;
  }
  return nearest;
}

std::string AdviseName(absl::string_view wrong,
                       const std::vector<std::string>& names) {
  const std::string near = NearName(wrong, names);
  if (!near.empty()) return absl::StrCat("did you mean ", near, "?");
  return absl::StrCat("want ", names.size() > 1 ? "one of " : "",
                      absl::StrJoin(names, ", "));
}

}  // namespace steelyard::server
