#include "training/data/csv.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "support/status_macros.h"
#include "training/data/utf8.h"

namespace steelyard::training {
namespace {

// Text of a file as it may stand in a message: escaped, and cut to 40 bytes.
std::string Quoted(absl::string_view text) {
  constexpr size_t kMaxShown = 40;
  if (text.empty()) return "an empty field";
  return absl::StrCat("\"", absl::CHexEscape(text.substr(0, kMaxShown)),
                      text.size() > kMaxShown ? "..." : "", "\"");
}

// Cuts a source into lines, without their ends.
class LineReader {
 public:
  explicit LineReader(ByteSource& source) : source_(source) {}

  // The next line, valid until the next call; nothing at the end.
  absl::StatusOr<std::optional<absl::string_view>> Next(int64_t max_bytes) {
    size_t searched = 0;
    for (;;) {
      const char* begin = buffer_.data() + begin_;
      const size_t size = end_ - begin_;
      const void* newline =
          size == searched
              ? nullptr
              : std::memchr(begin + searched, '\n', size - searched);
      const size_t length =
          newline == nullptr
              ? size
              : static_cast<size_t>(static_cast<const char*>(newline) - begin);
      if (static_cast<int64_t>(length) > max_bytes) {
        return absl::InvalidArgumentError(
            absl::StrCat("line ", line_ + 1, ": want at most ", max_bytes,
                         " bytes, got a longer one"));
      }
      if (newline != nullptr) return Take(length, length + 1);
      if (at_end_) {
        if (size == 0) return std::nullopt;
        return Take(size, size);
      }
      searched = size;
      STEELYARD_RETURN_IF_ERROR(Fill());
    }
  }

  // Of the line that Next gave last, from 1 on.
  int64_t line() const { return line_; }

 private:
  absl::string_view Take(size_t length, size_t consumed) {
    absl::string_view line(buffer_.data() + begin_, length);
    begin_ += consumed;
    ++line_;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
  }

  absl::Status Fill() {
    std::copy(buffer_.data() + begin_, buffer_.data() + end_, buffer_.data());
    end_ -= begin_;
    begin_ = 0;
    if (end_ == buffer_.size()) {
      buffer_.resize(std::max(2 * buffer_.size(), kFirstBytes));
    }
    STEELYARD_ASSIGN_OR_RETURN(
        const size_t count,
        source_.Read(std::span<char>(buffer_).subspan(end_)));
    at_end_ = count < buffer_.size() - end_;
    end_ += count;
    return absl::OkStatus();
  }

  static constexpr size_t kFirstBytes = 256 << 10;

  ByteSource& source_;
  std::vector<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  bool at_end_ = false;
  int64_t line_ = 0;
};

// A field as it stands in the file, without the quotes around it.
struct Field {
  absl::string_view text;
  bool quoted = false;  // then "" within the text is one quote
};

// Takes the first field, up to its comma, off `rest`; false when its quote is
// not closed, or closed before the field ends.
bool TakeField(absl::string_view& rest, Field& field) {
  if (rest.empty() || rest.front() != '"') {
    const size_t comma = std::min(rest.find(','), rest.size());
    field = {rest.substr(0, comma), false};
    rest.remove_prefix(comma);
    return true;
  }
  size_t end = 1;
  for (;; end += 2) {
    end = rest.find('"', end);
    if (end == absl::string_view::npos) return false;
    if (end + 1 == rest.size() || rest[end + 1] == ',') break;
    if (rest[end + 1] != '"') return false;
  }
  field = {rest.substr(1, end - 1), true};
  rest.remove_prefix(end + 1);
  return true;
}

// False with the fields before the bad one when a quote is wrong.
bool SplitLine(absl::string_view line, std::vector<Field>& fields) {
  fields.clear();
  for (;;) {
    Field field;
    if (!TakeField(line, field)) return false;
    fields.push_back(field);
    if (line.empty()) return true;
    line.remove_prefix(1);
  }
}

bool ParseNumber(absl::string_view text, double& value) {
  text = absl::StripAsciiWhitespace(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+') {
    text.remove_prefix(1);
  }
  const char* end = text.data() + text.size();
  const std::from_chars_result result =
      std::from_chars(text.data(), end, value);
  return result.ec == std::errc() && result.ptr == end && !text.empty();
}

// A CSV file, row by row.
class RowReader {
 public:
  explicit RowReader(ByteSource& source) : lines_(source) {}

  // Reads the header line.  Comes first.
  absl::Status ReadHeader();
  // The fields of the next row, as many as there are columns; false at the end.
  absl::StatusOr<bool> Next();

  const std::vector<std::string>& names() const { return names_; }
  const std::vector<Field>& fields() const { return fields_; }
  int64_t rows() const { return row_; }

  // `row 3 (line 4), column 1 ("x1"): want WHAT, got TEXT`
  absl::Status Fault(size_t column, absl::string_view want) const {
    return absl::InvalidArgumentError(absl::StrCat(
        Place(), ", column ", column, " (\"", names_[column], "\"): want ",
        want, ", got ", Quoted(fields_[column].text)));
  }

