#include "training/error_counts.h"

#include <gtest/gtest.h>

namespace steelyard::training {
namespace {

// Three of four rows of one kind wrong, one of four of another: the fractions'
// mean is not the fraction of all once a kind has more rows.
TEST(ErrorCountsTest, FractionIsOverRowsAndTheMeanOverKinds) {
  ErrorCounts counts(2);
  for (const bool wrong : {true, true, true, false}) counts.Add(0, wrong);
  for (int i = 0; i < 12; ++i) counts.Add(1, i < 3);
  EXPECT_EQ(counts.rows(), 16);
  EXPECT_EQ(counts.Fraction(), 6. / 16);
  EXPECT_EQ(counts.MeanFraction(), (0.75 + 0.25) / 2);
}

TEST(ErrorCountsTest, AKindWithoutRowsIsNotInTheMean) {
  ErrorCounts counts(3);
  counts.Add(0, true);
  counts.Add(2, false);
  EXPECT_EQ(counts.MeanFraction(), 0.5);
}

}  // namespace
}  // namespace steelyard::training
