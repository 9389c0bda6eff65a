#include "training/data/alter_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/status_matchers.h"

namespace steelyard::training {
namespace {

using ::testing::ElementsAre;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kSigns = LabelValues::kSigns;

// Rows of two features, their number and ten times that; each a group.
Rows Numbered(const std::vector<double>& labels) {
  Rows rows;
  rows.rows = std::ssize(labels);
  rows.columns = 2;
  rows.labels = labels;
  for (size_t i = 0; i < labels.size(); ++i) {
    rows.features.push_back(static_cast<double>(i));
    rows.features.push_back(10 * static_cast<double>(i));
    rows.groups.numbers.push_back(static_cast<int32_t>(i));
    rows.groups.names.push_back(std::to_string(i));
  }
  return rows;
}

// The numbers of the rows that are there, each with its own second feature and
// its own group.
std::vector<int> NumbersOf(const Rows& rows) {
  std::vector<int> numbers;
  EXPECT_EQ(std::ssize(rows.labels), rows.rows);
  EXPECT_EQ(std::ssize(rows.features), 2 * rows.rows);
  EXPECT_EQ(std::ssize(rows.groups.numbers), rows.rows);
  for (size_t i = 0; i < rows.features.size(); i += 2) {
    EXPECT_EQ(rows.features[i + 1], 10 * rows.features[i]);
    EXPECT_EQ(rows.groups.numbers[i / 2], rows.features[i]);
    numbers.push_back(static_cast<int>(rows.features[i]));
  }
  return numbers;
}

std::vector<int> Changed(const Rows& rows, const std::vector<double>& labels) {
  std::vector<int> changed;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (rows.labels[i] != labels[i]) changed.push_back(static_cast<int>(i));
  }
  return changed;
}

const std::vector<double>& TenLabels() {
  static const auto* const kLabels =
      new std::vector<double>({1, 1, -1, 1, -1, -1, 1, 1, -1, -1});
  return *kLabels;
}

std::vector<double> Labels(int positive, int negative) {
  std::vector<double> labels(static_cast<size_t>(positive), 1);
  labels.resize(labels.size() + static_cast<size_t>(negative), -1);
  return labels;
}

// Which rows are drawn comes from an independent program that makes Philox's
// numbers: they must never change.
TEST(SplitOffTest, TakesTheFractionOfEachClassInOrder) {
  Rows rows = Numbered(TenLabels());
  const auto test = SplitOff(0.4, 3, kSigns, rows);
  ASSERT_THAT(test, IsOk());
  EXPECT_THAT(NumbersOf(*test), ElementsAre(2, 3, 4, 6));
  EXPECT_THAT(NumbersOf(rows), ElementsAre(0, 1, 5, 7, 8, 9));
  EXPECT_THAT(test->labels, ElementsAre(-1, 1, -1, 1));
  EXPECT_THAT(rows.labels, ElementsAre(1, 1, -1, 1, -1, -1));
}

TEST(SplitOffTest, RoundsHalfUpInEachClass) {
  Rows rows = Numbered(Labels(3, 5));  // 1.5 and 2.5
  const auto test = SplitOff(0.5, 1, kSigns, rows);
  ASSERT_THAT(test, IsOk());
  EXPECT_EQ(std::count(test->labels.begin(), test->labels.end(), 1), 2);
  EXPECT_EQ(std::count(test->labels.begin(), test->labels.end(), -1), 3);
}

TEST(SplitOffTest, EveryRowIsAsLikely) {
  std::vector<int> counts(20);
  for (uint64_t seed = 0; seed < 2'000; ++seed) {
    Rows rows = Numbered(Labels(10, 10));
    const auto test = SplitOff(0.3, seed, kSigns, rows);
    for (const int number : NumbersOf(*test)) {
      ++counts[static_cast<size_t>(number)];
    }
  }
  // Five standard errors of 2,000 draws at 0.3.
  for (const int count : counts) EXPECT_NEAR(count, 600, 5 * 20.5);
}

TEST(SplitOffTest, RefusesToLeaveASideWithoutRows) {
  Rows few = Numbered(Labels(2, 2));
  EXPECT_THAT(SplitOff(0.1, 1, kSigns, few),
              StatusIs(kInvalid,
                       "want a fraction that leaves a row on both "
                       "sides, got 0.1 of 4 rows"));
  few = Numbered(Labels(2, 2));
  EXPECT_THAT(SplitOff(0.9, 1, kSigns, few), StatusIs(kInvalid, "got 0.9"));
}

TEST(MakeUnequalTest, KeepsTheFirstRowsAndAsManyAsItCan) {
  Rows rows = Numbered(TenLabels());
  ASSERT_THAT(MakeUnequal(0.5, rows), IsOk());  // 2.5 of +1
  EXPECT_THAT(NumbersOf(rows), ElementsAre(0, 1, 2, 3, 4, 5, 8, 9));
  rows = Numbered(TenLabels());
  ASSERT_THAT(MakeUnequal(4, rows), IsOk());  // 1.25 of -1
  EXPECT_THAT(NumbersOf(rows), ElementsAre(0, 1, 2, 3, 6, 7));
  EXPECT_THAT(rows.labels, ElementsAre(1, 1, -1, 1, 1, 1));
  ASSERT_THAT(MakeUnequal(5, rows), IsOk());  // as it is
  EXPECT_EQ(rows.rows, 6);
}

// The 1:10 of docs/science.md's kind: 100 + 100 rows become 10 + 100.
TEST(MakeUnequalTest, AFractionThatNoDoubleIsExactlyIsRounded) {
  Rows rows = Numbered(Labels(100, 100));
  ASSERT_THAT(MakeUnequal(0.1, rows), IsOk());
  EXPECT_EQ(std::count(rows.labels.begin(), rows.labels.end(), 1), 10);
  rows = Numbered(Labels(100, 100));
  ASSERT_THAT(MakeUnequal(10, rows), IsOk());
  EXPECT_EQ(std::count(rows.labels.begin(), rows.labels.end(), -1), 10);
}

TEST(MakeUnequalTest, RefusesToLeaveAClassWithoutRows) {
  Rows rows = Numbered(Labels(3, 4));
  EXPECT_THAT(MakeUnequal(0.1, rows),
              StatusIs(kInvalid,
                       "want a ratio that leaves a row of each "
                       "class, got 0.1 for 3 rows of +1 and 4 of "
                       "-1"));
  EXPECT_THAT(MakeUnequal(1e300, rows), StatusIs(kInvalid, "got 1e+300"));
  EXPECT_THAT(MakeUnequal(5e-324, rows), StatusIs(kInvalid, ""));
  Rows lone = Numbered(Labels(3, 0));
  EXPECT_THAT(MakeUnequal(1, lone), StatusIs(kInvalid, "0 of -1"));
}

TEST(FlipTest, SymmetricNoiseIsDrawnAmongAllRows) {
  Rows rows = Numbered(TenLabels());
  FlipSymmetric(0.3, 3, kSigns, 2, rows);
  EXPECT_THAT(Changed(rows, TenLabels()), ElementsAre(4, 7, 8));
  FlipSymmetric(1, 5, kSigns, 2, rows);
  FlipSymmetric(1, 6, kSigns, 2, rows);
  EXPECT_THAT(Changed(rows, TenLabels()), ElementsAre(4, 7, 8));
  FlipSymmetric(0, 7, kSigns, 2, rows);
  EXPECT_THAT(Changed(rows, TenLabels()), ElementsAre(4, 7, 8));
}

TEST(FlipTest, PairNoiseIsDrawnInEachClass) {
  Rows rows = Numbered(TenLabels());
  FlipPair(0.2, 3, kSigns, 2, rows);
  EXPECT_THAT(Changed(rows, TenLabels()), ElementsAre(7, 8));
  Rows unequal = Numbered(Labels(100, 10));
  FlipPair(0.25, 1, kSigns, 2, unequal);  // 25 and 2.5
  EXPECT_EQ(std::count(unequal.labels.begin(), unequal.labels.end(), 1), 78);
}

TEST(FlipTest, ASeedChoosesTheRows) {
  const std::vector<double> labels = Labels(50, 50);
  Rows a = Numbered(labels);
  Rows b = Numbered(labels);
  FlipSymmetric(0.2, 1, kSigns, 2, a);
  FlipSymmetric(0.2, 2, kSigns, 2, b);
  EXPECT_NE(a.labels, b.labels);
  EXPECT_EQ(Changed(a, labels).size(), 20U);
  EXPECT_EQ(Changed(b, labels).size(), 20U);
}

TEST(ShiftFeaturesTest, OneValueIsForAllAndSeveralForEach) {
  Rows rows = Numbered({1, -1});
  ShiftFeatures(std::vector<double>{0.5}, rows);
  EXPECT_THAT(rows.features, ElementsAre(0.5, 0.5, 1.5, 10.5));
  ShiftFeatures(std::vector<double>{-1, 2}, rows);
  EXPECT_THAT(rows.features, ElementsAre(-0.5, 2.5, 0.5, 12.5));
  EXPECT_THAT(rows.labels, ElementsAre(1, -1));
}

std::vector<double> ThreeClassLabels() {
  return {0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 0};  // 5, 4 and 3 of them
}

// 5 * 4^(-k/2): 5, 2.5 and 1.25.
TEST(MakeLongTailedTest, EachClassIsRarerThanTheOneBefore) {
  Rows rows = Numbered(ThreeClassLabels());
  ASSERT_THAT(MakeLongTailed(4, 3, rows), IsOk());
  EXPECT_THAT(NumbersOf(rows), ElementsAre(0, 1, 2, 3, 4, 6, 7, 9, 11));
  EXPECT_EQ(std::count(rows.labels.begin(), rows.labels.end(), 0), 5);
  EXPECT_EQ(std::count(rows.labels.begin(), rows.labels.end(), 1), 3);
  EXPECT_EQ(std::count(rows.labels.begin(), rows.labels.end(), 2), 1);
}

TEST(MakeLongTailedTest, RefusesToLeaveAClassWithoutRows) {
  Rows rows = Numbered(ThreeClassLabels());
  EXPECT_THAT(MakeLongTailed(11, 3, rows),
              StatusIs(kInvalid, "leaves none of the class 2"));
}

TEST(FlipPairTest, AClassBecomesTheNext) {
  Rows rows = Numbered(ThreeClassLabels());
  FlipPair(1, 3, LabelValues::kClasses, 3, rows);
  for (size_t i = 0; i < rows.labels.size(); ++i) {
    EXPECT_EQ(rows.labels[i], std::fmod(ThreeClassLabels()[i] + 1, 3));
  }
}

TEST(FlipSymmetricTest, AClassBecomesAnyOther) {
  std::vector<double> labels;
  for (int i = 0; i < 6'000; ++i) labels.push_back(i % 4);
  Rows rows = Numbered(labels);
  FlipSymmetric(0.5, 3, LabelValues::kClasses, 4, rows);
  std::vector<int> moved(4);  // by how much, modulo 4
  for (size_t i = 0; i < labels.size(); ++i) {
    const double by = std::fmod(rows.labels[i] - labels[i] + 4, 4);
    ++moved[static_cast<size_t>(by)];
  }
  EXPECT_EQ(moved[0], 3'000);
  for (size_t by = 1; by < 4; ++by) EXPECT_NEAR(moved[by], 1'000, 130);
}

// Of 5, 4 and 3 rows 3, 2 and 2.
TEST(SplitOffTest, TakesTheFractionOfEachOfSeveralClasses) {
  Rows rows = Numbered(ThreeClassLabels());
  const auto test = SplitOff(0.5, 3, LabelValues::kClasses, rows);
  ASSERT_THAT(test, IsOk());
  EXPECT_EQ(std::count(test->labels.begin(), test->labels.end(), 0), 3);
  EXPECT_EQ(std::count(test->labels.begin(), test->labels.end(), 1), 2);
  EXPECT_EQ(std::count(test->labels.begin(), test->labels.end(), 2), 2);
  Rows numbers = Numbered(ThreeClassLabels());
  EXPECT_EQ(SplitOff(0.25, 3, LabelValues::kNumbers, numbers)->rows, 3);
}

}  // namespace
}  // namespace steelyard::training