 private:
  std::string Place() const {
    return absl::StrCat("row ", row_, " (line ", lines_.line(), ")");
  }
  absl::Status CheckNames() const;
  absl::Status SplitRow(absl::string_view line);

  LineReader lines_;
  std::vector<std::string> names_;
  std::vector<Field> fields_;
  int64_t row_ = 0;
};

absl::Status RowReader::ReadHeader() {
  STEELYARD_ASSIGN_OR_RETURN(std::optional<absl::string_view> line,
                             lines_.Next(kMaxCsvHeaderBytes));
  constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (line.has_value() &&
      line->substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    line->remove_prefix(kByteOrderMark.size());
  }
  if (!line.has_value() || line->empty()) {
    return absl::InvalidArgumentError(
        "line 1: want a header line with the columns' names, got nothing");
  }
  if (!SplitLine(*line, fields_)) {
    return absl::InvalidArgumentError(
        absl::StrCat("line 1, column ", fields_.size(),
                     ": want a quote that is closed at the field's end"));
  }
  if (std::ssize(fields_) > kMaxCsvColumns) {
    return absl::InvalidArgumentError(
        absl::StrCat("line 1: want at most ", kMaxCsvColumns, " columns, got ",
                     fields_.size()));
  }
  for (const Field& field : fields_) {
    names_.emplace_back(absl::StripAsciiWhitespace(field.text));
    if (field.quoted) absl::StrReplaceAll({{"\"\"", "\""}}, &names_.back());
  }
  return CheckNames();
}

// A file without a header line would silently lose its first row; names that
// count the columns, 0, 1, 2, ..., are in use all the same.
absl::Status RowReader::CheckNames() const {
  bool all_numbers = true;
  bool count_columns = true;
  for (size_t j = 0; j < names_.size(); ++j) {
    const std::string& name = names_[j];
    if (!IsPrintableUtf8(name)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "line 1, column ", j,
          ": want a name in UTF-8 without control characters, got ",
          Quoted(name)));
    }
    double number = 0;
    all_numbers = all_numbers && ParseNumber(name, number);
    count_columns = count_columns && name == absl::StrCat(j);
  }
  if (all_numbers && !count_columns) {
    return absl::InvalidArgumentError(absl::StrCat(
        "line 1: want a header line with the columns' names, got numbers "
        "alone, ",
        Quoted(fields_[0].text), " first; put a line of names before them"));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> RowReader::Next() {
  STEELYARD_ASSIGN_OR_RETURN(std::optional<absl::string_view> line,
                             lines_.Next(kMaxCsvLineBytes));
  if (!line.has_value()) return false;
  ++row_;
  if (line->empty()) {
    const std::string place = Place();
    while (line.has_value() && line->empty()) {
      STEELYARD_ASSIGN_OR_RETURN(line, lines_.Next(kMaxCsvLineBytes));
    }
    if (!line.has_value()) {
      --row_;
      return false;
    }
    return absl::InvalidArgumentError(
        absl::StrCat(place, ": want ", names_.size(),
                     " fields, got an empty line between rows"));
  }
  STEELYARD_RETURN_IF_ERROR(SplitRow(*line));
  return true;
}

absl::Status RowReader::SplitRow(absl::string_view line) {
  const bool quotes_closed = SplitLine(line, fields_);
  if (!quotes_closed && fields_.size() < names_.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        Place(), ", column ", fields_.size(), " (\"", names_[fields_.size()],
        "\"): want a quote that is closed at the field's end, in this line"));
  }
  if (!quotes_closed || fields_.size() != names_.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(Place(), ": want ", names_.size(),
                     " fields as in the header, got ", fields_.size()));
  }
  return absl::OkStatus();
}

constexpr absl::string_view kWantNumber = "a number";
constexpr absl::string_view kWantFinite = "a finite number";

// What is known of a column so far.
struct ColumnScan {
  bool numeric = false;
  ValueCounter counter;
};

absl::Status ScanRow(const RowReader& reader,
                     std::vector<ColumnScan>& columns) {
  for (size_t j = 0; j < columns.size(); ++j) {
    double value = 0;
    const bool number = ParseNumber(reader.fields()[j].text, value);
    if (reader.rows() == 1) columns[j].numeric = number;
    if (!columns[j].numeric) continue;
    if (!number) {
      return reader.Fault(j, "a number as in the rows before");
    }
    columns[j].counter.Add(value);
  }
  return absl::OkStatus();
}

std::string PreviewOf(const Field& field) {
  if (!field.quoted) return PreviewText(field.text);
  // Twice as much: of two quotes one is left.
  return PreviewText(absl::StrReplaceAll(field.text, {{"\"\"", "\""}}));
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

void AddToPreview(const RowReader& reader, Preview& preview) {
  if (reader.rows() > kPreviewRows) return;
  std::vector<std::string>& row = preview.rows.emplace_back();
  for (size_t j = 0; j < preview.columns.size(); ++j) {
    row.push_back(PreviewOf(reader.fields()[j]));
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
  RowReader reader(source);
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
  RowReader reader(source);
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
      if (!ParseNumber(reader.fields()[j].text, values[j])) {
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
