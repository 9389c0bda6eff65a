#include "training/linear_field.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "tests/training/problems.h"

namespace steelyard::training {
namespace {

// z = (1, 0), (0, 2), polynomial from margin 1 on, a fixed step of .1.
class LinearFieldTest : public testing::Test {
 protected:
  LinearFieldTest()
      : tiles_(ToyA().train, kAll, false),
        field_(tiles_, Even(), {.loss = Loss::kPolynomial, .penalty = {}}, {},
               Course()) {}

  static RowWeights Even() {
    RowWeights weights;
    weights.kept = kAll;
    weights.values = {1, 1};
    return weights;
  }
  static FarField::Course Course() {
    FarField::Course course;
    course.rate.initial = .1;
    course.steps = 1000;
    return course;
  }

  std::array<double, 2> Evaluate(double s, int terms,
                                 std::array<double, 2> theta) {
    std::array<double, 2> field;
    field_.Evaluate(s, terms, theta, field);
    return field;
  }

  static inline const std::vector<int64_t> kAll = {0, 1};
  const Tiles tiles_;
  LinearField field_;
};

TEST_F(LinearFieldTest, AMarginThatPassesAKinkIsSeen) {
  const std::array<double, 2> below = {.9, 2};
  const std::array<double, 2> above = {1.1, 2};
  field_.Watch();
  Evaluate(5, 1, below);
  EXPECT_TRUE(field_.smooth());
  Evaluate(5, 1, above);
  EXPECT_FALSE(field_.smooth());
  field_.Forgive();
  Evaluate(5, 1, below);
  EXPECT_TRUE(field_.smooth());
  Evaluate(5, 1, above);
  EXPECT_FALSE(field_.smooth());
  field_.Watch();
  Evaluate(5, 1, above);
  EXPECT_TRUE(field_.smooth());
}

TEST_F(LinearFieldTest, AStepWithinTheFieldThatPassesAKinkIsSeen) {
  // The first step is of .05 / e^0, its second gradient beyond 1.
  field_.Watch();
  Evaluate(0, 2, {.999, 2});
  EXPECT_FALSE(field_.smooth());
}

TEST_F(LinearFieldTest, TheWayToAKinkIsTheNearestMargins) {
  // Margins .5 and .8, speeds 2 and .5: .25 and .4.
  EXPECT_DOUBLE_EQ(field_.ToKink(std::array<double, 2>{.5, .4},
                                 std::array<double, 2>{2, .25}),
                   .25);
  // Away from it.
  EXPECT_EQ(
      field_.ToKink(std::array<double, 2>{.5, 2}, std::array<double, 2>{-2, 1}),
      std::numeric_limits<double>::infinity());
}

TEST_F(LinearFieldTest, TermsAreThoseOfTheSeries) {
  // One step of the field is what real steps say: ln(1 + Delta) by hand.
  const double s = std::log(50);
  const std::array<double, 2> theta = {2, 1.5};
  std::array<double, 2> first = theta;
  std::array<double, 2> second = theta;
  field_.TakeSteps(50, 1, first);
  field_.TakeSteps(50, 2, second);
  const std::array<double, 2> field = Evaluate(s, 2, theta);
  for (size_t j = 0; j < 2; ++j) {
    const double delta = first[j] - theta[j];
    const double bend = second[j] - 2 * first[j] + theta[j];
    EXPECT_NEAR(field[j], 50 * (delta - bend / 2), 1e-13);
  }
}

}  // namespace
}  // namespace steelyard::training
