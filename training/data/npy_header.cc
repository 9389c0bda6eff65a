#include "training/data/npy_header.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "support/status_macros.h"
#include "training/data/decode.h"
#include "training/data/npy.h"

namespace steelyard::training {
namespace {

double DecodeBool(const unsigned char* bytes) { return *bytes != 0 ? 1 : 0; }

// IEEE 754 binary16, which C++20 has no type for.
template <std::endian kOrder>
double DecodeHalf(const unsigned char* bytes) {
  const auto bits = DecodeBits<uint16_t, kOrder>(bytes);
  const int exponent = bits >> 10 & 0x1f;
  const int fraction = bits & 0x3ff;
  double value = 0;
  if (exponent == 0x1f) {
    value = fraction == 0 ? std::numeric_limits<double>::infinity()
                          : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    value = std::ldexp(fraction, -24);
  } else {
    value = std::ldexp(fraction + 0x400, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

// A type as a header names it, behind the byte order.
struct NpyType {
  const char* code;
  NumberType little;
  NumberType big;
};

template <typename Value>
constexpr NpyType TypeOf(const char* code, const char* name) {
  constexpr auto kSize = static_cast<int64_t>(sizeof(Value));
  return {code,
          {name, kSize, Decode<Value, std::endian::little>},
          {name, kSize, Decode<Value, std::endian::big>}};
}

constexpr std::array<NpyType, 12> kTypes = {{
    {"b1", {"bool", 1, DecodeBool}, {"bool", 1, DecodeBool}},
    TypeOf<int8_t>("i1", "int8"),
    TypeOf<int16_t>("i2", "int16"),
    TypeOf<int32_t>("i4", "int32"),
    TypeOf<int64_t>("i8", "int64"),
    TypeOf<uint8_t>("u1", "uint8"),
    TypeOf<uint16_t>("u2", "uint16"),
    TypeOf<uint32_t>("u4", "uint32"),
    TypeOf<uint64_t>("u8", "uint64"),
    {"f2",
     {"float16", 2, DecodeHalf<std::endian::little>},
     {"float16", 2, DecodeHalf<std::endian::big>}},
    TypeOf<float>("f4", "float32"),
    TypeOf<double>("f8", "float64"),
}};

// What `descr` means.  A value of one byte has no order: | stands there, and
// some programs write < or >.
std::optional<NumberType> FindType(absl::string_view descr) {
  if (descr.empty()) return std::nullopt;
  const char order = descr[0];
  for (const NpyType& type : kTypes) {
    if (descr.substr(1) != type.code) continue;
    if (order == '<') return type.little;
    if (order == '>') return type.big;
    if (order == '|' && type.little.size_bytes == 1) return type.little;
  }
  return std::nullopt;
}

// Text of a file as it may stand in a message.
std::string Quoted(absl::string_view text) {
  return absl::StrCat(
      "\"", absl::StrReplaceAll(absl::CHexEscape(text), {{"\\'", "'"}}), "\"");
}

// The literal, read from left to right.
class HeaderParser {
 public:
  // `offset`: of the text in the file.
  HeaderParser(absl::string_view text, int64_t offset)
      : text_(text), offset_(offset) {}

  absl::StatusOr<ArrayHeader> Parse() {
    if (!Take('{')) return Fault("{, the beginning of a dictionary");
    while (!Take('}')) {
      STEELYARD_RETURN_IF_ERROR(ParseEntry());
      if (Take('}')) break;
      if (!Take(',')) return Fault(", or }");
    }
    SkipBlanks();
    if (at_ < text_.size()) return Fault("blanks up to the end of the header");
    return Finish();
  }

 private:
  bool Take(char c) {
    SkipBlanks();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool TakeWord(absl::string_view word) {
    SkipBlanks();
    if (!absl::StartsWith(text_.substr(at_), word)) return false;
    at_ += word.size();
    return true;
  }

  void SkipBlanks() {
    while (at_ < text_.size() && absl::ascii_isspace(Here())) ++at_;
  }

  unsigned char Here() const { return static_cast<unsigned char>(text_[at_]); }

  // The next thing is not what is wanted.
  absl::Status Fault(absl::string_view want) {
    SkipBlanks();
    constexpr size_t kShown = 20;
    const absl::string_view rest = text_.substr(at_);
    std::string got = "the end of the header";
    if (!rest.empty()) got = Quoted(rest.substr(0, kShown));
    if (rest.size() > kShown) absl::StrAppend(&got, "...");
    return FaultAt(at_, want, got);
  }

  absl::Status FaultAt(size_t at, absl::string_view want,
                       absl::string_view got) const {
    return absl::InvalidArgumentError(
        absl::StrCat("offset ", offset_ + static_cast<int64_t>(at), ": want ",
                     want, ", got ", got));
  }

  absl::Status ParseEntry() {
    SkipBlanks();
    const size_t begin = at_;
    STEELYARD_ASSIGN_OR_RETURN(
        const absl::string_view key,
        TakeText("one of the keys 'descr', 'fortran_order', 'shape'"));
    if (!Take(':')) return Fault(":");
    if (key == "descr" && !has_type_) return ParseType();
    if (key == "fortran_order" && !has_order_) return ParseOrder();
    if (key == "shape" && header_.shape.empty()) return ParseShape();
    return FaultAt(begin, "the keys descr, fortran_order and shape, each once",
                   Quoted(key));
  }

  // A text in quotes, without escapes.
  absl::StatusOr<absl::string_view> TakeText(absl::string_view want) {
    SkipBlanks();
    const size_t begin = at_;
    const char quote = begin < text_.size() ? text_[begin] : '\0';
    if (quote != '\'' && quote != '"') return Fault(want);
    const size_t end = text_.find(quote, begin + 1);
    const absl::string_view text = text_.substr(begin + 1, end - begin - 1);
    if (end == absl::string_view::npos || absl::StrContains(text, '\\')) {
      return Fault(want);
    }
    at_ = end + 1;
    return text;
  }

  absl::Status ParseType() {
    constexpr absl::string_view kWant =
        "the type of a number ('<' or '>', or '|' where it has one byte, then "
        "b1, i1, i2, i4, i8, u1, u2, u4, u8, f2, f4 or f8)";
    SkipBlanks();
    const size_t begin = at_;
    STEELYARD_ASSIGN_OR_RETURN(const absl::string_view descr, TakeText(kWant));
    const std::optional<NumberType> type = FindType(descr);
    if (!type) {
      return FaultAt(
          begin, kWant,
          absl::StrCat(Quoted(descr), absl::StrContains(descr, 'O')
                                          ? ", which are Python objects"
                                          : ""));
    }
    header_.type = *type;
    has_type_ = true;
    return absl::OkStatus();
  }

  absl::Status ParseOrder() {
    header_.column_major = TakeWord("True");
    has_order_ = header_.column_major || TakeWord("False");
    return has_order_ ? absl::OkStatus() : Fault("True or False");
  }

  absl::Status ParseShape() {
    shape_at_ = at_;
    if (!Take('(')) return Fault("a shape, as in (3, 4)");
    bool comma = false;
    while (!Take(')')) {
      if (!header_.shape.empty() && !comma) return Fault(", or )");
      STEELYARD_RETURN_IF_ERROR(ParseDimension());
      comma = Take(',');
    }
    // (3) is a number, and (3,) a shape.
    if (header_.shape.empty() || (header_.shape.size() == 1 && !comma)) {
      return FaultAt(shape_at_, "a shape of 1 to 4 dimensions, (3,) or (3, 4)",
                     Quoted(text_.substr(shape_at_, at_ - shape_at_)));
    }
    return absl::OkStatus();
  }

  absl::Status ParseDimension() {
    if (header_.shape.size() == kMaxNpyDimensions) {
      return Fault(absl::StrCat(") after ", kMaxNpyDimensions, " dimensions"));
    }
    SkipBlanks();
    const size_t begin = at_;
    int64_t dimension = 0;
    constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
    for (; at_ < text_.size() && absl::ascii_isdigit(Here()); ++at_) {
      const int digit = text_[at_] - '0';
      if (dimension > (kMost - digit) / 10) {
        at_ = begin;
        return Fault(absl::StrCat("a dimension of at most ", kMost));
      }
      dimension = 10 * dimension + digit;
    }
    if (dimension == 0) {
      at_ = begin;
      return Fault("a dimension of at least 1");
    }
    header_.shape.push_back(dimension);
    return absl::OkStatus();
  }

  absl::StatusOr<ArrayHeader> Finish() {
    const char* missing = !has_type_              ? "descr"
                          : !has_order_           ? "fortran_order"
                          : header_.shape.empty() ? "shape"
                                                  : nullptr;
    if (missing != nullptr) {
      return FaultAt(0, "the keys descr, fortran_order and shape",
                     absl::StrCat("no ", missing));
    }
    STEELYARD_RETURN_IF_ERROR(
        CountValues(offset_ + static_cast<int64_t>(shape_at_), header_));
    return std::move(header_);
  }

  absl::string_view text_;
  const int64_t offset_;
  size_t at_ = 0;
  size_t shape_at_ = 0;
  bool has_type_ = false;
  bool has_order_ = false;
  ArrayHeader header_;
};

// The length of the literal, behind magic and version.
absl::StatusOr<size_t> ReadLength(ByteSource& source) {
  constexpr absl::string_view kMagic = "\x93NUMPY";
  std::array<unsigned char, 8> begin;
  STEELYARD_RETURN_IF_ERROR(ReadAll(source, begin, "the NPY header"));
  if (!std::equal(kMagic.begin(), kMagic.end(), begin.begin(),
                  [](char a, unsigned char b) {
                    return static_cast<unsigned char>(a) == b;
                  })) {
    return absl::InvalidArgumentError(
        "offset 0: want the bytes 0x93 \"NUMPY\" that an NPY file begins with, "
        "got others");
  }
  const int major = begin[6];
  const int minor = begin[7];
  if (major < 1 || major > 3 || minor != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "offset 6: want the version 1.0, 2.0 or 3.0, got ", major, ".", minor));
  }
  std::array<unsigned char, 4> length = {};
  STEELYARD_RETURN_IF_ERROR(ReadAll(
      source, std::span<unsigned char>(length).first(major == 1 ? 2 : 4),
      "the header's length"));
  const auto bytes = DecodeBits<uint32_t, std::endian::little>(length.data());
  if (bytes > kMaxNpyHeaderBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("offset 8: want a header of at most ", kMaxNpyHeaderBytes,
                     " bytes, got ", bytes));
  }
  return bytes;
}

}  // namespace

absl::StatusOr<ArrayHeader> ReadNpyHeader(ByteSource& source) {
  STEELYARD_ASSIGN_OR_RETURN(const size_t length, ReadLength(source));
  const int64_t offset = source.offset();
  std::vector<unsigned char> bytes(length);
  STEELYARD_RETURN_IF_ERROR(ReadAll(source, bytes, "the header"));
  const std::string text(bytes.begin(), bytes.end());
  STEELYARD_ASSIGN_OR_RETURN(ArrayHeader header,
                             HeaderParser(text, offset).Parse());
  header.data_offset = source.offset();
  return header;
}

}  // namespace steelyard::training
