#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <vector>

#include "client/cli/escape.h"
#include "client/cli/exit_code.h"
#include "client/cli/number_text.h"
#include "client/cli/suggestion.h"
#include "client/cli/table.h"
#include "client/cli/time_text.h"
#include "client/cli/utf8.h"
#include "tests/status_matchers.h"

namespace steelyard::cli {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(EscapeTest, AnEscapeSequenceNeverReachesTheTerminal) {
  EXPECT_EQ(TerminalText("\x1b[2Jgone"), "\\x1b[2Jgone");
  EXPECT_EQ(TerminalText("\x1b]0;title\x07"), "\\x1b]0;title\\x07");
  // The one-byte form of ESC [ in UTF-8.
  EXPECT_EQ(TerminalText("\u009b2J"), "\\x9b2J");
  EXPECT_EQ(TerminalText("a\nb\tc\rd\x7f"), "a\\nb\\tc\\rd\\x7f");
}

TEST(EscapeTest, TextThatTurnsTheDirectionOfWritingIsShown) {
  EXPECT_EQ(TerminalText("a\u202eb\u2066c\u2028d"),
            "a\\u202eb\\u2066c\\u2028d");
}

TEST(EscapeTest, BytesThatAreNoUtf8AreShown) {
  EXPECT_EQ(TerminalText("a\xff\xc0\xaf\xed\xa0\x80z"),
            "a\\xff\\xc0\\xaf\\xed\\xa0\\x80z");
  EXPECT_EQ(TerminalText("\xe2\x82"), "\\xe2\\x82");
  EXPECT_EQ(TerminalText("Grüße, 秤"), "Grüße, 秤");
}

TEST(EscapeTest, LinesKeepTheirBreaksAndNothingElse) {
  EXPECT_EQ(TerminalLines("a\x1b\nb", "> "), "> a\\x1b\n> b\n");
}

TEST(EscapeTest, AFieldOfCsvIsOneFieldOfOneLine) {
  EXPECT_EQ(CsvField("plain"), "plain");
  EXPECT_EQ(CsvField("a,b"), "\"a,b\"");
  EXPECT_EQ(CsvField("say \"x\""), "\"say \"\"x\"\"\"");
  EXPECT_EQ(CsvField("a\nb"), "a\\nb");
  EXPECT_EQ(CsvField("\x1b[0m"), "\\x1b[0m");
}

TEST(EscapeTest, ASpreadsheetFindsNoFormula) {
  EXPECT_EQ(CsvField("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
  EXPECT_EQ(CsvField("+1"), "'+1");
  EXPECT_EQ(CsvField("-x/loss"), "'-x/loss");
  EXPECT_EQ(CsvField("@SUM(1,2)"), "\"'@SUM(1,2)\"");
}

TEST(Utf8Test, WidthCountsColumnsAndNotBytes) {
  EXPECT_EQ(DisplayWidth("plain"), 5);
  EXPECT_EQ(DisplayWidth("Grüße"), 5);
  EXPECT_EQ(DisplayWidth("秤"), 2);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1);
  EXPECT_EQ(DisplayWidth("\x1b[31mred\x1b[0m"), 3);
}

TEST(Utf8Test, ShortenedTextEndsInTheMarkAndFits) {
  EXPECT_EQ(Shorten("steelyard", 20, "…"), "steelyard");
  EXPECT_EQ(Shorten("steelyard", 9, "…"), "steelyard");
  EXPECT_EQ(Shorten("steelyard", 5, "…"), "stee…");
  EXPECT_EQ(Shorten("秤秤秤", 4, "~"), "秤~");
  EXPECT_EQ(Shorten("x", 0, "~"), "");
}

TEST(Utf8Test, TheFirstByteThatIsNoUtf8IsNamedWithItsPlace) {
  EXPECT_THAT(CheckUtf8("a", ""), IsOk());
  EXPECT_THAT(CheckUtf8("a", "Grüße, 秤\n\U0001F600"), IsOk());
  EXPECT_THAT(CheckUtf8("a.yaml", "seed: 1\nname: grü\xdf"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "a.yaml:2:10: want UTF-8, got the byte 0xdf"));
  EXPECT_THAT(CheckUtf8("a", "\xe2\x82"),
              StatusIs(absl::StatusCode::kInvalidArgument, "a:1:1: "));
  EXPECT_THAT(CheckUtf8("a", "\xff\xfeS"),
              StatusIs(absl::StatusCode::kInvalidArgument, "UTF-16"));
}

TEST(TableTest, OnlyARowThatWasCutMayNeedTheEndOfAColour) {
  Table table({{"a"}, {"b"}});
  table.AddRow({std::string("x"), std::string("plain")});
  table.AddRow({{"x", Colour::kRed}, std::string("coloured")});
  Terminal terminal = {.is_terminal = true, .colour = true, .width = 40};
  EXPECT_EQ(table.Text(terminal),
            "\x1b[2mA\x1b[0m  \x1b[2mB\x1b[0m\n"
            "x  plain\n"
            "\x1b[31mx\x1b[0m  coloured\n");
  terminal.width = 7;
  EXPECT_EQ(table.Text(terminal),
            "\x1b[2mA\x1b[0m  \x1b[2mB\x1b[0m\n"
            "x  pla…\n"
            "\x1b[31mx\x1b[0m  col…\x1b[0m\n");
}

TEST(NumberTextTest, ExactNumbersReadBackAsTheSameBits) {
  EXPECT_EQ(ExactNumber(0.1), "0.10000000000000001");
  EXPECT_EQ(ExactNumber(5e-324), "4.9406564584124654e-324");
  EXPECT_EQ(ExactNumber(1.7e308), "1.6999999999999999e+308");
  EXPECT_EQ(ExactNumber(kNan), "nan");
  EXPECT_EQ(ExactNumber(-kNan), "nan");
  EXPECT_EQ(ExactNumber(kInfinity), "inf");
  EXPECT_EQ(ExactNumber(-kInfinity), "-inf");
  for (const double value : {0.1, 1. / 3, 5e-324, 2.2250738585072011e-308,
                             1.7e308, -1e-5, 123456789.125}) {
    EXPECT_EQ(std::strtod(ExactNumber(value).c_str(), nullptr), value);
  }
}

TEST(NumberTextTest, JsonHasTheShortestDigitsAndProtobufsWords) {
  EXPECT_EQ(JsonNumber(0.1), "0.1");
  EXPECT_EQ(JsonNumber(1), "1");
  EXPECT_EQ(JsonNumber(1e-5), "1e-05");
  EXPECT_EQ(JsonNumber(5e-324), "5e-324");
  EXPECT_EQ(JsonNumber(kNan), "\"NaN\"");
  EXPECT_EQ(JsonNumber(kInfinity), "\"Infinity\"");
  EXPECT_EQ(JsonNumber(-kInfinity), "\"-Infinity\"");
}

TEST(NumberTextTest, PeopleGetFewDigitsAndSeparators) {
  EXPECT_EQ(ShortNumber(0.21874), "0.2187");
  EXPECT_EQ(ShortNumber(1.25e-6), "1.25e-06");
  EXPECT_EQ(ShortNumber(kNan), "nan");
  EXPECT_EQ(CountText(0), "0");
  EXPECT_EQ(CountText(999), "999");
  EXPECT_EQ(CountText(320000), "320,000");
  EXPECT_EQ(CountText(-1234567), "-1,234,567");
  EXPECT_EQ(MetricPrefixText(85312), "85.3k");
  EXPECT_EQ(MetricPrefixText(999.7), "1k");
  EXPECT_EQ(MetricPrefixText(7), "7");
  EXPECT_EQ(BytesText(0), "0 bytes");
  EXPECT_EQ(BytesText(1536), "1.5 KiB");
  EXPECT_EQ(BytesText(int64_t{8} << 30), "8.0 GiB");
}

TEST(NumberTextTest, ATableGetsNumbersOfFewColumns) {
  EXPECT_EQ(NarrowNumber(0, 3), "0");
  EXPECT_EQ(NarrowNumber(1, 3), "1");
  EXPECT_EQ(NarrowNumber(0.21874, 3), "0.219");
  EXPECT_EQ(NarrowNumber(-0.033741, 4), "-0.03374");
  EXPECT_EQ(NarrowNumber(0.00065641, 3), "6.56e-4");
  EXPECT_EQ(NarrowNumber(0.0005, 3), "5e-4");
  EXPECT_EQ(NarrowNumber(1.25e-6, 3), "1.25e-6");
  EXPECT_EQ(NarrowNumber(5e-324, 3), "4.94e-324");
  EXPECT_EQ(NarrowNumber(1234.4, 3), "1234");
  EXPECT_EQ(NarrowNumber(103.14, 2), "103");
  EXPECT_EQ(NarrowNumber(103.14, 4), "103.1");
  EXPECT_EQ(NarrowNumber(99999.7, 3), "1e5");
  EXPECT_EQ(NarrowNumber(-1.2e10, 3), "-1.2e10");
  EXPECT_EQ(NarrowNumber(kNan, 3), "nan");
  EXPECT_EQ(NarrowNumber(-kInfinity, 3), "-inf");
}

TEST(TimeTextTest, DurationsShowTheirTwoLargestUnits) {
  EXPECT_EQ(DurationText(absl::Milliseconds(420)), "0.4 s");
  EXPECT_EQ(DurationText(absl::Seconds(12)), "12 s");
  EXPECT_EQ(DurationText(absl::Seconds(59.9)), "59 s");
  EXPECT_EQ(DurationText(absl::Seconds(60)), "1 min");
  EXPECT_EQ(DurationText(absl::Seconds(185)), "3 min 5 s");
  EXPECT_EQ(DurationText(absl::Minutes(134)), "2 h 14 min");
  EXPECT_EQ(DurationText(absl::Hours(76)), "3 d 4 h");
  EXPECT_EQ(DurationText(-absl::Seconds(3)), "0.0 s");
  EXPECT_EQ(DurationText(absl::InfiniteDuration()), "for ever");
}

TEST(TimeTextTest, TimesCarryTheirOffset) {
  const absl::Time time = absl::FromUnixSeconds(1767225600);
  const absl::TimeZone zone = absl::FixedTimeZone(90 * 60);
  EXPECT_EQ(LocalTimeText(time, absl::UTCTimeZone()),
            "2026-01-01 00:00:00 +00:00");
  EXPECT_EQ(LocalTimeText(time, zone), "2026-01-01 01:30:00 +01:30");
  EXPECT_EQ(AgoText(time, time, zone), "now");
  // A clock that is behind the server's.
  EXPECT_EQ(AgoText(time, time - absl::Seconds(5), zone), "now");
  EXPECT_EQ(AgoText(time, time + absl::Seconds(42), zone), "42 s ago");
  EXPECT_EQ(AgoText(time, time + absl::Hours(3), zone), "3 h ago");
  EXPECT_EQ(AgoText(time, time + absl::Hours(49), zone), "2026-01-01");
}

TEST(SuggestionTest, ANearNameIsFoundAndAFarOneIsNot) {
  const std::vector<std::string> known = {"submit", "ls", "show", "watch"};
  EXPECT_EQ(NearMiss("sumbit", known), "submit");
  EXPECT_EQ(NearMiss("wacth", known), "watch");
  EXPECT_EQ(NearMiss("lst", known), "ls");
  EXPECT_EQ(NearMiss("train", known), std::nullopt);
  EXPECT_EQ(NearMiss(std::string(100000, 'x'), known), std::nullopt);
}

TEST(ExitCodeTest, EveryStatusHasTheCodeThatIsDocumented) {
  const std::vector<std::pair<absl::StatusCode, int>> expected = {
      {absl::StatusCode::kOk, 0},
      {absl::StatusCode::kCancelled, 9},
      {absl::StatusCode::kUnknown, 9},
      {absl::StatusCode::kInvalidArgument, 3},
      {absl::StatusCode::kDeadlineExceeded, 8},
      {absl::StatusCode::kNotFound, 4},
      {absl::StatusCode::kAlreadyExists, 5},
      {absl::StatusCode::kPermissionDenied, 6},
      {absl::StatusCode::kResourceExhausted, 7},
      {absl::StatusCode::kFailedPrecondition, 5},
      {absl::StatusCode::kAborted, 9},
      {absl::StatusCode::kOutOfRange, 9},
      {absl::StatusCode::kUnimplemented, 9},
      {absl::StatusCode::kInternal, 9},
      {absl::StatusCode::kUnavailable, 8},
      {absl::StatusCode::kDataLoss, 9},
      {absl::StatusCode::kUnauthenticated, 6}};
  for (const auto& [code, exit_code] : expected) {
    EXPECT_EQ(static_cast<int>(ExitCodeOf(absl::Status(code, "x"))), exit_code)
        << absl::StatusCodeToString(code);
  }
}

TEST(ExitCodeTest, ARunThatDidNotSucceedIsNoSuccess) {
  EXPECT_EQ(ExitCodeOf(v1::RUN_STATE_SUCCEEDED), ExitCode::kDone);
  EXPECT_EQ(ExitCodeOf(v1::RUN_STATE_FAILED), ExitCode::kRunEndedBadly);
  EXPECT_EQ(ExitCodeOf(v1::RUN_STATE_CANCELLED), ExitCode::kRunEndedBadly);
}

}  // namespace
}  // namespace steelyard::cli
