#include "training/data/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/status_matchers.h"

namespace steelyard::training {
namespace {

using ::testing::ElementsAre;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

// What the labels become, "-" where a row is left out.
std::vector<std::string> Picked(const RowSelection& selection,
                                const std::vector<double>& labels) {
  RowPicker picker(selection);
  std::vector<std::string> picked;
  for (const double label : labels) {
    const auto wanted = picker.Pick(label);
    EXPECT_THAT(wanted, IsOk());
    picked.push_back(wanted->has_value() ? absl::StrCat(**wanted) : "-");
  }
  return picked;
}

TEST(RowPickerTest, ListsSayWhatLabelsBecome) {
  EXPECT_THAT(
      Picked({.positive = {9, 2}, .negative = {4, -1}}, {2, 4, 3, -1, 9, 0}),
      ElementsAre("1", "-1", "-", "-1", "1", "-"));
  EXPECT_THAT(Picked({.labels = LabelValues::kClasses,
                      .positive = {},
                      .negative = {},
                      .each = {5, 0, 3}},
                     {3, 5, 4, 0}),
              ElementsAre("2", "0", "-", "1"));
}

TEST(RowPickerTest, WhatTheListsLeaveOutIsLabelledOne) {
  EXPECT_THAT(
      Picked({.positive = {2}, .negative = {4}, .each = {}, .left_out = true},
             {2, 4, 3, -1, 0}),
      ElementsAre("-", "-", "1", "1", "1"));
  EXPECT_THAT(Picked({.labels = LabelValues::kClasses,
                      .positive = {},
                      .negative = {},
                      .each = {0, 1},
                      .left_out = true},
                     {1, 7, 0, -3}),
              ElementsAre("-", "1", "-", "1"));
}

TEST(RowPickerTest, WhatIsLeftOutIsOneClassOfWhichTheFirstAreTaken) {
  const RowSelection selection = {.positive = {2},
                                  .negative = {4},
                                  .each = {},
                                  .left_out = true,
                                  .first_per_class = 2};
  EXPECT_THAT(Picked(selection, {2, 7, 4, 8, 9}),
              ElementsAre("-", "1", "-", "1", "-"));
  RowPicker picker(selection);
  ASSERT_THAT(picker.Pick(7), IsOk());
  EXPECT_FALSE(picker.full());
  ASSERT_THAT(picker.Pick(8), IsOk());
  EXPECT_TRUE(picker.full());
  EXPECT_EQ(picker.rows(), 2);
}

TEST(RowPickerTest, NoRowIsAnError) {
  RowSelection selection = {.positive = {2}, .negative = {4}};
  EXPECT_THAT(RowPicker(selection).CheckSome(),
              StatusIs(kInvalid,
                       "want at least one row with a label of the "
                       "classes, positive [2] and negative [4], got "
                       "none"));
  selection.left_out = true;
  EXPECT_THAT(RowPicker(selection).CheckSome(),
              StatusIs(kInvalid,
                       "want at least one row with another label "
                       "than those of the classes, positive [2]"));
}

// What CheckSome says after these labels.
absl::Status Checked(const RowSelection& selection,
                     const std::vector<double>& labels) {
  RowPicker picker(selection);
  for (const double label : labels) EXPECT_THAT(picker.Pick(label), IsOk());
  return picker.CheckSome();
}

TEST(RowPickerTest, EveryLabelOfTheListsMayBeWanted) {
  RowSelection selection = {.positive = {2, 3, 2}, .negative = {4}};
  EXPECT_THAT(Checked(selection, {4, 2}), IsOk());
  selection.every_label = true;
  EXPECT_THAT(Checked(selection, {4, 2, 3}), IsOk());
  EXPECT_THAT(Checked(selection, {4, 2, 9, 0, 2}),
              StatusIs(kInvalid,
                       "want a row of each label of the classes, positive [2, "
                       "3, 2] and negative [4], got none of 3; there are 0, 2, "
                       "4, 9"));
  EXPECT_THAT(Checked(selection, {7}), StatusIs(kInvalid,
                                                "got none of 2; "
                                                "there are 7"));
  std::vector<double> many;
  for (int label = 10; label < 100; ++label) many.push_back(label);
  EXPECT_THAT(Checked(selection, many), StatusIs(kInvalid, "18, 19, ..."));
}

TEST(RowPickerTest, ItIsNotFullBeforeTheyAreFound) {
  RowPicker picker({.labels = LabelValues::kSigns,
                    .positive = {2, 3},
                    .negative = {4},
                    .each = {},
                    .left_out = false,
                    .every_label = true,
                    .first_per_class = 1});
  for (const double label : {2, 4}) ASSERT_THAT(picker.Pick(label), IsOk());
  EXPECT_FALSE(picker.full());
  EXPECT_EQ(*picker.Pick(3), std::nullopt);
  EXPECT_TRUE(picker.full());
  EXPECT_EQ(picker.rows(), 2);
}

}  // namespace
}  // namespace steelyard::training
