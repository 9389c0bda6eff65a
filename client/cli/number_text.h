#ifndef STEELYARD_CLIENT_CLI_NUMBER_TEXT_H_
#define STEELYARD_CLIENT_CLI_NUMBER_TEXT_H_

#include <cstdint>
#include <string>

// Numbers as text.  None depends on the locale.
namespace steelyard::cli {

// "%.17g", which reads back as the same bits; "nan", "inf", "-inf".
std::string ExactNumber(double value);

// The shortest digits that read back as the same bits, as JSON: 0.1, 1e-05;
// "NaN", "Infinity", "-Infinity" in quotes, as protobuf has them.
std::string JsonNumber(double value);

// For people: at most `digits` significant ones, "0.2187", "1.25e-06".
std::string ShortNumber(double value, int digits = 4);

// The same in few columns, for a table: "0.219", "6.56e-4", "1234", "1.2e7".
std::string NarrowNumber(double value, int digits);

// 320000 -> "320,000"
std::string CountText(int64_t count);

// The same of a run's steps; ">10^18" where there were more than are counted.
std::string StepCountText(int64_t steps);

// 1000 -> "10^1000"
std::string PowerText(double exponent);

// 85312.3 -> "85.3k", 7 -> "7", 0.25 -> "0.25"
std::string MetricPrefixText(double value);

// 1536 -> "1.5 KiB"
std::string BytesText(int64_t bytes);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_NUMBER_TEXT_H_
