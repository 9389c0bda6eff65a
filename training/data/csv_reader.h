#ifndef STEELYARD_TRAINING_DATA_CSV_READER_H_
#define STEELYARD_TRAINING_DATA_CSV_READER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "training/data/byte_source.h"

// The rows of a CSV file, one after the other; csv.h says what form that is.
namespace steelyard::training {

// A field as it stands in the file, without the quotes around it.
struct CsvField {
  absl::string_view text;
  bool quoted = false;  // then "" within the text is one quote

  // With single quotes.
  std::string Value() const;
  // The same without blanks around it.
  std::string Text() const;
};

// Text of a file as it may stand in a message: in quotes, escaped, and cut to
// 40 bytes; "an empty field".
std::string QuoteCsvText(absl::string_view text);

// Whether `text` is a number, as csv.h says; then `value` is.
bool ParseCsvNumber(absl::string_view text, double& value);

// Holds one row at a time, which may go over several lines.
class CsvReader {
 public:
  explicit CsvReader(ByteSource& source) : source_(source) {}

  // Reads the header.  Comes first.
  absl::Status ReadHeader();
  // Reads the next row, of as many fields as there are columns; false at the
  // end.
  absl::StatusOr<bool> Next();

  const std::vector<std::string>& names() const { return names_; }
  // Of the row, valid until the next one.
  const std::vector<CsvField>& fields() const { return fields_; }
  int64_t rows() const { return row_; }

  // `row 3 (line 4)`
  std::string Where() const;
  // `row 3 (line 4), column 1 ("x1"): want WHAT, got TEXT`
  absl::Status Fault(size_t column, absl::string_view want) const;

 private:
  // Where a field stands in the record, without its quotes.
  struct Place {
    size_t begin = 0;
    size_t end = 0;
    bool quoted = false;
  };
  enum class Record {
    kEnd,        // there is none: the file ends
    kWhole,      // its fields are in fields_
    kOpenQuote,  // a quote is not closed at its field's end; those before are
  };

  absl::StatusOr<Record> ReadRecord(int64_t max_bytes);
  // Begins the next record with its first line, or makes this one a line
  // longer; false at the end of the file.
  absl::StatusOr<bool> BeginRecord(int64_t max_bytes);
  absl::StatusOr<bool> AddLine(size_t from, int64_t max_bytes);
  // The field that begins there; nothing when its quote is wrong.
  absl::StatusOr<std::optional<Place>> TakeField(size_t begin,
                                                 int64_t max_bytes);
  absl::Status Fill();
  void SetFields();

  // What the record holds, without the end of its last line.
  size_t RecordEnd() const;
  char At(size_t i) const { return buffer_[begin_ + i]; }
  absl::Status CheckNames() const;

  ByteSource& source_;
  std::vector<char> buffer_;
  size_t begin_ = 0;   // of the record
  size_t length_ = 0;  // of the record, the end of its last line not counted
  bool has_newline_ = false;  // behind it
  size_t end_ = 0;            // of what was read
  bool at_end_ = false;
  int64_t first_line_ = 0;  // of the record, from 1 on
  int64_t last_line_ = 0;
  std::vector<Place> places_;
  std::vector<std::string> names_;
  std::vector<CsvField> fields_;
  int64_t row_ = 0;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DATA_CSV_READER_H_
