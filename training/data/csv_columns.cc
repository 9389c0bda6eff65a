#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "support/status_macros.h"
#include "training/data/csv.h"

namespace steelyard::training {
namespace {

// The columns of a header by their names.
class ColumnIndex {
 public:
  // The names must outlive it.
  explicit ColumnIndex(std::span<const std::string> names) : names_(names) {
    for (size_t j = 0; j < names.size(); ++j) {
      places_[names[j]].push_back(j);
    }
  }

  // The column that `word` means.  Errors name it by `field`.
  absl::StatusOr<size_t> Find(absl::string_view field,
                              absl::string_view word) const {
    const auto found = places_.find(word);
    if (found != places_.end()) {
      const std::vector<size_t>& places = found->second;
      if (places.size() == 1) return places[0];
      return absl::InvalidArgumentError(
          absl::StrCat(field, ": want the name of one column, got \"", word,
                       "\", the name of columns ", places[0], " and ",
                       places[1], "; give the number"));
    }
    size_t number = 0;
    if (absl::SimpleAtoi(word, &number) && number < names_.size()) {
      return number;
    }
    constexpr size_t kMaxShown = 10;
    return absl::InvalidArgumentError(absl::StrCat(
        field, ": want a column's name or its number, 0 to ", names_.size() - 1,
        ", got \"", word, "\"; the columns are ",
        absl::StrJoin(names_.first(std::min(names_.size(), kMaxShown)), ", "),
        names_.size() > kMaxShown ? ", ..." : ""));
  }

 private:
  const std::span<const std::string> names_;
  absl::flat_hash_map<absl::string_view, std::vector<size_t>> places_;
};

}  // namespace

absl::StatusOr<CsvPlaces> FindCsvColumns(std::span<const std::string> names,
                                         const CsvColumns& columns) {
  CsvPlaces places;
  if (names.size() < 2) {
    return absl::InvalidArgumentError(
        "line 1: want a label and at least one feature, got one column");
  }
  const ColumnIndex index(names);
  places.label = names.size() - 1;
  if (!columns.label.empty()) {
    STEELYARD_ASSIGN_OR_RETURN(places.label,
                               index.Find("label", columns.label));
  }
  // Who has taken a column.
  std::vector<std::string> taken(names.size());
  taken[places.label] = "label";
  for (size_t k = 0; k < columns.features.size(); ++k) {
    const std::string field = absl::StrCat("features[", k, "]");
    STEELYARD_ASSIGN_OR_RETURN(const size_t place,
                               index.Find(field, columns.features[k]));
    if (!taken[place].empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(field, ": want another column than ", taken[place],
                       ", got ", place, ", \"", names[place], "\""));
    }
    taken[place] = field;
    places.features.push_back(place);
  }
  if (!columns.group.empty()) {
    STEELYARD_ASSIGN_OR_RETURN(places.group,
                               index.Find("group", columns.group));
  }
  if (!columns.split.column.empty()) {
    STEELYARD_ASSIGN_OR_RETURN(places.split,
                               index.Find("split", columns.split.column));
  }
  for (size_t j = 0; columns.features.empty() && j < names.size(); ++j) {
    if (j == places.label || j == places.group || j == places.split) continue;
    places.features.push_back(j);
  }
  if (!places.features.empty()) return places;
  return absl::InvalidArgumentError(
      "line 1: want a column left for features, got none");
}

}  // namespace steelyard::training
