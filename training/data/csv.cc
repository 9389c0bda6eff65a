#include "training/data/csv.h"

#include <algorithm>
#include <cmath>
#include <limits>
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

// What is known of a column so far.
struct ColumnScan {
  bool numeric = false;
  ValueCounter counter;
};

absl::Status ScanRow(const CsvReader& reader,
                     std::vector<ColumnScan>& columns) {
  for (size_t j = 0; j < columns.size(); ++j) {
    double value = 0;
    const bool number = ParseCsvNumber(reader.fields()[j].text, value);
    if (reader.rows() == 1) columns[j].numeric = number;
    if (!columns[j].numeric) continue;
    if (!number) {
      return reader.Fault(j, "a number as in the rows before");
    }
    columns[j].counter.Add(value);
  }
  return absl::OkStatus();
}

Preview BeginPreview(const std::vector<std::string>& names) {
  Preview preview;
  const int64_t shown = std::min(std::ssize(names), kPreviewColumns);
  for (int64_t j = 0; j < shown; ++j) {
    preview.columns.push_back(PreviewText(names[static_cast<size_t>(j)]));
  }
  preview.more_columns = std::ssize(names) - shown;
  return preview;
}

void AddToPreview(const CsvReader& reader, Preview& preview) {
  if (reader.rows() > kPreviewRows) return;
  std::vector<std::string>& row = preview.rows.emplace_back();
  for (size_t j = 0; j < preview.columns.size(); ++j) {
    row.push_back(PreviewText(reader.fields()[j].Value()));
  }
}

// Keeps what all columns count together within memory: the longest lists are
// given up first, as in the end.
class CountBudget {
 public:
  void Keep(std::vector<ColumnScan>& columns) {
    while (Total(columns) > kMaxCounted) {
      most_distinct_ /= 2;
      for (ColumnScan& column : columns) {
        column.counter.LimitDistinct(most_distinct_);
      }
    }
  }

 private:
  static size_t Total(const std::vector<ColumnScan>& columns) {
    size_t total = 0;
    for (const ColumnScan& column : columns) total += column.counter.distinct();
    return total;
  }

  static constexpr size_t kMaxCounted = 1'000'000;

  size_t most_distinct_ = ValueCounter::kMaxDistinct;
};

// Empties the longest lists until at most kMaxCsvListedValues values are left:
// the shorter a list, the more likely it is one of labels.
void BoundLists(std::vector<ColumnSummary>& columns) {
  std::vector<int64_t> lists(ValueCounter::kMaxDistinct + 1);  // by length
  for (const ColumnSummary& column : columns) ++lists[column.values.size()];
  int64_t listed = 0;
  size_t longest = 0;
  for (size_t length = 1; length < lists.size(); ++length) {
    listed += lists[length] * static_cast<int64_t>(length);
    if (listed <= kMaxCsvListedValues) longest = length;
  }
  for (ColumnSummary& column : columns) {
    if (column.values.size() > longest) column.values = {};
  }
}

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

absl::Status ParseFinite(const CsvReader& reader, size_t column,
                         double& value) {
  if (!ParseCsvNumber(reader.fields()[column].text, value)) {
    return reader.Fault(column, "a number");
  }
  return std::isfinite(value) ? absl::OkStatus()
                              : reader.Fault(column, "a finite number");
}

}  // namespace

absl::StatusOr<FileSummary> InspectCsv(ByteSource& source) {
  CsvReader reader(source);
  STEELYARD_RETURN_IF_ERROR(reader.ReadHeader());
  std::vector<ColumnScan> columns(reader.names().size());
  CountBudget budget;
  FileSummary summary;
  summary.preview = BeginPreview(reader.names());
  for (;;) {
    STEELYARD_ASSIGN_OR_RETURN(const bool more, reader.Next());
    if (!more) break;
    STEELYARD_RETURN_IF_ERROR(ScanRow(reader, columns));
    AddToPreview(reader, summary.preview);
    budget.Keep(columns);
  }
  if (reader.rows() == 0) {
    return absl::InvalidArgumentError(
        "line 2: want at least one row, got the end of the file");
  }
  summary.shape = {reader.rows(), std::ssize(columns)};
  summary.dtype = "float64";
  for (size_t j = 0; j < columns.size(); ++j) {
    const ValueCounter& counter = columns[j].counter;
    summary.columns.push_back({.name = reader.names()[j],
                               .numeric = columns[j].numeric,
                               .min = counter.min(),
                               .max = counter.max(),
                               .values = counter.Values(),
                               .non_finite = counter.non_finite()});
  }
  BoundLists(summary.columns);
  return summary;
}

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
  for (size_t j = 0; columns.features.empty() && j < names.size(); ++j) {
    if (j != places.label) places.features.push_back(j);
  }
  return places;
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
    if (wanted->has_value()) {
      rows.labels.push_back(**wanted);
    } else {
      rows.features.resize(begin);
    }
  }
  STEELYARD_RETURN_IF_ERROR(picker.CheckSome());
  rows.rows = picker.rows();
  return rows;
}

}  // namespace steelyard::training
