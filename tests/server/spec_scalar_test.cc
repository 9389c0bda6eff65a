#include "server/spec_scalar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "server/spec_text.h"
#include "tests/status_matchers.h"

namespace steelyard::server {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
constexpr int64_t kLeastSigned = std::numeric_limits<int64_t>::min();
constexpr int64_t kMostSigned = std::numeric_limits<int64_t>::max();

SpecNode Plain(const std::string& text) {
  SpecNode node;
  node.kind = SpecNode::Kind::kScalar;
  node.text = text;
  return node;
}

SpecNode InQuotes(const std::string& text) {
  SpecNode node = Plain(text);
  node.quoted = true;
  return node;
}

std::string Unsigned(const std::string& text, uint64_t most = kMost) {
  const auto value = ReadUnsigned(Plain(text), 0, most);
  return value.ok() ? std::to_string(*value)
                    : std::string(value.status().message());
}

std::string Signed(const std::string& text) {
  const auto value = ReadSigned(Plain(text), kLeastSigned, kMostSigned);
  return value.ok() ? std::to_string(*value)
                    : std::string(value.status().message());
}

std::string Seconds(const std::string& text) {
  const auto value = ReadDuration(Plain(text));
  return value.ok() ? absl::FormatDuration(*value)
                    : std::string(value.status().message());
}

TEST(SpecScalarTest, WholeNumbersAreDecimalWhateverTheirZeros) {
  EXPECT_EQ(Unsigned("010"), "10");
  EXPECT_EQ(Unsigned("+7"), "7");
  EXPECT_EQ(Unsigned("-0"), "0");
  EXPECT_EQ(Unsigned("0x1F"), "31");
  EXPECT_EQ(Unsigned("0o17"), "15");
  EXPECT_EQ(Signed("-12"), "-12");
  for (const char* text :
       {"", "-", "0x", "0o8", "-0x1", "0b1", "1_000", "1:30", "one", "1 2"}) {
    EXPECT_THAT(Unsigned(text), ::testing::StartsWith("want a whole number"))
        << text;
  }
}

TEST(SpecScalarTest, WholeNumbersEndWhereTheirTypeEnds) {
  EXPECT_EQ(Unsigned("18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(Unsigned("0xFFFFFFFFFFFFFFFF"), "18446744073709551615");
  EXPECT_EQ(Unsigned("18446744073709551616"),
            "want a whole number from 0 to 18446744073709551615, got "
            "18446744073709551616");
  EXPECT_EQ(Unsigned("99999999999999999999999999999999"),
            "want a whole number from 0 to 18446744073709551615, got "
            "99999999999999999999999999999999");
  EXPECT_EQ(Unsigned("4294967295", 4294967295), "4294967295");
  EXPECT_EQ(Unsigned("4294967296", 4294967295),
            "want a whole number from 0 to 4294967295, got 4294967296");
  EXPECT_EQ(Unsigned("-1", 7), "want a whole number from 0 to 7, got -1");
  EXPECT_EQ(Unsigned("-99999999999999999999"),
            "want a whole number >= 0, got -99999999999999999999");
  EXPECT_EQ(Signed("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(Signed("-9223372036854775808"), "-9223372036854775808");
  EXPECT_THAT(Signed("9223372036854775808"), ::testing::HasSubstr("got 9223"));
  EXPECT_THAT(Signed("-9223372036854775809"),
              ::testing::HasSubstr("got -9223"));
}

TEST(SpecScalarTest, AFloatFormIsRefusedWithTheWholeNumberToWrite) {
  EXPECT_EQ(Unsigned("1e7"), "want a whole number, got 1e7; write 10000000");
  EXPECT_EQ(Unsigned("3.0"), "want a whole number, got 3.0; write 3");
  EXPECT_EQ(Unsigned("1E18"),
            "want a whole number, got 1E18; write 1000000000000000000");
  EXPECT_EQ(Unsigned("1.5"), "want a whole number, got 1.5");
  EXPECT_EQ(Unsigned("1e400"), "want a whole number, got 1e400");
  EXPECT_EQ(Unsigned(".inf"), "want a whole number, got .inf");
  EXPECT_THAT(ReadUnsigned(InQuotes("5"), 0, kMost),
              StatusIs(kInvalid,
                       "want a whole number, got \"5\"; leave out the quotes"));
}

TEST(SpecScalarTest, NumbersTakeEveryFormOfTheCoreSchema) {
  const auto number = [](const std::string& text) {
    return ReadNumber(Plain(text)).value();
  };
  EXPECT_EQ(number("010"), 10);
  EXPECT_EQ(number(".5"), 0.5);
  EXPECT_EQ(number("5."), 5);
  EXPECT_EQ(number("+1.5e-3"), 0.0015);
  EXPECT_EQ(number("0x10"), 16);
  EXPECT_EQ(number("0o10"), 8);
  EXPECT_EQ(number("5e-324"), 5e-324);
  EXPECT_EQ(number("1.7976931348623157e308"), 1.7976931348623157e308);
  EXPECT_EQ(number("0e-999"), 0);
  EXPECT_TRUE(std::signbit(number("-0.0")));
  EXPECT_EQ(number(".inf"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(number("-.Inf"), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(number(".NaN")));
}

TEST(SpecScalarTest, WhatIsNoNumberIsShown) {
  const auto message = [](const SpecNode& node) {
    return std::string(ReadNumber(node).status().message());
  };
  EXPECT_EQ(message(Plain("abc")), "want a number, got \"abc\"");
  EXPECT_EQ(message(InQuotes("5")),
            "want a number, got \"5\"; leave out the quotes");
  EXPECT_EQ(message(Plain("1e999")),
            "want a number within the range of a double, got 1e999");
  EXPECT_EQ(message(Plain("1e-400")),
            "want a number within the range of a double, got 1e-400");
  for (const char* text : {"nan", "inf", "1e", "e5", ".", "-", "1.2.3", "+-1",
                           "1f", "0x", "infinity", "1,5"}) {
    EXPECT_THAT(ReadNumber(Plain(text)), StatusIs(kInvalid, "want a number"))
        << text;
  }
  EXPECT_EQ(message(SpecNode()), "want a number, got nothing");
}

TEST(SpecScalarTest, YesIsAString) {
  EXPECT_EQ(ReadBool(Plain("true")).value(), true);
  EXPECT_EQ(ReadBool(Plain("False")).value(), false);
  EXPECT_THAT(
      ReadBool(Plain("yes")),
      StatusIs(kInvalid, "want true or false, got \"yes\"; write true"));
  EXPECT_THAT(ReadBool(Plain("0")),
              StatusIs(kInvalid, "want true or false, got 0; write false"));
  EXPECT_THAT(ReadBool(Plain("tRue")), StatusIs(kInvalid, "write true"));
  EXPECT_THAT(ReadBool(InQuotes("true")), StatusIs(kInvalid, "write true"));
  EXPECT_EQ(ReadText(Plain("yes")).value(), "yes");
}

TEST(SpecScalarTest, ATextIsAnyScalarAsItIsWritten) {
  EXPECT_EQ(ReadText(Plain("2021")).value(), "2021");
  EXPECT_EQ(ReadText(Plain("010")).value(), "010");
  EXPECT_EQ(ReadText(InQuotes("")).value(), "");
  EXPECT_THAT(ReadText(SpecNode()), StatusIs(kInvalid, "write \"\""));
}

TEST(SpecScalarTest, DurationsAreNumbersWithUnits) {
  EXPECT_EQ(Seconds("90s"), "1m30s");
  EXPECT_EQ(Seconds("5m"), "5m");
  EXPECT_EQ(Seconds("2h"), "2h");
  EXPECT_EQ(Seconds("1h30m"), "1h30m");
  EXPECT_EQ(Seconds("1h30m5s"), "1h30m5s");
  EXPECT_EQ(Seconds("0.25s"), "250ms");
  EXPECT_EQ(Seconds("1.5h"), "1h30m");
  for (const char* text : {"", "s", "-5s", "5", "1d", "5m1h", "5s5s", "1h 30m",
                           "1.2.3s", "inf", "1e3s", "90S", "h1"}) {
    EXPECT_THAT(Seconds(text), ::testing::StartsWith("want a duration"))
        << text;
  }
  EXPECT_EQ(Seconds("90"),
            "want a duration such as 90s, 5m, 2h or 1h30m, got 90; write 90s");
}

// Never 0s for what was not written as 0s.
TEST(SpecScalarTest, ADurationOutsideItsLimitsIsShownAsItIsWritten) {
  EXPECT_EQ(Seconds("315576000s"), "87660h");
  EXPECT_EQ(Seconds("0.000000001s"), "1ns");
  for (const std::string& text :
       {std::string("0s"), std::string("0.0000000001s"),
        std::string("315576000.5s"), std::string("100000000h"),
        std::string(400, '9') + "h"}) {
    EXPECT_EQ(Seconds(text),
              "want a duration of at least 1ns and at most 315576000s (10 "
              "years), got " +
                  ShowText(text));
  }
}

TEST(SpecTextTest, TextIsShownEscapedCutAndInUtf8) {
  EXPECT_EQ(ShowText("a\x1b[31m\"\n"), "\"a\\x1b[31m\\\"\\n\"");
  EXPECT_EQ(ShowText(std::string(61, 'x')),
            "\"" + std::string(60, 'x') + "...\"");
  // The cut falls within the last character.
  EXPECT_EQ(ShowText(std::string(59, 'x') + "\u00fc\u00fc"),
            "\"" + std::string(59, 'x') + "...\"");
  EXPECT_EQ(ShowText("\xff"), "\"\\xff\"");
  EXPECT_EQ(ShowText("\u00fc"), "\"\u00fc\"");
}

TEST(SpecTextTest, FindsTheFirstByteThatIsNotUtf8) {
  EXPECT_EQ(ValidUtf8Bytes("a\u00fc\u20ac\U0001F600"), 10U);
  EXPECT_EQ(ValidUtf8Bytes("ab\xc3"), 2U);            // cut
  EXPECT_EQ(ValidUtf8Bytes("a\xc0\xaf"), 1U);         // overlong
  EXPECT_EQ(ValidUtf8Bytes("a\xed\xa0\x80"), 1U);     // surrogate
  EXPECT_EQ(ValidUtf8Bytes("\xf4\x90\x80\x80"), 0U);  // past U+10FFFF
  EXPECT_EQ(ValidUtf8Bytes("a\x80"), 1U);
}

}  // namespace
}  // namespace steelyard::server
