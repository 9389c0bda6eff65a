#include "training/shift/nearest_ratio.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/status_matchers.h"
#include "tests/training/shift/golden_file.h"
#include "training/random.h"

namespace steelyard::training {
namespace {

using Vector = std::vector<double>;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

Vector Normals(uint64_t seed, int64_t count, double mean) {
  RandomStream random(seed, "nearest_ratio_test");
  Vector values;
  for (int64_t i = 0; i < count; ++i) values.push_back(random.Normal() + mean);
  return values;
}

TEST(NearestRatioTest, CountsAreThoseOfAKdTree) {
  const std::vector<GoldenCase> cases = ReadGolden("nearest_ratio.txt");
  ASSERT_EQ(cases.size(), 2U);
  for (const GoldenCase& golden : cases) {
    const int64_t d = golden.Count("shape", 2);
    const double n_s = golden["shape"][0];
    const double n_t = golden["shape"][1];
    for (const double smoothing : {0.0, 1.0}) {
      const Vector weights =
          NearestRatios(RowsOf(golden["source"], d),
                        RowsOf(golden["target"], d), smoothing)
              .value();
      Vector want = golden["counts"];
      for (double& count : want) {
        count = n_s * (count + smoothing) / (n_t + n_s * smoothing);
      }
      ExpectClose(weights, want, 1e-14);
      EXPECT_NEAR(Mean(weights), 1, 1e-14);
    }
  }
}

// Of more than one block, with equal rows and a constant column.
TEST(NearestRatioTest, TheSameSampleOnBothSidesGivesOne) {
  Vector rows = Normals(1, 5000, 0);
  for (size_t k = 1; k < rows.size(); k += 2) rows[k] = 3;
  rows[4000] = rows[10] = rows[12];
  const Features both = RowsOf(rows, 2);
  const Vector weights = NearestRatios(both, both, 1).value();
  for (const double w : weights) EXPECT_NEAR(w, 1, 1e-15);
}

TEST(NearestRatioTest, EquallyNearRowsShare) {
  const Vector s = {0, 2, 2, 9};
  const Vector t = {1, 3};
  // 1 is as near to 0 as to both of 2: thirds; 3 is nearest to both of 2.
  const Vector weights = NearestRatios(RowsOf(s, 1), RowsOf(t, 1), 0).value();
  EXPECT_NEAR(weights[0], 4. / 2 / 3, 1e-15);
  EXPECT_NEAR(weights[1], 4. / 2 * (1. / 3 + .5), 1e-15);
  EXPECT_EQ(weights[1], weights[2]);
  EXPECT_EQ(weights[3], 0);
}

// A cell holds about w rows of the target, give or take 1.5 w; so the mean over
// a bin of 500 rows or more is within .1 w of e^{mu x - mu^2 / 2}.  The bound
// is twice that.
TEST(NearestRatioTest, MeansOverBinsTendToTheRatioOfAShift) {
  constexpr double kMu = 0.5;
  const Vector s = Normals(2, 6'000, 0);
  const Vector t = Normals(3, 6'000, kMu);
  const Vector weights = NearestRatios(RowsOf(s, 1), RowsOf(t, 1), 0).value();
  for (const double centre : {-1.0, 0.0, 1.0}) {
    Vector inside;
    for (size_t i = 0; i < s.size(); ++i) {
      if (std::fabs(s[i] - centre) < .2) inside.push_back(weights[i]);
    }
    const double want = std::exp(kMu * centre - kMu * kMu / 2);
    EXPECT_GT(inside.size(), 500U);
    EXPECT_NEAR(Mean(inside), want, .2 * want);
  }
}

TEST(NearestRatioTest, WhatIsWrongIsNamed) {
  const Vector rows = {0, 1, 2};
  const Features good = RowsOf(rows, 1);
  EXPECT_THAT(NearestRatios(good, RowsOf({}, 1), 1),
              StatusIs(kInvalid, "target: want at least one row, got 0"));
  EXPECT_THAT(NearestRatios(good, good, -1),
              StatusIs(kInvalid, "smoothing: want a value of 0 to 1e+06"));
  const Vector many(400'000);
  EXPECT_THAT(NearestRatios(RowsOf(many, 1), RowsOf(many, 1), 1),
              StatusIs(kInvalid,
                       "source rows by target rows by columns, got "
                       "400000 x 400000 x 1"));
}

}  // namespace
}  // namespace steelyard::training
