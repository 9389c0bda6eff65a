// The texts of CSV columns, and the groups that they name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/status_matchers.h"
#include "tests/training/data/files.h"
#include "training/data/csv.h"

namespace steelyard::training {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

absl::StatusOr<FileSummary> InspectText(absl::string_view text) {
  return InspectCsv(*Source(text));
}

absl::StatusOr<Rows> ReadGroups(absl::string_view text,
                                const std::string& group,
                                const RowSelection& selection = {}) {
  return ReadCsv(*Source(text), {.label = "y", .features = {}, .group = group},
                 selection);
}

MATCHER_P2(Counted, text, count, "") {
  return arg.text == text && arg.count == count;
}

TEST(CsvGroupsTest, ATextNamesTheGroupOfItsRow) {
  const auto rows =
      ReadGroups("x,site,y\n1,north,1\n2, south ,-1\n3,\"north\",1\n", "site");
  ASSERT_THAT(rows, IsOk());
  EXPECT_THAT(rows->features, ElementsAre(1, 2, 3));
  EXPECT_THAT(rows->groups.names, ElementsAre("north", "south"));
  EXPECT_THAT(rows->groups.numbers, ElementsAre(0, 1, 0));
}

TEST(CsvGroupsTest, ANumberIsAGroupAsItIsWritten) {
  const auto rows = ReadGroups("7,x,y\n1,2,1\n1.0,4,-1\n+1,6,1\n", "7");
  ASSERT_THAT(rows, IsOk());
  EXPECT_THAT(rows->groups.names, ElementsAre("1", "1.0", "+1"));
  EXPECT_THAT(rows->features, ElementsAre(2, 4, 6));
  // By the column's number.
  EXPECT_THAT(ReadGroups("g,x,y\n1,2,1\n", "0")->groups.names,
              ElementsAre("1"));
}

TEST(CsvGroupsTest, WithoutAColumnThereAreNoGroups) {
  const auto rows = ReadGroups("x,y\n1,1\n", "");
  ASSERT_THAT(rows, IsOk());
  EXPECT_THAT(rows->groups.names, IsEmpty());
  EXPECT_THAT(rows->groups.numbers, IsEmpty());
}

TEST(CsvGroupsTest, TheColumnMayBeTheLabelOrAFeature) {
  EXPECT_THAT(ReadGroups("x,y\n1,1\n2,-1\n", "y")->groups.names,
              ElementsAre("1", "-1"));
  const auto rows =
      ReadCsv(*Source("x,z,y\n1,3,1\n2,4,-1\n"),
              {.label = "y", .features = {"z", "x"}, .group = "x"}, {});
  ASSERT_THAT(rows, IsOk());
  EXPECT_THAT(rows->features, ElementsAre(3, 1, 4, 2));
  EXPECT_THAT(rows->groups.names, ElementsAre("1", "2"));
}

// Rows 2 and 4 are left out, and with them the groups b and "".
TEST(CsvGroupsTest, OnlyRowsThatAreWantedHaveGroups) {
  const auto rows =
      ReadGroups("x,g,y\n1,a,2\n2,b,5\n3,c,4\n4,,2\n5,c,4\n", "g",
                 {.positive = {2}, .negative = {4}, .first_per_class = 1});
  ASSERT_THAT(rows, IsOk());
  EXPECT_THAT(rows->groups.names, ElementsAre("a", "c"));
  EXPECT_THAT(rows->groups.numbers, ElementsAre(0, 1));
}

TEST(CsvGroupsTest, SaysWhatIsNoGroup) {
  EXPECT_THAT(ReadGroups("x,y\n1,1\n", "site"),
              StatusIs(kInvalid, "group: want a column's name or its number"));
  EXPECT_THAT(ReadGroups("x,g,y\n1,a,1\n2, ,1\n", "g"),
              StatusIs(kInvalid,
                       "row 2 (line 3), column 1 (\"g\"): want a group's name "
                       "of 1 to 64 bytes, got \" \""));
  EXPECT_THAT(
      ReadGroups(absl::StrCat("x,g,y\n1,", std::string(64, 'a'), ",1\n"), "g"),
      IsOk());
  EXPECT_THAT(
      ReadGroups(absl::StrCat("x,g,y\n1,", std::string(65, 'a'), ",1\n"), "g"),
      StatusIs(kInvalid, "want a group's name of 1 to 64 bytes"));
  EXPECT_THAT(ReadGroups("g,y\n1,1\n", "g"),
              StatusIs(kInvalid, "want a column left for features"));
}

TEST(CsvGroupsTest, TakesAsManyGroupsAsTheLimitAndNotOneMore) {
  std::string text = "x,g,y\n";
  for (size_t i = 0; i < kMaxCsvGroups; ++i) {
    absl::StrAppend(&text, "1,", i, ",1\n");
  }
  EXPECT_EQ(ReadGroups(text, "g")->groups.names.size(), kMaxCsvGroups);
  EXPECT_THAT(ReadGroups(text + "1,999,1\n", "g"), IsOk());
  EXPECT_THAT(ReadGroups(text + "1,1000,1\n", "g"),
              StatusIs(kInvalid,
                       "row 1001 (line 1002), column 1 (\"g\"): want one of "
                       "the 1000 groups before"));
}

TEST(InspectCsvTest, CountsTheTextsOfEveryColumn) {
  const auto summary = InspectText("g,n,y\nb,1,1\na,1.0,1\n \"a ,1,1\n,1,-1\n");
  ASSERT_THAT(summary, IsOk());
  EXPECT_EQ(summary->columns[0].distinct, 4);
  EXPECT_THAT(summary->columns[0].texts,
              ElementsAre(Counted("", 1), Counted("\"a", 1), Counted("a", 1),
                          Counted("b", 1)));
  EXPECT_EQ(summary->columns[1].distinct, 2);
  EXPECT_THAT(summary->columns[1].texts,
              ElementsAre(Counted("1", 3), Counted("1.0", 1)));
}

TEST(InspectCsvTest, ListsAHundredTextsAndCountsAThousand) {
  std::string text = "hundred,more,thousand,many,numbers,more numbers\n";
  for (int i = 0; i < 1001; ++i) {
    absl::StrAppend(&text, "t", i % 100, ",t", i % 101, ",t", i % 1000, ",t", i,
                    ",", i % 100, ",", i % 101, "\n");
  }
  const auto summary = InspectText(text);
  ASSERT_THAT(summary, IsOk());
  EXPECT_EQ(summary->columns[0].texts.size(), 100U);
  EXPECT_EQ(summary->columns[0].distinct, 100);
  EXPECT_THAT(summary->columns[1].texts, IsEmpty());
  EXPECT_EQ(summary->columns[1].distinct, 101);
  EXPECT_EQ(summary->columns[2].distinct, 1000);
  EXPECT_EQ(summary->columns[3].distinct, 1001);
  EXPECT_EQ(summary->columns[4].distinct, 100);
  EXPECT_EQ(summary->columns[4].texts.size(), 100U);
  EXPECT_EQ(summary->columns[5].distinct, 0);  // of numbers not counted
  EXPECT_THAT(summary->columns[5].texts, IsEmpty());
}

TEST(InspectCsvTest, DoesNotListTextsThatNoMessageMayHold) {
  const auto summary = InspectText(
      absl::StrCat("utf8,long,y\n\xff,", std::string(65, 'a'), ",1\nb,c,1\n"));
  ASSERT_THAT(summary, IsOk());
  EXPECT_THAT(summary->columns[0].texts, IsEmpty());
  EXPECT_EQ(summary->columns[0].distinct, 2);
  EXPECT_THAT(summary->columns[1].texts, IsEmpty());
  EXPECT_EQ(summary->columns[1].distinct, 0);
}

// A summary travels in one message: 200 columns of 90 texts are more than it
// lists, and more columns of 900 than are held at a time.
TEST(InspectCsvTest, KeepsTheShortListsOfTexts) {
  for (const int distinct : {90, 900}) {
    std::string text = "y";
    for (int j = 0; j < 300; ++j) absl::StrAppend(&text, ",x", j);
    for (int i = 0; i < 900; ++i) {
      absl::StrAppend(&text, "\n", i % 3);
      for (int j = 0; j < 300; ++j) absl::StrAppend(&text, ",t", i % distinct);
    }
    const auto summary = InspectText(text);
    ASSERT_THAT(summary, IsOk());
    EXPECT_EQ(summary->columns.front().texts.size(), 3U);
    EXPECT_EQ(summary->columns.front().distinct, 3);
    EXPECT_THAT(summary->columns.back().texts, IsEmpty());
    EXPECT_EQ(summary->columns.back().distinct, distinct == 90 ? 90 : 0);
  }
}

}  // namespace
}  // namespace steelyard::training
