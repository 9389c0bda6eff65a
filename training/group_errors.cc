#include "training/group_errors.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "training/error_counts.h"

namespace steelyard::training {

std::string MetricWord(absl::string_view text) {
  std::string word;
  for (const char c : text) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' ||
        c == '_' || c == '.') {
      word.push_back(c);
    } else {
      absl::StrAppend(&word, "%",
                      absl::AsciiStrToUpper(absl::BytesToHexString({&c, 1})));
    }
  }
  return word;
}

RowGroups KeptGroups(const RowGroups& groups, std::span<const int64_t> kept) {
  RowGroups result;
  if (groups.numbers.empty()) return result;
  std::vector<int32_t> places(groups.names.size(), -1);
  for (const int64_t row : kept) {
    places[static_cast<size_t>(groups.numbers[static_cast<size_t>(row)])] = 0;
  }
  for (size_t g = 0; g < places.size(); ++g) {
    if (places[g] < 0) continue;
    places[g] = static_cast<int32_t>(result.names.size());
    result.names.push_back(groups.names[g]);
  }
  for (const int64_t row : kept) {
    const int32_t number = groups.numbers[static_cast<size_t>(row)];
    result.numbers.push_back(places[static_cast<size_t>(number)]);
  }
  return result;
}

GroupErrors::GroupErrors(absl::string_view set, const RowGroups& groups,
                         MetricTable& table)
    : first_id_(static_cast<uint32_t>(table.names().size())),
      groups_(groups.names.size()),
      numbers_(groups.numbers) {
  if (groups_ == 0) return;
  for (const std::string& name : groups.names) {
    table.Add(absl::StrCat(set, "/error/", MetricWord(name)));
  }
  table.Add(absl::StrCat(set, "/worst_group_error"));
}

void GroupErrors::Measure(std::span<const double> margins,
                          std::vector<MetricValue>& values) const {
  if (groups_ == 0) return;
  ErrorCounts counts(groups_);
  for (size_t i = 0; i < numbers_.size(); ++i) {
    counts.Add(static_cast<size_t>(numbers_[i]), margins[i] <= 0);
  }
  double worst = 0;
  for (size_t g = 0; g < groups_; ++g) {
    const double error = counts.FractionOf(g);
    worst = std::max(worst, error);
    values.push_back(
        {.metric = first_id_ + static_cast<uint32_t>(g), .value = error});
  }
  values.push_back(
      {.metric = first_id_ + static_cast<uint32_t>(groups_), .value = worst});
}

void GroupErrors::AddAbsent(absl::string_view set, const RowGroups& groups,
                            MetricTable& table) {
  if (groups.numbers.empty()) return;
  for (const char* name : {"/error/GROUP", "/worst_group_error"}) {
    table.AddAbsent(absl::StrCat(set, name), "the labels are no classes");
  }
}

}  // namespace steelyard::training
