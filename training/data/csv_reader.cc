#include "training/data/csv_reader.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <span>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "support/status_macros.h"
#include "training/data/csv.h"
#include "training/data/utf8.h"

namespace steelyard::training {

std::string QuoteCsvText(absl::string_view text) {
  constexpr size_t kMaxShown = 40;
  if (text.empty()) return "an empty field";
  return absl::StrCat("\"", absl::CHexEscape(text.substr(0, kMaxShown)),
                      text.size() > kMaxShown ? "..." : "", "\"");
}

std::string CsvField::Value() const {
  if (!quoted) return std::string(text);
  return absl::StrReplaceAll(text, {{"\"\"", "\""}});
}

std::string CsvField::Text() const {
  return std::string(absl::StripAsciiWhitespace(Value()));
}

bool ParseCsvNumber(absl::string_view text, double& value) {
  text = absl::StripAsciiWhitespace(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+') {
    text.remove_prefix(1);
  }
  const char* end = text.data() + text.size();
  const std::from_chars_result result =
      std::from_chars(text.data(), end, value);
  return result.ec == std::errc() && result.ptr == end && !text.empty();
}

size_t CsvReader::RecordEnd() const {
  return length_ > 0 && At(length_ - 1) == '\r' ? length_ - 1 : length_;
}

absl::Status CsvReader::Fill() {
  std::copy(buffer_.data() + begin_, buffer_.data() + end_, buffer_.data());
  end_ -= begin_;
  begin_ = 0;
  if (end_ == buffer_.size()) {
    constexpr size_t kFirstBytes = 256 << 10;
    buffer_.resize(std::max(2 * buffer_.size(), kFirstBytes));
  }
  STEELYARD_ASSIGN_OR_RETURN(
      const size_t count, source_.Read(std::span<char>(buffer_).subspan(end_)));
  at_end_ = count < buffer_.size() - end_;
  end_ += count;
  return absl::OkStatus();
}

absl::StatusOr<bool> CsvReader::AddLine(size_t from, int64_t max_bytes) {
  size_t searched = from;
  for (;;) {
    const char* record = buffer_.data() + begin_;
    const size_t size = end_ - begin_;
    const void* newline = size == searched ? nullptr
                                           : std::memchr(record + searched,
                                                         '\n', size - searched);
    const size_t length =
        newline == nullptr
            ? size
            : static_cast<size_t>(static_cast<const char*>(newline) - record);
    if (static_cast<int64_t>(length) > max_bytes) {
      return absl::InvalidArgumentError(absl::StrCat(
          "line ", first_line_, ": want at most ", max_bytes,
          " bytes, got a longer ",
          from == 0 ? "one" : "row; is there a quote that is not closed?"));
    }
    if (newline == nullptr && !at_end_) {
      searched = size;
      STEELYARD_RETURN_IF_ERROR(Fill());
      continue;
    }
    if (newline == nullptr && size == from) return false;
    length_ = length;
    has_newline_ = newline != nullptr;
    ++last_line_;
    return true;
  }
}

absl::StatusOr<bool> CsvReader::BeginRecord(int64_t max_bytes) {
  begin_ += length_ + (has_newline_ ? 1 : 0);
  length_ = 0;
  has_newline_ = false;
  first_line_ = last_line_ + 1;
  STEELYARD_ASSIGN_OR_RETURN(const bool found, AddLine(0, max_bytes));
  constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (found && first_line_ == 1 &&
      absl::StartsWith({buffer_.data(), length_}, kByteOrderMark)) {
    begin_ += kByteOrderMark.size();
    length_ -= kByteOrderMark.size();
  }
  return found;
}

absl::StatusOr<std::optional<CsvReader::Place>> CsvReader::TakeField(
    size_t begin, int64_t max_bytes) {
  const size_t record_end = RecordEnd();
  if (begin == record_end || At(begin) != '"') {
    const char* field = buffer_.data() + begin_ + begin;
    const void* comma = begin == record_end
                            ? nullptr
                            : std::memchr(field, ',', record_end - begin);
    const size_t size =
        comma == nullptr
            ? record_end - begin
            : static_cast<size_t>(static_cast<const char*>(comma) - field);
    return Place{begin, begin + size, false};
  }
  size_t at = begin + 1;
  for (;;) {
    const char* rest = buffer_.data() + begin_ + at;
    const void* quote =
        at == length_ ? nullptr : std::memchr(rest, '"', length_ - at);
    if (quote == nullptr) {
      at = length_;
      if (!has_newline_) return std::nullopt;
      STEELYARD_ASSIGN_OR_RETURN(const bool more,
                                 AddLine(length_ + 1, max_bytes));
      if (!more) return std::nullopt;
      continue;
    }
    at += static_cast<size_t>(static_cast<const char*>(quote) - rest);
    const size_t next = at + 1;
    if (next == RecordEnd() || (next < length_ && At(next) == ',')) {
      return Place{begin + 1, at, true};
    }
    if (next == length_ || At(next) != '"') return std::nullopt;
    at += 2;
  }
}

absl::StatusOr<CsvReader::Record> CsvReader::ReadRecord(int64_t max_bytes) {
  places_.clear();
  STEELYARD_ASSIGN_OR_RETURN(const bool found, BeginRecord(max_bytes));
  if (!found) return Record::kEnd;
  for (size_t at = 0;; ++at) {  // over the comma
    STEELYARD_ASSIGN_OR_RETURN(const std::optional<Place> place,
                               TakeField(at, max_bytes));
    if (!place) break;
    places_.push_back(*place);
    at = place->end + (place->quoted ? 1 : 0);
    if (at < RecordEnd()) continue;
    SetFields();
    return Record::kWhole;
  }
  SetFields();
  return Record::kOpenQuote;
}

// Not before the record is whole: the buffer moves as it grows.
void CsvReader::SetFields() {
  fields_.clear();
  for (const Place& place : places_) {
    fields_.push_back(
        {{buffer_.data() + begin_ + place.begin, place.end - place.begin},
         place.quoted});
  }
}

absl::Status CsvReader::ReadHeader() {
  STEELYARD_ASSIGN_OR_RETURN(const Record record,
                             ReadRecord(kMaxCsvHeaderBytes));
  if (record == Record::kEnd || RecordEnd() == 0) {
    return absl::InvalidArgumentError(
        "line 1: want a header line with the columns' names, got nothing");
  }
  if (record == Record::kOpenQuote) {
    return absl::InvalidArgumentError(
        absl::StrCat("line 1, column ", fields_.size(),
                     ": want a quote that is closed at the field's end"));
  }
  if (std::ssize(fields_) > kMaxCsvColumns) {
    return absl::InvalidArgumentError(
        absl::StrCat("line 1: want at most ", kMaxCsvColumns, " columns, got ",
                     fields_.size()));
  }
  for (const CsvField& field : fields_) {
    names_.push_back(
        absl::StrReplaceAll(field.Text(), {{"\r\n", " "}, {"\n", " "}}));
  }
  return CheckNames();
}

// A file without a header line would silently lose its first row; names that
// count the columns, 0, 1, 2, ..., are in use all the same.
absl::Status CsvReader::CheckNames() const {
  bool all_numbers = true;
  bool count_columns = true;
  for (size_t j = 0; j < names_.size(); ++j) {
    const std::string& name = names_[j];
    if (!IsPrintableUtf8(name)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "line 1, column ", j,
          ": want a name in UTF-8 without control characters, got ",
          QuoteCsvText(name)));
    }
    double number = 0;
    all_numbers = all_numbers && ParseCsvNumber(name, number);
    count_columns = count_columns && name == absl::StrCat(j);
  }
  if (all_numbers && !count_columns) {
    return absl::InvalidArgumentError(absl::StrCat(
        "line 1: want a header line with the columns' names, got numbers "
        "alone, ",
        QuoteCsvText(fields_[0].text),
        " first; put a line of names before them"));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> CsvReader::Next() {
  STEELYARD_ASSIGN_OR_RETURN(Record record, ReadRecord(kMaxCsvLineBytes));
  if (record == Record::kEnd) return false;
  ++row_;
  if (RecordEnd() == 0) {
    const std::string where = Where();
    while (record != Record::kEnd && RecordEnd() == 0) {
      STEELYARD_ASSIGN_OR_RETURN(record, ReadRecord(kMaxCsvLineBytes));
    }
    if (record == Record::kEnd) {
      --row_;
      return false;
    }
    return absl::InvalidArgumentError(
        absl::StrCat(where, ": want ", names_.size(),
                     " fields, got an empty line between rows"));
  }
  if (record == Record::kOpenQuote && fields_.size() < names_.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        Where(), ", column ", fields_.size(), " (\"", names_[fields_.size()],
        "\"): want a quote that is closed at the field's end"));
  }
  if (record == Record::kOpenQuote || fields_.size() != names_.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(Where(), ": want ", names_.size(),
                     " fields as in the header, got ", fields_.size()));
  }
  return true;
}

std::string CsvReader::Where() const {
  return absl::StrCat("row ", row_, " (line ", first_line_, ")");
}

absl::Status CsvReader::Fault(size_t column, absl::string_view want) const {
  return absl::InvalidArgumentError(absl::StrCat(
      Where(), ", column ", column, " (\"", names_[column], "\"): want ", want,
      ", got ", QuoteCsvText(fields_[column].text)));
}

}  // namespace steelyard::training
