#include "training/data/csv.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "support/status_macros.h"
#include "training/data/csv_reader.h"

namespace steelyard::training {
namespace {

constexpr absl::string_view kWantNumber = "a number";
constexpr absl::string_view kWantFinite = "a finite number";

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

absl::StatusOr<int64_t> FindLabelColumn(std::span<const std::string> names,
                                        absl::string_view label) {
  const auto columns = std::ssize(names);
  if (label.empty()) return columns - 1;
  std::optional<int64_t> found;
  for (int64_t j = 0; j < columns; ++j) {
    if (names[static_cast<size_t>(j)] != label) continue;
    if (found.has_value()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "label: want the name of one column, got \"", label,
          "\", the name of columns ", *found, " and ", j, "; give the number"));
    }
    found = j;
  }
  if (found.has_value()) return *found;
  int64_t number = 0;
  if (absl::SimpleAtoi(label, &number) && number >= 0 && number < columns) {
    return number;
  }
  constexpr size_t kMaxShown = 10;
  return absl::InvalidArgumentError(absl::StrCat(
      "label: want a column's name or its number, 0 to ", columns - 1,
      ", got \"", label, "\"; the columns are ",
      absl::StrJoin(names.first(std::min(names.size(), kMaxShown)), ", "),
      names.size() > kMaxShown ? ", ..." : ""));
}

absl::StatusOr<Rows> ReadCsv(ByteSource& source, absl::string_view label,
                             const RowSelection& selection,
                             int64_t expected_rows) {
  CsvReader reader(source);
  STEELYARD_RETURN_IF_ERROR(reader.ReadHeader());
  const size_t columns = reader.names().size();
  if (columns < 2) {
    return absl::InvalidArgumentError(
        "line 1: want a label and at least one feature, got one column");
  }
  STEELYARD_ASSIGN_OR_RETURN(const int64_t label_number,
                             FindLabelColumn(reader.names(), label));
  const auto label_column = static_cast<size_t>(label_number);

  Rows rows;
  rows.columns = static_cast<int64_t>(columns) - 1;
  rows.features.reserve(static_cast<size_t>(expected_rows * rows.columns));
  rows.labels.reserve(static_cast<size_t>(expected_rows));
  RowPicker picker(selection);
  std::vector<double> values(columns);
  for (;;) {
    STEELYARD_ASSIGN_OR_RETURN(const bool more, reader.Next());
    if (!more) break;
    for (size_t j = 0; j < columns; ++j) {
      if (!ParseCsvNumber(reader.fields()[j].text, values[j])) {
        return reader.Fault(j, kWantNumber);
      }
      if (!std::isfinite(values[j])) return reader.Fault(j, kWantFinite);
    }
    absl::StatusOr<std::optional<double>> wanted =
        picker.Pick(values[label_column]);
    if (!wanted.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "row ", reader.rows(), ", column ", label_column, " (\"",
          reader.names()[label_column], "\"): ", wanted.status().message()));
    }
    if (!wanted->has_value()) continue;
    for (size_t j = 0; j < columns; ++j) {
      if (j != label_column) rows.features.push_back(values[j]);
    }
    rows.labels.push_back(**wanted);
  }
  STEELYARD_RETURN_IF_ERROR(picker.CheckSome());
  rows.rows = picker.rows();
  return rows;
}

}  // namespace steelyard::training
