#include "training/target_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace steelyard::training {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Values = std::vector<double>;

std::map<std::string, double> Named(const MetricTable& table,
                                    const std::vector<MetricValue>& values) {
  std::map<std::string, double> named;
  for (const MetricValue& value : values) {
    named[table.names()[value.metric]] = value.value;
  }
  return named;
}

std::map<std::string, std::string> Absent(const MetricTable& table) {
  std::map<std::string, std::string> absent;
  for (const Absence& absence : table.absent()) {
    absent[absence.metric] = absence.reason;
  }
  return absent;
}

TEST(TargetDistanceTest, IsTheSameAtEveryStep) {
  MetricTable table;
  table.Add("train/loss");
  Target target;
  target.divergence = {.chi_square = 3, .renyi_2 = 2, .kl = 1};
  const TargetDistance distance(target, table);
  std::vector<MetricValue> values;
  distance.Measure(values);
  const auto named = Named(table, values);
  EXPECT_EQ(named.at("target/chi_square"), 3);
  EXPECT_EQ(named.at("target/renyi_2"), 2);
  EXPECT_EQ(named.at("target/kl"), 1);
}

TEST(TargetDistanceTest, IsAbsentWithItsReason) {
  MetricTable table;
  Target target;
  target.divergence_reason = "so it is";
  std::vector<MetricValue> values;
  TargetDistance(target, table).Measure(values);
  TargetDistance().Measure(values);
  EXPECT_THAT(values, IsEmpty());
  EXPECT_THAT(table.names(), IsEmpty());
  EXPECT_EQ(Absent(table).at("target/kl"), "so it is");
  EXPECT_EQ(table.absent().size(), 3U);
}

// Weights 1, 1, 2 of rows of which the last is wrong: half of the weight.
TEST(TargetSetTest, ErrorsCountByTheirWeights) {
  MetricTable table;
  const TargetSet set({}, {.name = "a", .weights = {3, 3, 6}, .reason = {}},
                      table);
  EXPECT_THAT(table.names(), ElementsAre("a/target_risk", "a/target_error"));
  EXPECT_THAT(set.weights(), ElementsAre(0.75, 0.75, 1.5));
  std::vector<MetricValue> values;
  set.MeasureRisk(std::log(5), Values{1, 2, 0}, values);
  const auto named = Named(table, values);
  EXPECT_DOUBLE_EQ(named.at("a/target_risk"), 5);
  EXPECT_EQ(named.at("a/target_error"), 0.5);
  EXPECT_FALSE(set.adjusts());
}

TEST(TargetSetTest, WhereLabelsAreNumbersThereIsARiskAlone) {
  MetricTable table;
  Target target;
  target.adjustments = {1, 2};
  const TargetSet set(
      target, {.name = "a", .weights = {1}, .reason = {}, .errors = false},
      table);
  EXPECT_THAT(table.names(), ElementsAre("a/target_risk"));
  EXPECT_FALSE(set.adjusts());
}

TEST(TargetSetTest, WithoutWeightsItIsAbsentButOfTheTargetItself) {
  MetricTable table;
  const TargetSet unknown({}, {.name = "a", .weights = {}, .reason = "why"},
                          table);
  const TargetSet zero({}, {.name = "b", .weights = {0, 0}, .reason = "why"},
                       table);
  const TargetSet itself(
      {}, {.name = kTargetSet, .weights = {}, .reason = "why"}, table);
  EXPECT_FALSE(unknown.has_risk());
  EXPECT_FALSE(zero.has_risk());
  const auto absent = Absent(table);
  EXPECT_EQ(absent.at("a/target_risk"), "why");
  EXPECT_EQ(absent.at("b/target_error"), "its rows all have the weight 0");
  EXPECT_EQ(absent.size(), 4U);
}

TEST(TargetSetTest, WithoutAdjustmentsThereIsTheReasonWhereOneIsGiven) {
  MetricTable table;
  Target target;
  const TargetSet silent(target, {.name = "a", .weights = {1}, .reason = {}},
                         table);
  EXPECT_THAT(table.absent(), IsEmpty());
  target.adjustment_reason = "so it is";
  const TargetSet set(target, {.name = "b", .weights = {1}, .reason = {}},
                      table);
  const TargetSet numbers(
      target, {.name = "c", .weights = {1}, .reason = {}, .errors = false},
      table);
  EXPECT_FALSE(set.adjusts());
  EXPECT_EQ(Absent(table), (std::map<std::string, std::string>{
                               {"b/adjusted_error", "so it is"},
                               {"b/adjusted_balanced_error", "so it is"}}));
}

TEST(TargetSetTest, AdjustedErrorsAreThoseCounted) {
  MetricTable table;
  Target target;
  target.adjustments = {0, 1};
  const TargetSet set(target, {.name = "a", .weights = {}, .reason = {}},
                      table);
  ASSERT_TRUE(set.adjusts());
  ErrorCounts counts(2);
  for (const bool wrong : {true, false, false}) counts.Add(0, wrong);
  counts.Add(1, true);
  std::vector<MetricValue> values;
  set.MeasureAdjusted(counts, values);
  const auto named = Named(table, values);
  EXPECT_EQ(named.at("a/adjusted_error"), 0.5);
  EXPECT_DOUBLE_EQ(named.at("a/adjusted_balanced_error"), (1.0 / 3 + 1) / 2);
}

TEST(KeptTargetWeightsTest, AreThoseOfTheRowsKept) {
  Target target;
  const std::vector<int64_t> kept = {0, 2};
  EXPECT_THAT(KeptTargetWeights(std::nullopt, kept), IsEmpty());
  EXPECT_THAT(KeptTargetWeights(target, kept), IsEmpty());
  target.weights = {5, 6, 7};
  EXPECT_THAT(KeptTargetWeights(target, kept), ElementsAre(5, 7));
}

}  // namespace
}  // namespace steelyard::training
