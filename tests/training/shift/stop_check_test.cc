#include "training/shift/stop_check.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/status_matchers.h"
#include "training/random.h"
#include "training/shift/gaussian_classes.h"
#include "training/shift/kliep.h"
#include "training/shift/label_shift.h"
#include "training/shift/least_squares_ratio.h"
#include "training/shift/logistic_ratio.h"
#include "training/shift/mean_matching.h"
#include "training/shift/nearest_ratio.h"

namespace steelyard::training {
namespace {

using Vector = std::vector<double>;

constexpr int64_t kRows = 1'500;
constexpr int64_t kColumns = 40;

Vector Normals(uint64_t seed, double mean) {
  RandomStream random(seed, "stop_check_test");
  Vector values(static_cast<size_t>(kRows * kColumns));
  for (double& value : values) value = random.Normal() + mean;
  return values;
}

// Each long estimator by its name, on two samples.
class Estimators {
 public:
  using Call = std::function<absl::Status(StopCheck*)>;

  std::map<std::string, Call> All() const {
    const Vector centres = ChooseCentres(to_, 60, 1);
    return {{"MedianDistance",
             [this](StopCheck* stop) {
               return MedianDistance(from_, to_, stop).status();
             }},
            {"FitKliep",
             [=, this](StopCheck* stop) {
               return FitKliep(from_, to_,
                               {.centres = centres,
                                .widths = {4, 8},
                                .parts = DealParts(kRows, 3, 1),
                                .stop = stop})
                   .status();
             }},
            {"FitLeastSquaresRatio",
             [=, this](StopCheck* stop) {
               return FitLeastSquaresRatio(from_, to_,
                                           {.centres = centres,
                                            .widths = {4, 8},
                                            .penalties = {0.1, 1},
                                            .alpha = 0.1,
                                            .stop = stop})
                   .status();
             }},
            {"FitLogisticRatio",
             [this](StopCheck* stop) {
               return FitLogisticRatio(from_, to_, 100, stop).status();
             }},
            {"MatchMeans",
             [this](StopCheck* stop) {
               return MatchMeans(Block(from_, 0, 400), to_,
                                 {.width = 5, .ridge = 1e-3, .stop = stop})
                   .status();
             }},
            {"NearestRatios",
             [this](StopCheck* stop) {
               return NearestRatios(from_, to_, 1, stop).status();
             }},
            {"ShiftByPosteriors", ShiftOfClasses},
            {"GaussianClassLogRatios",
             [this](StopCheck* stop) { return Exact(stop); }}};
  }

 private:
  static absl::Status ShiftOfClasses(StopCheck* stop) {
    Vector posteriors;
    RandomStream random(7, "stop_check_test");
    for (int i = 0; i < 100'000; ++i) {
      const double p = random.Uniform();
      posteriors.insert(posteriors.end(), {p, 1 - p});
    }
    return ShiftByPosteriors(posteriors, Vector{1, 1}, stop).status();
  }

  absl::Status Exact(StopCheck* stop) const {
    const std::vector<GaussianPart> source = {Part(0), Part(1)};
    const std::vector<GaussianPart> target = {Part(1)};
    const Vector labels(static_cast<size_t>(kRows), 0.0);
    return GaussianClassLogRatios(source, target, from_, labels, stop).status();
  }

  static GaussianPart Part(double mean) {
    return {.label = 0,
            .mean = Vector(static_cast<size_t>(kColumns), mean),
            .covariance = {},
            .standard_deviation = 1};
  }

  const Vector source_ = Normals(1, 0);
  const Vector target_ = Normals(2, 0.2);
  const Features from_ = RowsOf(source_, kColumns);
  const Features to_ = RowsOf(target_, kColumns);
};

TEST(StopCheckTest, EachEstimatorGivesUpWhenToldTo) {
  const Estimators estimators;
  for (const auto& [name, estimate] : estimators.All()) {
    SCOPED_TRACE(name);
    int asked = 0;
    StopCheck never([&asked] {
      ++asked;
      return false;
    });
    EXPECT_THAT(estimate(&never), IsOk());
    ASSERT_GE(asked, 1);
    for (const int yes : {1, asked / 2 + 1, asked}) {
      int count = 0;
      StopCheck stop([&] { return ++count == yes; });
      EXPECT_THAT(estimate(&stop), StatusIs(absl::StatusCode::kCancelled,
                                            "given up when asked to"));
      EXPECT_EQ(count, yes);
    }
  }
}

TEST(StopCheckTest, AsksNowAndThenUntilItIsTold) {
  int asked = 0;
  StopCheck stop([&asked] { return ++asked == 2; });
  EXPECT_FALSE(stop.Stop(9'000'000));
  EXPECT_EQ(asked, 0);
  EXPECT_FALSE(stop.Stop(1'000'000));
  EXPECT_EQ(asked, 1);
  EXPECT_THAT(stop.status(), IsOk());
  EXPECT_TRUE(stop.Stop(100'000'000));
  EXPECT_TRUE(stop.Stop(100'000'000));
  EXPECT_EQ(asked, 2);
  EXPECT_THAT(stop.status(), StatusIs(absl::StatusCode::kCancelled, "asked"));
  EXPECT_FALSE(Stopped(nullptr, 1'000'000'000));
  EXPECT_FALSE(StopCheck().Stop(1'000'000'000));
}

}  // namespace
}  // namespace steelyard::training
