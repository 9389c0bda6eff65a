#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "support/status_macros.h"
#include "training/data/csv.h"
#include "training/data/csv_reader.h"
#include "training/data/preview.h"
#include "training/data/summary.h"

namespace steelyard::training {
namespace {

// What is known of a column so far.
struct ColumnScan {
  bool numeric = true;
  std::string first_text;
  ValueCounter values;
  // Of numbers only few: in wide tables they would take most of the time.
  TextCounter texts = TextCounter(TextCounter::kMaxListed);
};

void CountText(const CsvField& field, TextCounter& texts) {
  if (!texts.counting()) return;
  if (field.quoted) {
    texts.Add(field.Text());
  } else {
    texts.Add(absl::StripAsciiWhitespace(field.text));
  }
}

// From a row on that holds no number in it.
void BecomeText(const CsvReader& reader, const CsvField& field,
                ColumnScan& column) {
  column.numeric = false;
  column.values = {};
  if (reader.rows() == 1) {
    column.texts = TextCounter();
  } else {
    column.first_text =
        absl::StrCat(reader.Where(), " holds ", QuoteCsvText(field.text));
  }
}

void ScanRow(const CsvReader& reader, std::vector<ColumnScan>& columns) {
  for (size_t j = 0; j < columns.size(); ++j) {
    ColumnScan& column = columns[j];
    const CsvField& field = reader.fields()[j];
    double value = 0;
    if (column.numeric && ParseCsvNumber(field.text, value)) {
      column.values.Add(value);
    } else if (column.numeric) {
      BecomeText(reader, field, column);
    }
    CountText(field, column.texts);
  }
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
template <typename Counter>
class CountBudget {
 public:
  CountBudget(Counter ColumnScan::*counter, size_t most)
      : counter_(counter), most_(most) {}

  void Keep(std::vector<ColumnScan>& columns) {
    while (Total(columns) > most_) {
      most_distinct_ /= 2;
      for (ColumnScan& column : columns) {
        (column.*counter_).LimitDistinct(most_distinct_);
      }
    }
  }

 private:
  size_t Total(const std::vector<ColumnScan>& columns) const {
    size_t total = 0;
    for (const ColumnScan& column : columns) total += (column.*counter_).held();
    return total;
  }

  Counter ColumnScan::*const counter_;
  const size_t most_;
  size_t most_distinct_ = Counter::kMaxDistinct;
};

// Empties the longest lists until at most `most` values are left: the shorter a
// list, the more likely it is one of labels, or of groups.
template <typename Count>
void BoundLists(std::vector<Count> ColumnSummary::*list, int64_t most,
                std::vector<ColumnSummary>& columns) {
  std::vector<int64_t> lists(ValueCounter::kMaxDistinct + 1);  // by length
  for (const ColumnSummary& column : columns) ++lists[(column.*list).size()];
  int64_t listed = 0;
  size_t longest = 0;
  for (size_t length = 1; length < lists.size(); ++length) {
    listed += lists[length] * static_cast<int64_t>(length);
    if (listed <= most) longest = length;
  }
  for (ColumnSummary& column : columns) {
    if ((column.*list).size() > longest) column.*list = {};
  }
}

void BoundFirstTexts(std::vector<ColumnSummary>& columns) {
  int64_t told = 0;
  for (ColumnSummary& column : columns) {
    if (column.first_text.empty() || ++told <= kMaxCsvFirstTexts) continue;
    column.first_text = {};
  }
}

ColumnSummary Summarize(const std::string& name, const ColumnScan& column) {
  ColumnSummary summary;
  summary.name = name;
  summary.numeric = column.numeric;
  summary.min = column.values.min();
  summary.max = column.values.max();
  summary.values = column.values.Values();
  summary.non_finite = column.values.non_finite();
  summary.first_text = column.first_text;
  summary.distinct = column.texts.distinct();
  summary.texts = column.texts.Texts();
  return summary;
}

}  // namespace

absl::StatusOr<FileSummary> InspectCsv(ByteSource& source) {
  CsvReader reader(source);
  STEELYARD_RETURN_IF_ERROR(reader.ReadHeader());
  std::vector<ColumnScan> columns(reader.names().size());
  constexpr size_t kMostValues = 1'000'000;
  constexpr size_t kMostTexts = 200'000;
  CountBudget<ValueCounter> value_budget(&ColumnScan::values, kMostValues);
  CountBudget<TextCounter> text_budget(&ColumnScan::texts, kMostTexts);
  FileSummary summary;
  summary.preview = BeginPreview(reader.names());
  for (;;) {
    STEELYARD_ASSIGN_OR_RETURN(const bool more, reader.Next());
    if (!more) break;
    ScanRow(reader, columns);
    AddToPreview(reader, summary.preview);
    value_budget.Keep(columns);
    text_budget.Keep(columns);
  }
  if (reader.rows() == 0) {
    return absl::InvalidArgumentError(
        "line 2: want at least one row, got the end of the file");
  }
  summary.shape = {reader.rows(), std::ssize(columns)};
  summary.dtype = "float64";
  for (size_t j = 0; j < columns.size(); ++j) {
    summary.columns.push_back(Summarize(reader.names()[j], columns[j]));
  }
  BoundLists(&ColumnSummary::values, kMaxCsvListedValues, summary.columns);
  BoundFirstTexts(summary.columns);
  BoundLists(&ColumnSummary::texts, kMaxCsvListedTexts, summary.columns);
  return summary;
}

}  // namespace steelyard::training
