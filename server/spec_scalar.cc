#include "server/spec_scalar.h"

#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/spec_text.h"
#include "server/spec_words.h"

namespace steelyard::server {
namespace {

bool IsPlain(const SpecNode& node) {
  return node.kind == SpecNode::Kind::kScalar && !node.quoted;
}

size_t SkipDigits(absl::string_view text, size_t at) {
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at;
}

absl::string_view WithoutSign(absl::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+'))
    text.remove_prefix(1);
  return text;
}

// [-+]?[0-9]+
bool IsDecimal(absl::string_view text) {
  const absl::string_view digits = WithoutSign(text);
  return !digits.empty() && SkipDigits(digits, 0) == digits.size();
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool IsFloat(absl::string_view text) {
  text = WithoutSign(text);
  const size_t whole = SkipDigits(text, 0);
  size_t at = whole;
  if (at < text.size() && text[at] == '.') {
    const size_t end = SkipDigits(text, at + 1);
    if (whole == 0 && end == at + 1) return false;
    at = end;
  } else if (whole == 0) {
    return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    const size_t end = SkipDigits(text, at);
    if (end == at) return false;
    at = end;
  }
  return at == text.size();
}

// Whether a number in a float's form is 0 as it is written.
bool IsZero(absl::string_view text) {
  return text.substr(0, text.find_first_of("eE")).find_first_of("123456789") ==
         absl::string_view::npos;
}

std::optional<double> ReadSpecial(absl::string_view text) {
  if (text == ".nan" || text == ".NaN" || text == ".NAN") {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const absl::string_view rest = WithoutSign(text);
  if (rest != ".inf" && rest != ".Inf" && rest != ".INF") return std::nullopt;
  const double infinity = std::numeric_limits<double>::infinity();
  return text[0] == '-' ? -infinity : infinity;
}

// The size of a whole number in any of its forms.
struct Magnitude {
  bool whole = false;  // it is written as a whole number
  bool fits = false;   // below 2^64
  uint64_t value = 0;
};

Magnitude ReadDigits(absl::string_view digits, uint64_t radix) {
  Magnitude result{.whole = !digits.empty(), .fits = true, .value = 0};
  for (const char c : digits) {
    const char lower = ToLower(c);
    const uint64_t digit = IsDigit(c) ? uint64_t(c - '0')
                           : lower >= 'a' && lower <= 'f'
                               ? uint64_t(lower - 'a') + 10
                               : radix;
    if (digit >= radix) return {};
    result.fits &= !__builtin_mul_overflow(result.value, radix, &result.value);
    result.fits &= !__builtin_add_overflow(result.value, digit, &result.value);
  }
  return result;
}

// 0o and 0x take no sign in the core schema.
Magnitude ReadMagnitude(absl::string_view text) {
  if (absl::StartsWith(text, "0x")) return ReadDigits(text.substr(2), 16);
  if (absl::StartsWith(text, "0o")) return ReadDigits(text.substr(2), 8);
  return IsDecimal(text) ? ReadDigits(WithoutSign(text), 10) : Magnitude();
}

// "; write 10000000" for 1e7; nothing where the value is no whole number, or
// has more digits than a double is sure of.
std::string Cure(const SpecNode& node) {
  double value = 0;
  if (node.kind != SpecNode::Kind::kScalar) return "";
  if (node.quoted && IsDecimal(node.text)) return "; leave out the quotes";
  if (!IsPlain(node) || !IsFloat(node.text)) return "";
  if (!absl::SimpleAtod(node.text, &value) || std::abs(value) >= 0x1p63 ||
      value != std::floor(value) || node.text.size() > 20) {
    return "";
  }
  return absl::StrFormat("; write %.0f", value);
}

absl::Status Refusal(absl::string_view want, const SpecNode& node,
                     absl::string_view cure = "") {
  return absl::InvalidArgumentError(
      absl::StrCat("want ", want, ", got ", ShowNode(node), cure));
}

}  // namespace

std::string ShowNode(const SpecNode& node) {
  switch (node.kind) {
    case SpecNode::Kind::kNull:
      return "nothing";
    case SpecNode::Kind::kList:
      return "a list";
    case SpecNode::Kind::kMap:
      return "fields";
    case SpecNode::Kind::kBroken:
      return "an alias";
    case SpecNode::Kind::kScalar:
      break;
  }
  const bool bare = IsPlain(node) && node.text.size() < 40 &&
                    (IsFloat(node.text) || ReadMagnitude(node.text).whole ||
                     ReadSpecial(node.text).has_value());
  return bare ? node.text : ShowText(node.text);
}

absl::StatusOr<uint64_t> ReadUnsigned(const SpecNode& node, uint64_t least,
                                      uint64_t most) {
  if (!IsPlain(node)) return Refusal("a whole number", node, Cure(node));
  const Magnitude size = ReadMagnitude(node.text);
  if (!size.whole) return Refusal("a whole number", node, Cure(node));
  const bool negative = node.text[0] == '-' && size.value != 0;
  const bool low = negative || (size.fits && size.value < least);
  if (!low && size.fits && size.value <= most) return size.value;
  // A limit far beyond what anyone means is no help to who is below the other.
  return Refusal(
      low && most >= kMostSteps
          ? absl::StrCat("a whole number >= ", least)
          : absl::StrCat("a whole number from ", least, " to ", most),
      node);
}

absl::StatusOr<int64_t> ReadSigned(const SpecNode& node, int64_t least,
                                   int64_t most) {
  if (!IsPlain(node)) return Refusal("a whole number", node, Cure(node));
  const Magnitude size = ReadMagnitude(node.text);
  if (!size.whole) return Refusal("a whole number", node, Cure(node));
  const uint64_t limit = uint64_t{1} << 63;
  const bool negative = node.text[0] == '-';
  const bool fits =
      size.fits && (negative ? size.value <= limit : size.value < limit);
  const auto value =
      static_cast<int64_t>(negative ? uint64_t{0} - size.value : size.value);
  if (!fits || value < least || value > most) {
    return Refusal(absl::StrCat("a whole number from ", least, " to ", most),
                   node);
  }
  return value;
}

absl::StatusOr<double> ReadNumber(const SpecNode& node) {
  if (!IsPlain(node)) return Refusal("a number", node, Cure(node));
  if (const std::optional<double> special = ReadSpecial(node.text)) {
    return *special;
  }
  double value = 0;
  if (IsFloat(node.text)) {
    absl::string_view digits = node.text;
    if (digits[0] == '+') digits.remove_prefix(1);
    if (!absl::SimpleAtod(digits, &value) || std::isinf(value) ||
        (value == 0 && !IsZero(digits))) {
      return Refusal("a number within the range of a double", node);
    }
    return value;
  }
  const Magnitude size = ReadMagnitude(node.text);
  if (!size.whole) return Refusal("a number", node);
  if (!size.fits) return Refusal("a number of at most 64 bits", node);
  return static_cast<double>(size.value);
}

absl::StatusOr<bool> ReadBool(const SpecNode& node) {
  if (node.kind == SpecNode::Kind::kScalar) {
    const std::string lower = absl::AsciiStrToLower(node.text);
    const bool is_true = lower == "true";
    if (is_true || lower == "false") {
      if (IsPlain(node) &&
          (node.text == lower || node.text == "True" || node.text == "False" ||
           node.text == "TRUE" || node.text == "FALSE")) {
        return is_true;
      }
      return Refusal("true or false", node, absl::StrCat("; write ", lower));
    }
    if (lower == "yes" || lower == "on" || lower == "1") {
      return Refusal("true or false", node, "; write true");
    }
    if (lower == "no" || lower == "off" || lower == "0") {
      return Refusal("true or false", node, "; write false");
    }
  }
  return Refusal("true or false", node);
}

absl::StatusOr<std::string> ReadText(const SpecNode& node) {
  if (node.kind == SpecNode::Kind::kScalar) return node.text;
  return Refusal("a text", node,
                 node.kind == SpecNode::Kind::kNull
                     ? "; write \"\" for an empty one"
                     : "");
}

absl::StatusOr<absl::Duration> ReadDuration(const SpecNode& node) {
  const absl::string_view want = "a duration such as 90s, 5m, 2h or 1h30m";
  if (node.kind != SpecNode::Kind::kScalar) return Refusal(want, node);
  absl::string_view rest = node.text;
  absl::string_view units = "hms";
  absl::Duration total;
  if (rest.empty()) return Refusal(want, node);
  while (!rest.empty()) {
    const size_t end = rest.find_first_not_of("0123456789.");
    double amount = 0;
    if (end == absl::string_view::npos) {
      return Refusal(want, node,
                     IsFloat(rest) && rest.size() == node.text.size()
                         ? absl::StrCat("; write ", rest, "s")
                         : "");
    }
    const size_t unit = units.find(rest[end]);
    if (end == 0 || unit == absl::string_view::npos ||
        !IsFloat(rest.substr(0, end)) ||
        !absl::SimpleAtod(rest.substr(0, end), &amount)) {
      return Refusal(want, node);
    }
    total += amount * (units[unit] == 'h'   ? absl::Hours(1)
                       : units[unit] == 'm' ? absl::Minutes(1)
                                            : absl::Seconds(1));
    units.remove_prefix(unit + 1);
    rest.remove_prefix(end + 1);
  }
  if (total < absl::Nanoseconds(1) || total > absl::Seconds(kMostWallSeconds)) {
    return Refusal(absl::StrCat("a duration of at least 1ns and at most ",
                                kMostWallSeconds, "s (10 years)"),
                   node);
  }
  return total;
}

}  // namespace steelyard::server
