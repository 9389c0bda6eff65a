#include "training/group_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace steelyard::training {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(MetricWordTest, OnlyPlainBytesStayAsTheyAre) {
  EXPECT_EQ(MetricWord("aZ09-_."), "aZ09-_.");
  EXPECT_EQ(MetricWord("a b/c%d"), "a%20b%2Fc%25d");
  EXPECT_EQ(MetricWord("\xC3\xA9\n"), "%C3%A9%0A");
}

TEST(KeptGroupsTest, NamesWithoutARowAreLeftOut) {
  const RowGroups groups = {.numbers = {2, 0, 1, 2, 0},
                            .names = {"a", "b", "c"}};
  const std::vector<int64_t> kept = {0, 1, 3};
  const RowGroups result = KeptGroups(groups, kept);
  EXPECT_THAT(result.names, ElementsAre("a", "c"));
  EXPECT_THAT(result.numbers, ElementsAre(1, 0, 1));
  EXPECT_THAT(KeptGroups({}, kept).numbers, IsEmpty());
}

// Margins of 0 are errors: of a 1 of 2, of b 2 of 3, of c none.
TEST(GroupErrorsTest, EachGroupHasItsErrorAndTheLargestIsTheWorst) {
  MetricTable table;
  table.Add("train/loss");
  const GroupErrors errors(
      "train", {.numbers = {1, 0, 1, 2, 0, 1}, .names = {"a", "b", "c"}},
      table);
  EXPECT_THAT(table.names(),
              ElementsAre("train/loss", "train/error/a", "train/error/b",
                          "train/error/c", "train/worst_group_error"));
  std::vector<MetricValue> values;
  errors.Measure(std::vector<double>{0, 1, -1, 2, -3, 4}, values);
  ASSERT_EQ(values.size(), 4U);
  const std::vector<double> wanted = {1. / 2, 2. / 3, 0, 2. / 3};
  for (size_t k = 0; k < 4; ++k) {
    EXPECT_EQ(values[k].metric, k + 1);
    EXPECT_EQ(values[k].value, wanted[k]);
  }
}

TEST(GroupErrorsTest, RowsWithoutGroupsHaveNoMetric) {
  MetricTable table;
  std::vector<MetricValue> values;
  GroupErrors("train", {}, table).Measure(std::vector<double>{1}, values);
  EXPECT_THAT(table.names(), IsEmpty());
  EXPECT_THAT(values, IsEmpty());
}

}  // namespace
}  // namespace steelyard::training
