#include "training/schedule_steps.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/status_matchers.h"

namespace steelyard::training {
namespace {

using testing::ElementsAre;

constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();

std::vector<int64_t> Steps(const Schedule& schedule, int64_t last) {
  EXPECT_THAT(CheckSchedule(schedule, last), IsOk());
  const ScheduleSteps steps(schedule, last);
  std::vector<int64_t> all = {steps.After(-1)};
  while (all.back() < last) all.push_back(steps.After(all.back()));
  EXPECT_EQ(steps.CountUpTo(last), static_cast<int64_t>(all.size()));
  return all;
}

TEST(ScheduleTest, LogStepsAreThePowersRoundedEachOnce) {
  EXPECT_THAT(Steps(LogSchedule{10}, 110),
              ElementsAre(0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40,
                          50, 63, 79, 100, 110));
  EXPECT_THAT(Steps(LogSchedule{1}, 1000), ElementsAre(0, 1, 10, 100, 1000));
  EXPECT_THAT(Steps(LogSchedule{1}, 1), ElementsAre(0, 1));
  EXPECT_THAT(Steps(LogSchedule{10}, 320'000).end()[-2], 316'228);
}

TEST(ScheduleTest, LogStepsReachTheLargestStep) {
  const std::vector<int64_t> decades = Steps(LogSchedule{1}, kLargest);
  ASSERT_EQ(decades.size(), 21U);  // 0, 19 powers, the last
  int64_t power = 1;
  for (size_t k = 1; k < 20; ++k, power *= 10) EXPECT_EQ(decades[k], power);
  for (const int p : {2, 3, 7, 10, 100}) {
    const std::vector<int64_t> steps = Steps(LogSchedule{p}, kLargest);
    EXPECT_EQ(steps.back(), kLargest);
    EXPECT_NEAR(std::log10(static_cast<double>(steps.end()[-2])), 18.96,
                1.0 / p);
  }
}

// 10^(1/2) to 60 digits is 3.16227766016837933199889354443271853372067247945...
TEST(ScheduleTest, LogStepsAreExactWhereDoublesAreNot) {
  EXPECT_EQ(RoundedPowerOfTen(31, 2), 3'162'277'660'168'379);
  EXPECT_EQ(RoundedPowerOfTen(33, 2), 31'622'776'601'683'793);
  EXPECT_EQ(RoundedPowerOfTen(35, 2), 316'227'766'016'837'933);
  EXPECT_EQ(RoundedPowerOfTen(37, 2), 3'162'277'660'168'379'332);
  // 10^(1/3) = 2.15443469003188372175929356651935049525934494219...
  EXPECT_EQ(RoundedPowerOfTen(55, 3), 2'154'434'690'031'883'722);
  // 10^(2/3) = 4.64158883361277889241007635091944657655134912501...
  EXPECT_EQ(RoundedPowerOfTen(56, 3), 4'641'588'833'612'778'892);
  for (int k = 0; k <= 18; ++k) {
    EXPECT_EQ(RoundedPowerOfTen(100 * k, 100),
              static_cast<int64_t>(std::pow(10.0L, k)));
  }
}

TEST(ScheduleTest, EveryStepsAreMultiplesAndTheLast) {
  EXPECT_THAT(Steps(EverySchedule{3}, 10), ElementsAre(0, 3, 6, 9, 10));
  EXPECT_THAT(Steps(EverySchedule{5}, 10), ElementsAre(0, 5, 10));
  EXPECT_THAT(Steps(EverySchedule{100}, 10), ElementsAre(0, 10));
  EXPECT_THAT(Steps(EverySchedule{kLargest - 1}, kLargest),
              ElementsAre(0, kLargest - 1, kLargest));
  EXPECT_THAT(Steps(EverySchedule{kLargest}, kLargest),
              ElementsAre(0, kLargest));
}

TEST(ScheduleTest, NamedStepsAreSortedAndTakenOnce) {
  EXPECT_THAT(Steps(AtSchedule{{7, 3, 3, 0}}, 10), ElementsAre(0, 3, 7, 10));
  EXPECT_THAT(Steps(AtSchedule{{10, 1}}, 10), ElementsAre(0, 1, 10));
}

TEST(ScheduleTest, BadSchedulesAreNamed) {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(CheckSchedule(LogSchedule{0}, 10),
              StatusIs(kInvalid, "points_per_decade: want 1 to 100, got 0"));
  EXPECT_THAT(CheckSchedule(LogSchedule{101}, 10), StatusIs(kInvalid, "101"));
  EXPECT_THAT(CheckSchedule(EverySchedule{0}, 10),
              StatusIs(kInvalid, "schedule.every"));
  EXPECT_THAT(CheckSchedule(AtSchedule{{1, 11}}, 10),
              StatusIs(kInvalid, "schedule.at[1]"));
  EXPECT_THAT(CheckSchedule(AtSchedule{{-1}}, 10),
              StatusIs(kInvalid, "schedule.at[0]"));
  EXPECT_THAT(CheckSchedule(AtSchedule{}, 10),
              StatusIs(kInvalid, "at least one"));
}

}  // namespace
}  // namespace steelyard::training
