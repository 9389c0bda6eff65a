// Rows with groups, through the border alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "tests/status_matchers.h"
#include "tests/training/problems.h"
#include "training/trainer.h"

namespace steelyard::training {
namespace {

// Rows by thirds in the groups a, b, c.
void AddGroups(Rows& rows) {
  rows.groups.names = {"a", "b", "c"};
  for (int64_t i = 0; i < rows.rows; ++i) {
    rows.groups.numbers.push_back(static_cast<int32_t>(3 * i / rows.rows));
  }
}

LinearProblem Linear() {
  LinearProblem problem;
  problem.train = RandomRows(30, 3, 0.5, 1);
  problem.tests.push_back({"test", RandomRows(21, 3, 0.5, 2)});
  problem.tests.push_back({"plain", RandomRows(5, 3, 0.5, 3)});
  AddGroups(problem.train);
  AddGroups(problem.tests[0].rows);
  problem.learning_rate = 0.2;
  problem.steps = 50;
  return problem;
}

NetworkProblem ToNetwork(const LinearProblem& linear) {
  NetworkProblem problem;
  problem.train = linear.train;
  problem.tests = linear.tests;
  problem.weights = linear.weights;
  problem.architecture.biases = Biases::kConstantInput;
  problem.initial = ZeroInitial{};
  problem.precision = Precision::kDouble;
  problem.rate.initial = linear.learning_rate;
  problem.steps = linear.steps;
  return problem;
}

Values Last(Trainer& trainer) {
  return ByName(trainer, RunToEnd(trainer).back());
}

Values LastOf(const LinearProblem& problem) {
  return Last(*MakeTrainer(problem));
}

Values LastOf(const NetworkProblem& problem) {
  auto trainer = Trainer::Create(problem);
  EXPECT_THAT(trainer, IsOk());
  return Last(**trainer);
}

// The error of a set is the mean of its groups' errors by their rows.
TEST(GroupsTest, TheErrorsOfGroupsMakeUpTheError) {
  const Values last = LastOf(Linear());
  for (const std::string set : {"train", "test"}) {
    const double a = last.at(set + "/error/a");
    const double b = last.at(set + "/error/b");
    const double c = last.at(set + "/error/c");
    EXPECT_NEAR((a + b + c) / 3, last.at(set + "/error"), 1e-15);
    EXPECT_EQ(last.at(set + "/worst_group_error"), std::max(std::max(a, b), c));
    EXPECT_GT(last.at(set + "/worst_group_error"), last.at(set + "/error"));
  }
  EXPECT_EQ(last.count("plain/worst_group_error"), 0U);
}

TEST(GroupsTest, ANetworkHasThemToo) {
  const LinearProblem linear = Linear();
  const Values wanted = LastOf(linear);
  const Values got = LastOf(ToNetwork(linear));
  for (const char* name : {"train/error/a", "train/error/b", "train/error/c",
                           "train/worst_group_error", "test/error/a",
                           "test/error/c", "test/worst_group_error"}) {
    EXPECT_EQ(got.at(name), wanted.at(name)) << name;
  }
}

TEST(GroupsTest, RowsOfWeightZeroAreInNoGroup) {
  LinearProblem problem = Linear();
  problem.weights.assign(30, 1.0);
  for (size_t i = 0; i < 30; ++i) {
    if (i >= 20 || i % 4 == 0) problem.weights[i] = 0;
  }
  LinearProblem fewer = problem;
  fewer.train = {.rows = 0, .columns = 3, .features = {}, .labels = {}};
  fewer.train.groups.names = {"a", "b"};
  for (size_t i = 0; i < 30; ++i) {
    if (problem.weights[i] == 0) continue;
    ++fewer.train.rows;
    const auto x = problem.train.features.begin() + std::ptrdiff_t(3 * i);
    fewer.train.features.insert(fewer.train.features.end(), x, x + 3);
    fewer.train.labels.push_back(problem.train.labels[i]);
    fewer.train.groups.numbers.push_back(problem.train.groups.numbers[i]);
  }
  fewer.weights.clear();
  const Values values = LastOf(problem);
  EXPECT_EQ(values.count("train/error/a"), 1U);
  EXPECT_EQ(values.count("train/error/c"), 0U);
  EXPECT_EQ(values, LastOf(fewer));
  EXPECT_EQ(LastOf(ToNetwork(problem)), LastOf(ToNetwork(fewer)));
}

TEST(GroupsTest, LabelsThatAreNumbersHaveNoErrorsByGroup) {
  NetworkProblem problem = ToNetwork(Linear());
  problem.loss = Loss::kSquared;
  problem.train.labels[0] = 0.5;
  const auto trainer = Trainer::Create(problem);
  ASSERT_THAT(trainer, IsOk());
  Values absent;
  for (const Absence& absence : (*trainer)->absent()) {
    if (absl::StrContains(absence.metric, "GROUP") ||
        absl::StrContains(absence.metric, "group")) {
      EXPECT_EQ(absence.reason, "the labels are no classes");
      absent[absence.metric];
    }
  }
  EXPECT_THAT(absent, testing::UnorderedElementsAre(
                          testing::Pair("train/error/GROUP", 0),
                          testing::Pair("train/worst_group_error", 0),
                          testing::Pair("test/error/GROUP", 0),
                          testing::Pair("test/worst_group_error", 0)));
  EXPECT_EQ(Last(**trainer).count("train/worst_group_error"), 0U);
}

TEST(GroupsTest, BadGroupsAreNamed) {
  const auto fault = [](auto change) {
    LinearProblem problem = Linear();
    change(problem.train.groups);
    const absl::Status status = Trainer::Create(std::move(problem)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  using testing::HasSubstr;
  EXPECT_THAT(fault([](RowGroups& g) { g.numbers.pop_back(); }),
              HasSubstr("train.groups.numbers: want 30 values, or none "
                        "without names, got 29"));
  EXPECT_THAT(fault([](RowGroups& g) { g.numbers.clear(); }),
              HasSubstr("got 0"));
  EXPECT_THAT(fault([](RowGroups& g) { g.numbers[4] = 3; }),
              HasSubstr("train.groups.numbers[4]: want the place of one of 3 "
                        "names, got 3"));
  EXPECT_THAT(fault([](RowGroups& g) { g.numbers[4] = -1; }),
              HasSubstr("got -1"));
  EXPECT_THAT(fault([](RowGroups& g) { g.names[1] = "a"; }),
              HasSubstr("train.groups.names: want names that are unique and "
                        "not empty, got \"a\""));
  EXPECT_THAT(fault([](RowGroups& g) { g.names[1] = ""; }),
              HasSubstr("got \"\""));
}

}  // namespace
}  // namespace steelyard::training
