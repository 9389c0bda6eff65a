#ifndef STEELYARD_TRAINING_DATA_CSV_H_
#define STEELYARD_TRAINING_DATA_CSV_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "training/data/byte_source.h"
#include "training/data/selection.h"
#include "training/data/summary.h"
#include "training/rows.h"

// CSV (RFC 4180): a header line with the columns' names, then a line for each
// row; fields are separated by commas.  Lines end with LF or CRLF, the last one
// may lack it; empty lines at the end are passed over.  A field may stand in
// double quotes: "" within them is one quote, commas and the ends of lines are
// part of it; in a column's name the end of a line is a blank, so that the name
// can stand in a spec and in a message.  A quote elsewhere than at a field's
// beginning is a character like others.  Numbers are those of std::from_chars,
// whatever the locale: 1, -2.5, 1e-3, nan, inf; blanks around them and a plus
// sign are passed over.
//
// Errors name rows from 1 on, with the line where they begin, and columns from
// 0 on, with the name:
//   row 3 (line 4), column 1 ("x1"): want a number, got "abc"
//   InvalidArgument    the file is not of this form
//   ResourceExhausted, Internal  of the source
namespace steelyard::training {

// Limits of one file.
inline constexpr int64_t kMaxCsvColumns = 100'000;
inline constexpr int64_t kMaxCsvHeaderBytes = 1 << 20;
inline constexpr int64_t kMaxCsvLineBytes = 16 << 20;  // of a row
// Distinct values and texts that one summary lists, over all columns: past
// that, the longest lists go first.
inline constexpr int64_t kMaxCsvListedValues = 100'000;
inline constexpr int64_t kMaxCsvListedTexts = 10'000;
// Columns of which one summary tells where they first hold text: the first.
inline constexpr int64_t kMaxCsvFirstTexts = 1'000;
// Groups of the rows of one table, and bytes of a group's text.
inline constexpr size_t kMaxCsvGroups = 1'000;
inline constexpr size_t kMaxCsvGroupBytes = 64;

// Reads the whole file, in memory that does not grow with it.  A column is
// numeric when every row holds a number in it.
absl::StatusOr<FileSummary> InspectCsv(ByteSource& source);

// Rows with one of these texts in a column, which are read apart.
struct CsvSplit {
  std::string column;              // empty: no rows are
  std::vector<std::string> texts;  // each once
};

// Which columns are read, each by its name in the header, else by its number
// from 0 on.
struct CsvColumns {
  std::string label;  // empty: the last
  // Empty: all but the label's, the group's and the split's, in order.
  std::vector<std::string> features = {};
  std::string group = {};  // empty: rows have no groups
  CsvSplit split = {};
};

// Their numbers.
struct CsvPlaces {
  size_t label = 0;
  std::vector<size_t> features;  // at least one, each once, not the label
  std::optional<size_t> group;   // may be one of the others, too
  std::optional<size_t> split;   // likewise
};

// Errors: InvalidArgument when there is no such column, or two of that name; a
// feature twice, or that is the label; no column for features.
absl::StatusOr<CsvPlaces> FindCsvColumns(std::span<const std::string> names,
                                         const CsvColumns& columns);

// Reads the rows wanted.  What stands in other columns is not looked at.
// A group's name, like a split's text, is a field without quotes and without
// blanks around it, whether it is a number or not; names stand in the order of
// the rows wanted.
// `expected_rows` is a hint: room is made for so many at once.
// Errors also: a feature that is not a finite number, in any row; a label that
// RowPicker refuses; of the rows picked a group without text, or with a longer
// one than kMaxCsvGroupBytes, or one group more than kMaxCsvGroups; no row
// picked.
absl::StatusOr<Rows> ReadCsv(ByteSource& source, const CsvColumns& columns,
                             const RowSelection& selection,
                             int64_t expected_rows = 0);

// The rows wanted, in their order, by what `split` says.
struct CsvParts {
  Rows others;
  Rows chosen;
};

// Reads the rows wanted in these two parts; for the others room is made.
// Errors also: a text of `split` that no row of the file has, wanted or not; no
// row in one of the two.
absl::StatusOr<CsvParts> ReadCsvParts(ByteSource& source,
                                      const CsvColumns& columns,
                                      const RowSelection& selection,
                                      int64_t expected_rows = 0);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DATA_CSV_H_
