#include "training/data/csv.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "support/status_macros.h"
#include "training/data/csv_reader.h"

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

// The groups of rows, as they come by.
class GroupNames {
 public:
  // Adds the group of the reader's row.
  absl::Status Add(const CsvReader& reader, size_t column) {
    const std::string name = reader.fields()[column].Text();
    if (name.empty() || name.size() > kMaxCsvGroupBytes) {
      return reader.Fault(column, absl::StrCat("a group's name of 1 to ",
                                               kMaxCsvGroupBytes, " bytes"));
    }
    const auto [place, is_new] =
        places_.emplace(name, static_cast<int32_t>(groups_.names.size()));
    groups_.numbers.push_back(place->second);
    if (!is_new) return absl::OkStatus();
    if (groups_.names.size() == kMaxCsvGroups) {
      return reader.Fault(
          column, absl::StrCat("one of the ", kMaxCsvGroups,
                               " groups before, which are the most there may "
                               "be"));
    }
    groups_.names.push_back(name);
    return absl::OkStatus();
  }
  RowGroups Take() { return std::move(groups_); }

 private:
  absl::flat_hash_map<std::string, int32_t> places_;
  RowGroups groups_;
};

absl::Status ParseFinite(const CsvReader& reader, size_t column,
                         double& value) {
  if (!ParseCsvNumber(reader.fields()[column].text, value)) {
    return reader.Fault(column, "a number");
  }
  return std::isfinite(value) ? absl::OkStatus()
                              : reader.Fault(column, "a finite number");
}

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
  for (size_t j = 0; columns.features.empty() && j < names.size(); ++j) {
    if (j != places.label && j != places.group) places.features.push_back(j);
  }
  if (!places.features.empty()) return places;
  return absl::InvalidArgumentError(
      "line 1: want a column left for features, got none");
}

absl::StatusOr<Rows> ReadCsv(ByteSource& source, const CsvColumns& columns,
                             const RowSelection& selection,
                             int64_t expected_rows) {
  CsvReader reader(source);
  STEELYARD_RETURN_IF_ERROR(reader.ReadHeader());
  STEELYARD_ASSIGN_OR_RETURN(const CsvPlaces places,
                             FindCsvColumns(reader.names(), columns));
  Rows rows;
  rows.columns = std::ssize(places.features);
  rows.features.reserve(static_cast<size_t>(expected_rows * rows.columns));
  rows.labels.reserve(static_cast<size_t>(expected_rows));
  RowPicker picker(selection);
  GroupNames groups;
  for (;;) {
    STEELYARD_ASSIGN_OR_RETURN(const bool more, reader.Next());
    if (!more) break;
    double label = 0;
    STEELYARD_RETURN_IF_ERROR(ParseFinite(reader, places.label, label));
    const size_t begin = rows.features.size();
    for (const size_t place : places.features) {
      STEELYARD_RETURN_IF_ERROR(
          ParseFinite(reader, place, rows.features.emplace_back()));
    }
    absl::StatusOr<std::optional<double>> wanted = picker.Pick(label);
    if (!wanted.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "row ", reader.rows(), ", column ", places.label, " (\"",
          reader.names()[places.label], "\"): ", wanted.status().message()));
    }
    if (!wanted->has_value()) {
      rows.features.resize(begin);
      continue;
    }
    rows.labels.push_back(**wanted);
    if (places.group) {
      STEELYARD_RETURN_IF_ERROR(groups.Add(reader, *places.group));
    }
  }
  STEELYARD_RETURN_IF_ERROR(picker.CheckSome());
  rows.groups = groups.Take();
  rows.rows = picker.rows();
  return rows;
}

}  // namespace steelyard::training
