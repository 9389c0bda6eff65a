#include "training/data/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <clocale>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/status_matchers.h"
#include "tests/training/data/files.h"

namespace steelyard::training {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

absl::StatusOr<FileSummary> InspectText(absl::string_view text) {
  return InspectCsv(*Source(text));
}

absl::StatusOr<Rows> ReadText(absl::string_view text,
                              absl::string_view label = "",
                              const RowSelection& selection = {}) {
  return ReadCsv(*Source(text), {.label = std::string(label), .features = {}},
                 selection);
}

absl::StatusOr<Rows> ReadColumns(absl::string_view text,
                                 const std::string& label,
                                 const std::vector<std::string>& features) {
  return ReadCsv(*Source(text), {.label = label, .features = features}, {});
}

MATCHER_P2(Counted, value, count, "") {
  return arg.value == value && arg.count == count;
}

TEST(InspectCsvTest, DescribesEveryColumn) {
  const auto summary = InspectText("x1,name,y\n0.5,ab,1\n-2,cd,-1\n1e3,,1\n");
  ASSERT_THAT(summary, IsOk());
  EXPECT_THAT(summary->shape, ElementsAre(3, 3));
  EXPECT_EQ(summary->dtype, "float64");
  ASSERT_EQ(summary->columns.size(), 3);
  EXPECT_EQ(summary->columns[0].name, "x1");
  EXPECT_TRUE(summary->columns[0].numeric);
  EXPECT_EQ(summary->columns[0].min, -2);
  EXPECT_EQ(summary->columns[0].max, 1000);
  EXPECT_FALSE(summary->columns[1].numeric);
  EXPECT_THAT(summary->columns[2].values,
              ElementsAre(Counted(-1, 1), Counted(1, 2)));
}

TEST(InspectCsvTest, CountsWhatIsNotFinite) {
  const auto summary = InspectText("a,b\nnan,1\n1,-inf\n2,inf\n-0,NaN\n");
  ASSERT_THAT(summary, IsOk());
  EXPECT_EQ(summary->columns[0].non_finite, 1);
  EXPECT_EQ(summary->columns[0].min, 0);
  EXPECT_EQ(summary->columns[0].max, 2);
  EXPECT_EQ(summary->columns[1].non_finite, 3);
  EXPECT_EQ(summary->columns[1].min, 1);
}

TEST(InspectCsvTest, TakesAnyLineEndAndBlanksAndQuotes) {
  const std::vector<std::string> forms = {
      "x1,y\n1,2\n3,4\n",        "x1,y\r\n1,2\r\n3,4\r\n",
      "x1,y\n1,2\n3,4",          "x1,y\r\n1,2\r\n3,4",
      "x1,y\n1,2\n3,4\n\n\n",    "\xEF\xBB\xBFx1,y\n1,2\n3,4\n",
      "x1 , y\n 1,2 \n+3,\t4\n", "\"x1\",\"y\"\n\"1\",2\n3,\"4\"\n"};
  for (const std::string& form : forms) {
    const auto rows = InspectText(form);
    ASSERT_THAT(rows, IsOk()) << form;
    EXPECT_THAT(rows->shape, ElementsAre(2, 2)) << form;
    EXPECT_EQ(rows->columns[0].name, "x1") << form;
    EXPECT_EQ(rows->columns[1].max, 4) << form;
  }
}

TEST(InspectCsvTest, AQuotedFieldMayHoldCommasAndQuotes) {
  const auto summary = InspectText("\"a, \"\"b\"\"\",y\n1,2\n");
  ASSERT_THAT(summary, IsOk());
  EXPECT_EQ(summary->columns[0].name, "a, \"b\"");
}

TEST(InspectCsvTest, AQuotedFieldMayGoOverSeveralLines) {
  const auto summary = InspectText(
      "text,y\n"
      "\"one\ntwo, \"\"three\"\"\r\n\n\",1\r\n"
      "\"\"\"\n\",2\n"
      "\"\",3");
  ASSERT_THAT(summary, IsOk());
  EXPECT_THAT(summary->shape, ElementsAre(3, 2));
  EXPECT_EQ(summary->columns[1].max, 3);
  EXPECT_EQ(summary->preview.rows[0][0], "one\\ntwo, \\\"three\\\"\\r\\n\\n");
}

// Longer than what is read at once, with many lines and many quotes.
TEST(InspectCsvTest, AQuotedFieldMayBeLong) {
  std::string field;
  while (field.size() < 3'000'000) field += "a\n\"\"b\"\"\r\n";
  const auto summary = InspectText("y,text,z\n1,\"" + field + "\",2\n3,x,4\n");
  ASSERT_THAT(summary, IsOk());
  EXPECT_THAT(summary->shape, ElementsAre(2, 3));
  EXPECT_EQ(summary->columns[2].max, 4);
}

// A fault's line is that where its row begins.
TEST(InspectCsvTest, LinesWithinQuotesCount) {
  EXPECT_EQ(
      InspectText("y,a\n1,\"x\ny\nz\"\n2,b\noops,c\n")->columns[0].first_text,
      "row 3 (line 6) holds \"oops\"");
  EXPECT_THAT(InspectText("a,b\n1,2\n3,\"4\n5\",6\n"),
              StatusIs(kInvalid,
                       "row 2 (line 3): want 2 fields as in the "
                       "header, got 3"));
}

// As in `5" pipe`.
TEST(InspectCsvTest, AQuoteWithinAFieldIsACharacter) {
  const auto summary = InspectText("size,y\n5\" pipe,1\n6\"\",2\n");
  ASSERT_THAT(summary, IsOk());
  EXPECT_EQ(summary->preview.rows[0][0], "5\" pipe");
  EXPECT_EQ(summary->preview.rows[1][0], "6\"\"");
}

TEST(InspectCsvTest, SaysWhereAQuoteIsWrong) {
  EXPECT_THAT(InspectText("a,b\n1,2\n3,\"4\n5,6\n"),
              StatusIs(kInvalid,
                       "row 2 (line 3), column 1 (\"b\"): want a quote that is "
                       "closed at the field's end"));
  EXPECT_THAT(InspectText("a,b\n1,2\n3,\"4\n5\" ,6\n"),
              StatusIs(kInvalid, "row 2 (line 3), column 1"));
  EXPECT_THAT(InspectText("a,b\n\"1\"x,2\n"),
              StatusIs(kInvalid, "row 1 (line 2), column 0 (\"a\")"));
  EXPECT_THAT(InspectText("a,\"b\n1,2\n"),
              StatusIs(kInvalid, "line 1, column 1"));
}

// A summary travels in one message.
TEST(InspectCsvTest, TellsOfAThousandColumnsWhereTheyHoldText) {
  std::string text = "a", numbers = "1", words = "b";
  for (int j = 0; j < 1000; ++j) {
    text += ",a";
    numbers += ",1";
    words += ",b";
  }
  const auto summary =
      InspectText(absl::StrCat(text, "\n", numbers, "\n", words, "\n"));
  ASSERT_THAT(summary, IsOk());
  EXPECT_NE(summary->columns[999].first_text, "");
  EXPECT_EQ(summary->columns[1000].first_text, "");
}

// What no run uses must not reject the file.
TEST(InspectCsvTest, AColumnThatHoldsTextLaterIsOneOfText) {
  const auto summary = InspectText("a,b,c,d\n1,2,x,5\n3,,4,5\n5,abc,4,5\n");
  ASSERT_THAT(summary, IsOk());
  std::vector<std::string> places;
  for (const ColumnSummary& column : summary->columns) {
    EXPECT_EQ(column.numeric, column.name == "a" || column.name == "d");
    EXPECT_EQ(column.values.empty(), !column.numeric);
    EXPECT_EQ(column.max, column.numeric ? 5 : 0);
    places.push_back(column.first_text);
  }
  EXPECT_THAT(places,
              ElementsAre("", "row 2 (line 3) holds an empty field", "", ""));
  EXPECT_EQ(InspectText("a\n1\n2\nabc\nd\n")->columns[0].first_text,
            "row 3 (line 4) holds \"abc\"");
}

TEST(InspectCsvTest, TakesNoHalfNumbers) {
  for (const std::string text :
       {"1x", "0x10", "1,5", "1e", "--1", "+-1", "1 2", "1e999", "."}) {
    EXPECT_FALSE(
        InspectText(absl::StrCat("a\n0\n\"", text, "\"\n"))->columns[0].numeric)
        << text;
  }
}

TEST(InspectCsvTest, SaysWhichRowHasAnotherNumberOfFields) {
  EXPECT_THAT(
      InspectText("a,b,c\n1,2,3\n1,2\n"),
      StatusIs(kInvalid,
               "row 2 (line 3): want 3 fields as in the header, got 2"));
  EXPECT_THAT(InspectText("a,b\n1,2,3\n"), StatusIs(kInvalid, "got 3"));
  EXPECT_THAT(
      InspectText("a,b\n1,2\n\n3,4\n"),
      StatusIs(kInvalid, "row 2 (line 3): want 2 fields, got an empty"));
}

TEST(InspectCsvTest, WantsAHeaderAndARow) {
  EXPECT_THAT(InspectText(""), StatusIs(kInvalid, "line 1: want a header"));
  EXPECT_THAT(InspectText("\n1,2\n"),
              StatusIs(kInvalid, "line 1: want a header"));
  EXPECT_THAT(InspectText("a,b\n"),
              StatusIs(kInvalid, "line 2: want at least one"));
  EXPECT_THAT(InspectText("a,b"),
              StatusIs(kInvalid, "line 2: want at least one"));
}

// A file without a header would lose its first row and nobody would see it.
TEST(InspectCsvTest, RefusesNumbersForAHeaderUnlessTheyCountTheColumns) {
  EXPECT_THAT(InspectText("0.5,1\n0.7,-1\n"),
              StatusIs(kInvalid,
                       "line 1: want a header line with the columns' "
                       "names, got numbers alone"));
  EXPECT_THAT(InspectText("0,1\n0.7,-1\n"), IsOk());
}

// As spreadsheets write them.  A name stands on one line, in specs and
// messages.
TEST(InspectCsvTest, ALineEndInAQuotedNameIsABlank) {
  const auto summary =
      InspectText("\"Weight\r\n(kg)\",\"\na\n\nb\",y\n1,2,3\n4,5\n");
  EXPECT_THAT(summary, StatusIs(kInvalid, "row 2 (line 7): want 3 fields"));
  const auto rows =
      ReadCsv(*Source("\"Weight\r\n(kg)\",\"\na\n\nb\",y\n1,2,1\n"),
              {.label = "y", .features = {"a  b", "Weight (kg)"}}, {});
  ASSERT_THAT(rows, IsOk());
  EXPECT_THAT(rows->features, ElementsAre(2, 1));
}

TEST(InspectCsvTest, RefusesNamesThatNoMessageMayHold) {
  EXPECT_THAT(InspectText("a,\xff\n1,2\n"),
              StatusIs(kInvalid, "line 1, column 1: want a name in UTF-8"));
  EXPECT_THAT(InspectText("a,b\rc\n1,2\n"),
              StatusIs(kInvalid, "without control characters"));
  EXPECT_THAT(InspectText("a,\xC3\xA9t\xC3\xA9\n1,2\n"), IsOk());
}

TEST(InspectCsvTest, EscapesWhatItQuotes) {
  const auto summary =
      InspectText(absl::StrCat("a\n1\n\x1b[31m", std::string(100, 'x'), "\n"));
  ASSERT_THAT(summary, IsOk());
  EXPECT_EQ(summary->columns[0].first_text,
            absl::StrCat("row 2 (line 3) holds \"\\x1b[31m",
                         std::string(35, 'x'), "...\""));
}

TEST(InspectCsvTest, ListsAThousandDistinctValuesAndNotOneMore) {
  std::string text = "a,b\n";
  for (int i = 0; i < 1001; ++i) {
    absl::StrAppend(&text, i, ",", i % 1000, "\n");
  }
  const auto summary = InspectText(text);
  ASSERT_THAT(summary, IsOk());
  EXPECT_THAT(summary->columns[0].values, IsEmpty());
  EXPECT_EQ(summary->columns[1].values.size(), 1000);
}

// A summary travels in one message.  The label's short list must outlive the
// long ones of the features.
TEST(InspectCsvTest, KeepsTheShortListsWhenThereAreManyValues) {
  constexpr int kFeatures = 200;
  std::string text;
  for (int j = 0; j < kFeatures; ++j) absl::StrAppend(&text, "x", j, ",");
  text += "y\n";
  for (int i = 0; i < 900; ++i) {
    for (int j = 0; j < kFeatures; ++j) absl::StrAppend(&text, i, ",");
    absl::StrAppend(&text, i % 3, "\n");
  }
  const auto summary = InspectText(text);
  ASSERT_THAT(summary, IsOk());
  EXPECT_THAT(summary->columns[0].values, IsEmpty());
  EXPECT_EQ(summary->columns.back().values.size(), 3);
}

// 2,000 columns of 900 values: more than are held at a time.
TEST(InspectCsvTest, KeepsTheShortListsWhileItCounts) {
  constexpr int kFeatures = 2000;
  std::string text = "y";
  for (int j = 0; j < kFeatures; ++j) absl::StrAppend(&text, ",x", j);
  for (int i = 0; i < 900; ++i) {
    absl::StrAppend(&text, "\n", i % 3);
    for (int j = 0; j < kFeatures; ++j) absl::StrAppend(&text, ",", i);
  }
  const auto summary = InspectText(text);
  ASSERT_THAT(summary, IsOk());
  EXPECT_EQ(summary->columns.front().values.size(), 3);
  EXPECT_THAT(summary->columns.back().values, IsEmpty());
  EXPECT_EQ(summary->columns.back().max, 899);
}

TEST(InspectCsvTest, TakesAsManyColumnsAsTheLimitAndNotOneMore) {
  const auto file = [](int64_t columns) {
    std::string names = "n";
    std::string row = "1";
    for (int64_t j = 1; j < columns; ++j) {
      absl::StrAppend(&names, ",n");
      absl::StrAppend(&row, ",1");
    }
    return absl::StrCat(names, "\n", row, "\n");
  };
  EXPECT_THAT(InspectText(file(kMaxCsvColumns)), IsOk());
  EXPECT_THAT(InspectText(file(kMaxCsvColumns + 1)),
              StatusIs(kInvalid, "want at most 100000 columns, got 100001"));
}

TEST(InspectCsvTest, TakesLinesAsLongAsTheLimitAndNotOneByteMore) {
  const auto file = [](int64_t bytes) {
    return absl::StrCat("a\nx",
                        std::string(static_cast<size_t>(bytes) - 1, 'y'), "\n");
  };
  EXPECT_THAT(InspectText(file(kMaxCsvLineBytes)), IsOk());
  EXPECT_THAT(InspectText(file(kMaxCsvLineBytes + 1)),
              StatusIs(kInvalid, "line 2: want at most 16777216 bytes"));
  EXPECT_THAT(InspectText("a\n\"" + std::string(kMaxCsvLineBytes / 2, 'y') +
                          "\n" + std::string(kMaxCsvLineBytes / 2, 'y')),
              StatusIs(kInvalid, "is there a quote that is not closed?"));
  EXPECT_THAT(InspectText(std::string(kMaxCsvHeaderBytes + 1, 'a')),
              StatusIs(kInvalid, "line 1: want at most 1048576 bytes"));
}

// Cut anywhere, a file is a fault with its place or a valid shorter file.
TEST(InspectCsvTest, AFileCutAnywhereIsAFaultOrAShorterFile) {
  const std::string text = "x1,y\r\n1.5,1\r\n2.5,-1\r\n\"3.5\",\"\n1\"\r\n";
  for (size_t cut = 0; cut < text.size(); ++cut) {
    const auto summary = InspectText(text.substr(0, cut));
    if (!summary.ok()) {
      EXPECT_THAT(summary, StatusIs(kInvalid, "line ")) << cut;
      continue;
    }
    const auto rows = summary->shape[0];
    EXPECT_GE(rows, 1) << cut;
    EXPECT_LE(rows, 3) << cut;
  }
}

TEST(ReadCsvTest, ReadsFeaturesAndLabels) {
  const auto rows = ReadText("x1,x2,y\n0.1,2,1\n-3e-5,4,-1\n");
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ(rows->rows, 2);
  EXPECT_EQ(rows->columns, 2);
  EXPECT_THAT(rows->features, ElementsAre(0.1, 2, -3e-5, 4));
  EXPECT_THAT(rows->labels, ElementsAre(1, -1));
}

TEST(ReadCsvTest, KeepsTheBitsOfEveryNumber) {
  const auto rows =
      ReadText("a,b,c,d,y\n-0,5e-324,1.7e308,0.30000000000000004,1\n");
  ASSERT_THAT(rows, IsOk());
  EXPECT_TRUE(std::signbit(rows->features[0]));
  EXPECT_THAT(rows->features,
              ElementsAre(-0.0, 5e-324, 1.7e308, 0.30000000000000004));
}

// A decimal comma of the environment must change nothing.
TEST(ReadCsvTest, DoesNotDependOnTheLocale) {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  for (const char* locale : {"de_DE.UTF-8", "C.UTF-8", "C"}) {
    if (std::setlocale(LC_ALL, locale) == nullptr) continue;
    EXPECT_THAT(ReadText("a,y\n1.5,1\n")->features, ElementsAre(1.5));
  }
  std::setlocale(LC_ALL, before.c_str());
}

TEST(ReadCsvTest, FindsTheLabelByNameOrNumber) {
  const std::string text = "y,x,0\n1,2,3\n";
  EXPECT_THAT(ReadText(text, "y")->features, ElementsAre(2, 3));
  EXPECT_THAT(ReadText("y,x\n1,2\n", "0")->features, ElementsAre(2));
  const RowSelection three = {.positive = {3}, .negative = {4}};
  // A name goes before a number.
  EXPECT_THAT(ReadText(text, "0", three)->features, ElementsAre(1, 2));
  EXPECT_THAT(ReadText(text, "", three)->features, ElementsAre(1, 2));
  EXPECT_THAT(ReadText(text, "3"),
              StatusIs(kInvalid,
                       "label: want a column's name or its number, 0 "
                       "to 2, got \"3\"; the columns are y, x, 0"));
  EXPECT_THAT(ReadText("a,a\n1,2\n", "a"),
              StatusIs(kInvalid, "the name of columns 0 and 1"));
  EXPECT_THAT(ReadText("y\n1\n"), StatusIs(kInvalid, "at least one feature"));
}

TEST(ReadCsvTest, ReadsTheFeaturesThatAreNamedInTheirOrder) {
  const std::string text = "a,name,y,b,7\n1,\"x, y\",1,2,3\n4,,-1,5,6\n";
  const auto rows = ReadColumns(text, "y", {"b", "a"});
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ(rows->columns, 2);
  EXPECT_THAT(rows->features, ElementsAre(2, 1, 5, 4));
  EXPECT_THAT(rows->labels, ElementsAre(1, -1));
  EXPECT_THAT(ReadColumns(text, "2", {"0", "7"})->features,
              ElementsAre(1, 3, 4, 6));
}

// Neither text nor what is not finite.
TEST(ReadCsvTest, WhatIsNotUsedIsNotLookedAt) {
  const std::string text = "a,b,y,c\n1,nan,1,word\n2,inf,-1,\n";
  EXPECT_THAT(ReadColumns(text, "y", {"a"})->features, ElementsAre(1, 2));
  EXPECT_THAT(ReadColumns(text, "y", {"a", "b"}),
              StatusIs(kInvalid, "row 1 (line 2), column 1 (\"b\")"));
  EXPECT_THAT(ReadColumns(text, "y", {}),
              StatusIs(kInvalid, "row 1 (line 2), column 1 (\"b\")"));
}

TEST(ReadCsvTest, SaysWhichFeatureIsNone) {
  const std::string text = "a,a,y,b\n1,2,1,3\n";
  EXPECT_THAT(ReadColumns(text, "y", {"b", "c"}),
              StatusIs(kInvalid,
                       "features[1]: want a column's name or its "
                       "number, 0 to 3, got \"c\""));
  EXPECT_THAT(ReadColumns(text, "y", {"a"}),
              StatusIs(kInvalid, "features[0]: want the name of one column"));
  EXPECT_THAT(ReadColumns(text, "y", {"b", "3"}),
              StatusIs(kInvalid,
                       "features[1]: want another column than "
                       "features[0], got 3, \"b\""));
  EXPECT_THAT(
      ReadColumns(text, "y", {"2"}),
      StatusIs(kInvalid, "features[0]: want another column than label"));
}

TEST(ReadCsvTest, ChoosesAndTakesRows) {
  const std::string text = "x,y\n1,2\n2,4\n3,7\n4,2\n5,2\n6,4\n";
  const auto rows = ReadText(
      text, "y", {.positive = {2}, .negative = {4}, .first_per_class = 2});
  ASSERT_THAT(rows, IsOk());
  EXPECT_THAT(rows->features, ElementsAre(1, 2, 4, 6));
  EXPECT_THAT(rows->labels, ElementsAre(1, -1, 1, -1));
}

TEST(ReadCsvTest, WantsEveryFeatureFiniteAlsoInRowsLeftOut) {
  const RowSelection selection = {.positive = {1}, .negative = {0}};
  EXPECT_THAT(
      ReadText("x,y\n1,1\nnan,5\n", "y", selection),
      StatusIs(kInvalid,
               "row 2 (line 3), column 0 (\"x\"): want a finite number, "
               "got \"nan\""));
  EXPECT_THAT(ReadText("x,y\nabc,1\n"),
              StatusIs(kInvalid,
                       "row 1 (line 2), column 0 (\"x\"): want a "
                       "number, got \"abc\""));
}

TEST(ReadCsvTest, RefusesLabelsThatAreNoClasses) {
  EXPECT_THAT(
      ReadText("x,y\n1,1\n2,0\n"),
      StatusIs(kInvalid,
               "row 2, column 1 (\"y\"): want -1 or +1 as label, got 0; "
               "choose with classes, as in classes: {positive: [1], "
               "negative: [0]}"));
  EXPECT_THAT(ReadText("x,y\n1,0.5\n"),
              StatusIs(kInvalid,
                       "want a whole number of at most 2^53 in magnitude as "
                       "label, got 0.5"));
  EXPECT_THAT(ReadText("x,y\n1,3\n", "", {.positive = {1}, .negative = {2}}),
              StatusIs(kInvalid, "want at least one row"));
}

}  // namespace
}  // namespace steelyard::training
