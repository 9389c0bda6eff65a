// Rows of a CSV file in two parts, by a column.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/status_matchers.h"
#include "tests/training/data/files.h"
#include "training/data/csv.h"

namespace steelyard::training {
namespace {

using ::testing::ElementsAre;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

// Rows of the column fold with one of `texts` apart.
absl::StatusOr<CsvParts> Read(absl::string_view text,
                              const std::vector<std::string>& texts,
                              const RowSelection& selection = {},
                              const std::string& column = "fold") {
  return ReadCsvParts(*Source(text),
                      {.label = "y",
                       .features = {},
                       .group = "",
                       .split = {.column = column, .texts = texts}},
                      selection);
}

TEST(CsvSplitTest, TextsChooseRowsAndBothPartsKeepTheirOrder) {
  const auto parts =
      Read("x,fold,y\n1,a,1\n2,b,-1\n3, c ,1\n4,a,-1\n5,\"b\",1\n", {"b", "c"});
  ASSERT_THAT(parts, IsOk());
  EXPECT_EQ(parts->others.rows, 2);
  EXPECT_EQ(parts->others.columns, 1);
  EXPECT_THAT(parts->others.features, ElementsAre(1, 4));
  EXPECT_THAT(parts->others.labels, ElementsAre(1, -1));
  EXPECT_EQ(parts->chosen.rows, 3);
  EXPECT_EQ(parts->chosen.columns, 1);
  EXPECT_THAT(parts->chosen.features, ElementsAre(2, 3, 5));
  EXPECT_THAT(parts->chosen.labels, ElementsAre(-1, 1, 1));
}

// As it is written: 1.0 is another text than 1.
TEST(CsvSplitTest, ANumberIsATextLikeOthers) {
  const auto parts =
      Read("x,fold,y\n1,1,1\n2,1.0,1\n3,2,1\n", {"1", "2"}, {}, "1");
  ASSERT_THAT(parts, IsOk());
  EXPECT_THAT(parts->others.features, ElementsAre(2));
  EXPECT_THAT(parts->chosen.features, ElementsAre(1, 3));
}

TEST(CsvSplitTest, TheColumnMayBeTheGroupOrAFeature) {
  const auto parts = ReadCsvParts(*Source("x,g,y\n1,4,1\n2,5,1\n3,6,1\n"),
                                  {.label = "y",
                                   .features = {"x", "g"},
                                   .group = "g",
                                   .split = {.column = "g", .texts = {"5"}}},
                                  {});
  ASSERT_THAT(parts, IsOk());
  EXPECT_THAT(parts->others.features, ElementsAre(1, 4, 3, 6));
  EXPECT_THAT(parts->others.groups.names, ElementsAre("4", "6"));
  EXPECT_THAT(parts->others.groups.numbers, ElementsAre(0, 1));
  EXPECT_THAT(parts->chosen.groups.names, ElementsAre("5"));
  EXPECT_THAT(parts->chosen.groups.numbers, ElementsAre(0));
}

// The first two of each class are rows 1, 2, 4 and 5, whatever part they are
// of.
TEST(CsvSplitTest, RowsAreChosenOutOfThoseThatAreWanted) {
  const auto parts =
      Read("x,fold,y\n1,a,2\n2,b,2\n3,a,2\n4,b,4\n5,a,4\n6,b,7\n", {"b"},
           {.positive = {2}, .negative = {4}, .first_per_class = 2});
  ASSERT_THAT(parts, IsOk());
  EXPECT_THAT(parts->others.features, ElementsAre(1, 5));
  EXPECT_THAT(parts->chosen.features, ElementsAre(2, 4));
}

TEST(CsvSplitTest, EachTextIsInTheFileAndEachPartHasARow) {
  const std::string text = "x,fold,y\n1,a,2\n2,b,7\n3,c,2\n";
  const RowSelection twos = {.positive = {2}, .negative = {3}};
  EXPECT_THAT(Read(text, {"a"}, twos), IsOk());
  EXPECT_THAT(Read(text, {"a", "d", ""}, twos),
              StatusIs(kInvalid,
                       "split: want texts that some row has, got an empty "
                       "field"));
  // A row that is left out has it.
  EXPECT_THAT(Read(text, {"a", "b"}, twos), IsOk());
  EXPECT_THAT(Read(text, {"b"}, twos),
              StatusIs(kInvalid,
                       "split: want texts that leave a row on both sides, got "
                       "2 rows, and 0 with one of the texts"));
  EXPECT_THAT(Read(text, {"a", "c"}, twos),
              StatusIs(kInvalid, "got 0 rows, and 2 with"));
  EXPECT_THAT(Read(text, {"a"}, twos, "folds"),
              StatusIs(kInvalid, "split: want a column's name or its number"));
}

}  // namespace
}  // namespace steelyard::training
