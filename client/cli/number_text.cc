#include "client/cli/number_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

namespace steelyard::cli {

std::string ExactNumber(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return absl::StrFormat("%.17g", value);
}

std::string JsonNumber(double value) {
  if (std::isnan(value)) return "\"NaN\"";
  if (std::isinf(value)) return value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  std::array<char, 32> digits;
  const std::to_chars_result end =
      std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return std::string(digits.data(), end.ptr);
}

std::string ShortNumber(double value, int digits) {
  if (!std::isfinite(value)) return ExactNumber(value);
  return absl::StrFormat("%.*g", digits, value);
}

std::string NarrowNumber(double value, int digits) {
  const double size = std::abs(value);
  std::string text = ShortNumber(value, digits);
  // Five digits are no wider than an exponent.
  if (size >= 1 && size < 99999.5 && absl::StrContains(text, 'e')) {
    return absl::StrFormat("%.0f", value);
  }
  // "%g" writes zeros where an exponent is shorter, and "e-05", "e+07".
  if (size > 0 && size < 1e-3) {
    text = absl::StrFormat("%.*e", digits - 1, value);
  }
  const size_t exponent = text.find('e');
  if (exponent == std::string::npos) return text;
  const bool negative = text[exponent + 1] == '-';
  std::string mantissa = text.substr(0, exponent);
  if (absl::StrContains(mantissa, '.')) {
    mantissa.resize(mantissa.find_last_not_of('0') + 1);
    mantissa = std::string(absl::StripSuffix(mantissa, "."));
  }
  std::string power = text.substr(exponent + 2);
  power.erase(0, std::min(power.find_first_not_of('0'), power.size() - 1));
  return absl::StrCat(mantissa, negative ? "e-" : "e", power);
}

std::string CountText(int64_t count) {
  std::string text = absl::StrCat(count);
  const size_t sign = count < 0 ? 1 : 0;
  for (size_t i = text.size(); i > sign + 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

std::string StepCountText(int64_t steps) {
  return steps == std::numeric_limits<int64_t>::max() ? ">10^18"
                                                      : CountText(steps);
}

std::string PowerText(double exponent) { return absl::StrCat("10^", exponent); }

std::string MetricPrefixText(double value) {
  if (!std::isfinite(value)) return ExactNumber(value);
  constexpr std::array<const char*, 5> kPrefixes = {"", "k", "M", "G", "T"};
  size_t prefix = 0;
  // 999.5 would print as 1e+03 with three digits.
  while (std::abs(value) >= 999.5 && prefix + 1 < kPrefixes.size()) {
    value /= 1000;
    ++prefix;
  }
  return absl::StrFormat("%.3g%s", value, kPrefixes[prefix]);
}

std::string BytesText(int64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"bytes", "KiB", "MiB", "GiB",
                                                 "TiB"};
  if (bytes < 1024) return absl::StrCat(bytes, " ", kUnits[0]);
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1023.5 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return absl::StrFormat("%.*f %s", value < 9.95 ? 1 : 0, value, kUnits[unit]);
}

}  // namespace steelyard::cli
