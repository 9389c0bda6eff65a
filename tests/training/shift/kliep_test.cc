#include "training/shift/kliep.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/status_matchers.h"
#include "tests/training/shift/golden_file.h"
#include "training/random.h"
#include "training/shift/mixture_shares.h"

namespace steelyard::training {
namespace {

using Vector = std::vector<double>;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
constexpr absl::StatusCode kPrecondition =
    absl::StatusCode::kFailedPrecondition;

Vector Normals(uint64_t seed, int64_t count, double mean) {
  RandomStream random(seed, "kliep_test");
  Vector values;
  for (int64_t i = 0; i < count; ++i) values.push_back(random.Normal() + mean);
  return values;
}

double MeanLog(const Vector& values) {
  double sum = 0;
  for (const double value : values) sum += std::log(value);
  return sum / static_cast<double>(values.size());
}

KliepOptions OptionsOf(const GoldenCase& golden) {
  KliepOptions options = {
      .centres = golden["centres"], .widths = golden["widths"], .parts = {}};
  for (const double part : golden["parts"]) {
    options.parts.push_back(static_cast<int64_t>(part));
  }
  return options;
}

// cvxopt finds the same maximum; densratio's gradients stop below it.  Weights
// are known from an objective to the root of its error only.
TEST(KliepTest, IsWhatOthersFind) {
  const std::vector<GoldenCase> cases = ReadGolden("kliep.txt");
  ASSERT_EQ(cases.size(), 5U);
  for (const GoldenCase& golden : cases) {
    SCOPED_TRACE(golden.name);
    const int64_t d = golden.Count("shape", 2);
    const Features source = RowsOf(golden["source"], d);
    const Features target = RowsOf(golden["target"], d);
    const KliepRatio ratio =
        FitKliep(source, target, OptionsOf(golden)).value();
    EXPECT_EQ(ratio.width, golden["width"][0]);
    const double objective = MeanLog(Ratios(ratio, target));
    EXPECT_NEAR(objective, golden["objective"][0], 1e-9);
    EXPECT_GE(objective, golden["ascent"][0] - 1e-12);
    ExpectClose(Ratios(ratio, source), golden["ratios"], 1e-4);
    EXPECT_NEAR(Mean(Ratios(ratio, source)), 1, 1e-14);
  }
}

TEST(KliepTest, EveryScoreIsThatOfCvxopt) {
  for (const GoldenCase& golden : ReadGolden("kliep.txt")) {
    if (golden.arrays.count("scores") == 0) continue;
    SCOPED_TRACE(golden.name);
    const int64_t d = golden.Count("shape", 2);
    for (size_t k = 0; k < golden["widths"].size(); ++k) {
      // The same candidate twice, so that there is a choice.
      KliepOptions options = OptionsOf(golden);
      options.widths.assign(2, golden["widths"][k]);
      const KliepRatio ratio = FitKliep(RowsOf(golden["source"], d),
                                        RowsOf(golden["target"], d), options)
                                   .value();
      EXPECT_NEAR(ratio.score, golden["scores"][k], 1e-3);
    }
  }
}

// By Jensen's inequality mean ln w <= ln mean w = 0 where both means are of one
// sample, with 0 for w = 1 alone.  Kernels that are 1 to 1e-4 reach -1e-4.
TEST(KliepTest, TheSameSampleOnBothSidesGivesOne) {
  Vector rows = Normals(1, 400, 0);
  for (double& x : rows) x = std::fmin(std::fmax(x, -2), 2);
  const Features both = RowsOf(rows, 2);
  const KliepRatio ratio =
      FitKliep(
          both, both,
          {.centres = ChooseCentres(both, 20, 3), .widths = {400}, .parts = {}})
          .value();
  const Vector w = Ratios(ratio, both);
  EXPECT_NEAR(Mean(w), 1, 1e-14);
  EXPECT_GE(MeanLog(w), -1e-8);
  for (const double value : w) EXPECT_NEAR(value, 1, 1e-3);
}

// The variance of an estimate of KL(p_t || p_s) = mu^2 / 2 from n rows is about
// mu^2 / n + its bias: .02 is three times that for 20,000.
TEST(KliepTest, TheMeanOfTheLogarithmTendsToTheDivergence) {
  constexpr double kMu = 0.7;
  const Vector s = Normals(2, 20'000, 0);
  const Vector t = Normals(3, 20'000, kMu);
  const KliepRatio ratio =
      FitKliep(RowsOf(s, 1), RowsOf(t, 1),
               {.centres = ChooseCentres(RowsOf(t, 1), 50, 4),
                .widths = {0.3, 1},
                .parts = DealParts(20'000, 3, 4)})
          .value();
  EXPECT_NEAR(MeanLog(Ratios(ratio, RowsOf(t, 1))), kMu * kMu / 2, .02);
  EXPECT_NEAR(Mean(Ratios(ratio, RowsOf(s, 1))), 1, 1e-13);
}

// Widths of 1e-3 have kernels of e^-500,000 between neighbours.
TEST(KliepTest, NarrowKernelsAreTakenByTheirLogarithms) {
  const Vector s = {0, 1, 2, 3};
  const Vector t = {0.5, 2.25};
  const KliepRatio ratio =
      FitKliep(RowsOf(s, 1), RowsOf(t, 1),
               {.centres = t, .widths = {1e-3}, .parts = {}})
          .value();
  // 0.5 is between 0 and 1, which share its half; 2.25 is nearest to 2.
  const Vector w = Ratios(ratio, RowsOf(s, 1));
  EXPECT_NEAR(w[0], 1, 1e-11);
  EXPECT_NEAR(w[1], 1, 1e-11);
  EXPECT_NEAR(w[2], 2, 1e-11);
  EXPECT_EQ(w[3], 0);
}

TEST(KliepTest, EqualCentresAndConstantColumnsShareEqually) {
  const Vector s = {1, 7, 2, 7, 4, 7};
  const Vector t = {2, 7, 3, 7};
  const KliepRatio ratio =
      FitKliep(RowsOf(s, 2), RowsOf(t, 2),
               {.centres = {2, 7, 2, 7, 3, 7}, .widths = {0.7}, .parts = {}})
          .value();
  EXPECT_NEAR(ratio.shares[0], ratio.shares[1], 1e-9);
  EXPECT_NEAR(Mean(Ratios(ratio, RowsOf(s, 2))), 1, 1e-14);
}

TEST(KliepTest, PartsAreOfOneSizeAndAllRows) {
  const std::vector<int64_t> parts = DealParts(23, 5, 9);
  ASSERT_EQ(parts.size(), 23U);
  for (int64_t k = 0; k < 5; ++k) {
    EXPECT_EQ(std::count(parts.begin(), parts.end(), k), k < 3 ? 5 : 4);
  }
  EXPECT_NE(DealParts(23, 5, 10), parts);
}

TEST(KliepTest, WhatIsWrongIsNamed) {
  const Vector rows = {0, 1, 2};
  const Features good = RowsOf(rows, 1);
  const KliepOptions options = {.centres = {1}, .widths = {1}, .parts = {}};
  using Options = KliepOptions;
  const auto error = [&](auto change) {
    Options changed = options;
    change(changed);
    return FitKliep(good, good, changed).status();
  };
  EXPECT_THAT(error([](Options&) {}), IsOk());
  EXPECT_THAT(error([](Options& o) { o.centres.clear(); }),
              StatusIs(kInvalid, "centres: want at least one row, got 0"));
  EXPECT_THAT(error([](Options& o) { o.widths = {-1}; }),
              StatusIs(kInvalid, "widths[0]: want a value of 1e-100 to"));
  const auto parts_error = [&](const std::vector<int64_t>& parts) {
    return error([&](Options& o) {
      o.widths = {1, 2};
      o.parts = parts;
    });
  };
  EXPECT_THAT(parts_error({}), StatusIs(kInvalid,
                                        "parts: want one for each of "
                                        "the target's 3 rows"));
  EXPECT_THAT(parts_error({0, 0, 0}),
              StatusIs(kInvalid, "parts: want at least two, got 1"));
  EXPECT_THAT(parts_error({0, 3, 1}),
              StatusIs(kInvalid, "parts[1]: want 0 to 2, got 3"));
  EXPECT_THAT(parts_error({0, 2, 2}),
              StatusIs(kInvalid, "parts: want a row in each, got none in 1"));
  EXPECT_THAT(FitKliep(good, RowsOf({}, 1), options),
              StatusIs(kInvalid, "target: want at least one row, got 0"));
  const Vector many(20'001, 1.0);
  const Vector centres(1000, 1.0);
  EXPECT_THAT(
      FitKliep(good, RowsOf(many, 1),
               {.centres = centres, .widths = {1}, .parts = {}}),
      StatusIs(kInvalid, "centres: want at most 999 for a target of 20001"));
  EXPECT_THAT(error([](Options& o) {
                o.centres = {1e99};
                o.widths = {1e-99};
              }),
              StatusIs(kPrecondition,
                       "widths: want one by which centre 0 "
                       "reaches a row of the source"));
}

// Where a part's own centre is no other row's, its held-out row has no density.
TEST(KliepTest, WidthsThatLeaveEachRowAloneScoreNothing) {
  const Vector rows = {0, 100, 200};
  EXPECT_THAT(FitKliep(RowsOf(rows, 1), RowsOf(rows, 1),
                       {.centres = rows, .widths = {1, 2}, .parts = {0, 1, 2}}),
              StatusIs(kPrecondition,
                       "want one by which each row of the target "
                       "is near another"));
}

// From 1e17 the rows 0 ... 3 are at one place.
TEST(KliepTest, ATargetTooFarAwayToTellRowsApartIsRefused) {
  const Vector t = {1e17, 1e17, 3e17, 4e17};
  const auto fit = [&](const Vector& source, const Vector& widths) {
    return FitKliep(RowsOf(source, 1), RowsOf(t, 1),
                    {.centres = t, .widths = widths, .parts = {0, 1, 0, 1}});
  };
  for (const Vector& widths : {Vector{1}, Vector{1e17}, Vector{1e16, 1e17}}) {
    EXPECT_THAT(fit({0, 1, 2, 3}, widths),
                StatusIs(kPrecondition,
                         "target: want rows nearer to the source, whose rows "
                         "all have one distance from each centre"));
  }
  EXPECT_THAT(fit({0, 1e3}, {1e17}), IsOk());
  // Equal rows have equal weights, however far they are.
  EXPECT_THAT(fit({7, 7, 7}, {1e17}), IsOk());
}

// By a width of 1e-100 the logarithms of all kernels are below any double.
TEST(KliepTest, AWidthThatCannotBeFittedIsNotTaken) {
  const Vector s = {0, 1e79, 2e79};
  const Vector t = {1e80, 1e80, 2e80, 2e80};
  for (const Vector& widths : {Vector{1e-100, 1e80}, Vector{1e80, 1e-100}}) {
    const auto ratio = FitKliep(
        RowsOf(s, 1), RowsOf(t, 1),
        {.centres = {1e80, 2e80}, .widths = widths, .parts = {0, 1, 0, 1}});
    ASSERT_THAT(ratio, IsOk());
    EXPECT_EQ(ratio->width, 1e80);
  }
}

// Two parts of which one is dominated everywhere; and of K equal ones each has
// 1/K.
TEST(MixtureSharesTest, ClosedFormsComeOut) {
  EXPECT_EQ(MixtureShares({1, 0.5, 1, 0.9, 1, 0.1}, 2).value(), Vector({1, 0}));
  const Vector equal = MixtureShares(Vector(12, 0.25), 4).value();
  for (const double share : equal) EXPECT_NEAR(share, 0.25, 1e-12);
  // Disjoint parts: the counts, whatever the rows' scales.
  const Vector counted =
      MixtureShares({1, 0, 1e-300, 0, 1, 0, 0, 1e250}, 2).value();
  EXPECT_NEAR(counted[0], 0.75, 1e-11);
  EXPECT_NEAR(counted[1], 0.25, 1e-11);
  EXPECT_EQ(MixtureShares({0.5, 2}, 1).value(), Vector({1}));
}

}  // namespace
}  // namespace steelyard::training
