#include "training/data/generate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "tests/status_matchers.h"

namespace steelyard::training {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pointwise;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr double kRounding = 1e-15;

absl::StatusOr<Rows> Draw(const Generator& generator, uint64_t seed = 1,
                          absl::string_view place = "data",
                          const RowSelection& selection = {}) {
  return Generate(generator, seed, place, selection);
}

auto Near(const std::vector<double>& values) {
  return Pointwise(DoubleNear(kRounding), values);
}

// The moments of a column of the rows with one label.
struct Moments {
  double mean = 0;
  double variance = 0;
};

Moments MomentsOf(const Rows& rows, double label, int64_t column) {
  double count = 0;
  Moments moments;
  for (int pass = 0; pass < 2; ++pass) {
    double sum = 0;
    count = 0;
    for (size_t i = 0; i < rows.labels.size(); ++i) {
      if (rows.labels[i] != label) continue;
      const double x = rows.features[i * static_cast<size_t>(rows.columns) +
                                     static_cast<size_t>(column)];
      sum += pass == 0 ? x : (x - moments.mean) * (x - moments.mean);
      ++count;
    }
    (pass == 0 ? moments.mean : moments.variance) = sum / count;
  }
  return moments;
}

// scikit-learn's formula, make_moons(n_samples=(2, 3)) written out: the outer
// moon cos, sin; the inner 1 - cos, 1/2 - sin; linspace(0, pi, n).
TEST(MoonsTest, AreScikitLearnsWithoutNoise) {
  const double half = std::sqrt(0.5);
  const auto rows = Draw(Moons{.positive = 3, .negative = 5, .noise = 0});
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ(rows->rows, 8);
  EXPECT_EQ(rows->columns, 2);
  EXPECT_THAT(rows->labels, ElementsAre(1, 1, 1, -1, -1, -1, -1, -1));
  EXPECT_THAT(rows->features,
              Near({0, 0.5, 1, -0.5, 2, 0.5,  //
                    1, 0, half, half, 0, 1, -half, half, -1, 0}));
  EXPECT_THAT(Draw(Moons{.positive = 1, .negative = 0, .noise = 0})->features,
              Near({0, 0.5}));
}

TEST(CirclesTest, AreScikitLearnsWithoutNoise) {
  const auto rows =
      Draw(Circles{.positive = 4, .negative = 2, .noise = 0, .factor = 0.25});
  ASSERT_THAT(rows, IsOk());
  EXPECT_THAT(rows->labels, ElementsAre(1, 1, 1, 1, -1, -1));
  EXPECT_THAT(rows->features, Near({0.25, 0, 0, 0.25, -0.25, 0, 0, -0.25,  //
                                    1, 0, -1, 0}));
}

// Five standard errors: s/sqrt(n) for a mean, s^2 sqrt(2/n) for a variance.
TEST(MoonsTest, NoiseIsNormalAroundThem) {
  const int64_t count = 20'000;
  const double s = 0.3;
  const auto exact =
      Draw(Moons{.positive = count, .negative = count, .noise = 0});
  const auto noisy =
      Draw(Moons{.positive = count, .negative = count, .noise = s});
  Rows noise = *noisy;
  for (size_t k = 0; k < noise.features.size(); ++k) {
    noise.features[k] -= exact->features[k];
  }
  for (const double label : {1.0, -1.0}) {
    for (const int64_t column : {0, 1}) {
      const Moments moments = MomentsOf(noise, label, column);
      EXPECT_NEAR(moments.mean, 0, 5 * s / std::sqrt(count));
      EXPECT_NEAR(moments.variance, s * s, 5 * s * s * std::sqrt(2.0 / count));
    }
  }
}

TEST(GaussiansTest, HaveTheirMeansAndCovariances) {
  const int64_t count = 40'000;
  const Gaussians gaussians = {.classes = {{.label = 1,
                                            .rows = count,
                                            .mean = {3, -2},
                                            .covariance = {4, 1.2, 1.2, 1}},
                                           {.label = -1,
                                            .rows = count,
                                            .mean = {0, 5},
                                            .covariance = {},
                                            .standard_deviation = 0.5}}};
  const auto rows = Draw(gaussians);
  ASSERT_THAT(rows, IsOk());
  const auto check = [&](double label, int64_t column, double mean,
                         double variance) {
    const Moments moments = MomentsOf(*rows, label, column);
    EXPECT_NEAR(moments.mean, mean, 5 * std::sqrt(variance / count));
    EXPECT_NEAR(moments.variance, variance,
                5 * variance * std::sqrt(2.0 / count));
  };
  check(1, 0, 3, 4);
  check(1, 1, -2, 1);
  check(-1, 0, 0, 0.25);
  check(-1, 1, 5, 0.25);
  // Var(x1 x2) = s11 s22 + s12^2.
  double product = 0;
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    product += (rows->features[2 * i] - 3) * (rows->features[2 * i + 1] + 2);
  }
  EXPECT_NEAR(product / count, 1.2, 5 * std::sqrt((4 + 1.44) / count));
}

TEST(SeparableGaussiansTest, LeaveTheMarginFree) {
  const int64_t count = 20'000;
  const auto rows = Draw(
      SeparableGaussians{.rows = 2 * count, .dimension = 3, .margin = 0.7});
  ASSERT_THAT(rows, IsOk());
  double least = 1e9;
  for (size_t i = 0; i < rows->labels.size(); ++i) {
    EXPECT_EQ(rows->labels[i], i % 2 == 0 ? 1 : -1);
    least = std::min(least, rows->labels[i] * rows->features[3 * i]);
  }
  EXPECT_GE(least, 0.7);
  EXPECT_LT(least, 0.701);
  // Beyond its mean a normal is on average sqrt(2/pi) away.
  const double beyond = std::sqrt(2 / std::numbers::pi);
  for (const double label : {1.0, -1.0}) {
    const double tolerance = 5 / std::sqrt(count);
    const Moments first = MomentsOf(*rows, label, 0);
    EXPECT_NEAR(label * first.mean, 0.7 + beyond, tolerance);
    EXPECT_NEAR(first.variance, 1 - beyond * beyond, tolerance);
    for (const int64_t column : {1, 2}) {
      EXPECT_NEAR(MomentsOf(*rows, label, column).mean, 0, tolerance);
      EXPECT_NEAR(MomentsOf(*rows, label, column).variance, 1,
                  tolerance * std::sqrt(2));
    }
  }
}

TEST(UniformNoiseTest, FillsItsExtentEvenly) {
  const int64_t count = 20'000;
  const auto rows =
      Draw(UniformNoise{.rows = count, .dimension = 2, .low = -1, .high = 2});
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ(rows->rows, count);
  EXPECT_EQ(rows->columns, 2);
  for (const double x : rows->features) EXPECT_TRUE(x > -1 && x < 2) << x;
  for (const int64_t column : {0, 1}) {
    // Mean 1/2, variance 9/12; fourth moment 81/80.
    const Moments moments = MomentsOf(*rows, 1, column);
    EXPECT_NEAR(moments.mean, 0.5, 5 * std::sqrt(0.75 / count));
    EXPECT_NEAR(moments.variance, 0.75,
                5 * std::sqrt((81.0 / 80 - 0.5625) / count));
  }
}

const RowSelection kNumbers = {
    .labels = LabelValues::kNumbers, .positive = {}, .negative = {}};

TEST(PolynomialTest, LabelsAreItsValuesExactly) {
  // Without a deviation x is the mean: 3 - 2 x + x^3 / 2 at 4 is 27.
  const auto point = Draw(Polynomial{.rows = 2,
                                     .coefficients = {3, -2, 0, 0.5},
                                     .mean = 4,
                                     .standard_deviation = 0},
                          1, "data", kNumbers);
  ASSERT_THAT(point, IsOk());
  EXPECT_EQ(point->columns, 1);
  EXPECT_THAT(point->features, ElementsAre(4, 4));
  EXPECT_THAT(point->labels, ElementsAre(27, 27));
  const auto squares = Draw(Polynomial{.rows = 100, .coefficients = {0, 0, 1}},
                            1, "data", kNumbers);
  ASSERT_THAT(squares, IsOk());
  EXPECT_EQ(squares->rows, 100);
  for (size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(squares->labels[i], squares->features[i] * squares->features[i]);
  }
}

// Five standard errors, as above.
TEST(PolynomialTest, FeatureAndNoiseAreNormalAndApart) {
  const int64_t count = 40'000;
  const Polynomial line = {.rows = count,
                           .coefficients = {1, 2},
                           .mean = -3,
                           .standard_deviation = 0.5,
                           .noise = 0.25};
  const auto rows = Draw(line, 1, "data", kNumbers);
  ASSERT_THAT(rows, IsOk());
  // x, and y - (1 + 2 x), as two features.
  Rows parts = {.rows = count, .columns = 2, .features = {}, .labels = {}};
  double product = 0;
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    const double x = rows->features[i];
    const double noise = rows->labels[i] - (1 + 2 * x);
    parts.features.insert(parts.features.end(), {x, noise});
    parts.labels.push_back(1);
    product += (x + 3) * noise / static_cast<double>(count);
  }
  const auto check = [&](int64_t column, double mean, double deviation) {
    const Moments moments = MomentsOf(parts, 1, column);
    const double variance = deviation * deviation;
    EXPECT_NEAR(moments.mean, mean, 5 * deviation / std::sqrt(count));
    EXPECT_NEAR(moments.variance, variance,
                5 * variance * std::sqrt(2.0 / count));
  };
  check(0, -3, 0.5);
  check(1, 0, 0.25);
  EXPECT_NEAR(product, 0, 5 * 0.5 * 0.25 / std::sqrt(count));
}

TEST(PolynomialTest, NoLabelIsLargerThanWhatIsSaidBefore) {
  const Polynomial cubic = {.rows = 1,
                            .coefficients = {-1, 0, -2, 3},
                            .mean = -4,
                            .standard_deviation = 2,
                            .noise = 10};
  // 1 + 2 * 22^2 + 3 * 22^3 + 90
  EXPECT_EQ(cubic.LargestLabel(), 33'003);
  Polynomial far = {.rows = 1,
                    .coefficients = {0, 1},
                    .mean = 1e100,
                    .standard_deviation = 1e90};
  EXPECT_THAT(Draw(far, 1, "data", kNumbers),
              StatusIs(kInvalid,
                       "coefficients: want labels of at most 1e+100 in "
                       "magnitude, got some that may reach"));
  far.standard_deviation = 0;
  EXPECT_THAT(Draw(far, 1, "data", kNumbers), IsOk());
}

TEST(PolynomialTest, RefusesWhatItCannotDraw) {
  const auto refused = [](const Polynomial& polynomial) {
    return Draw(polynomial, 1, "data", kNumbers);
  };
  EXPECT_THAT(Draw(Polynomial{.rows = 1, .coefficients = {1}}),
              StatusIs(kInvalid, "want labels that are numbers"));
  EXPECT_THAT(refused({.rows = 0, .coefficients = {1}}),
              StatusIs(kInvalid, "want at least one row"));
  EXPECT_THAT(refused({.rows = 100'000'001, .coefficients = {1}}),
              StatusIs(kInvalid, "want at most 100000000"));
  EXPECT_THAT(refused({.rows = 1, .coefficients = {}}),
              StatusIs(kInvalid, "coefficients: want 1 to 100 values, got 0"));
  EXPECT_THAT(
      refused({.rows = 1, .coefficients = std::vector<double>(101, 0)}),
      StatusIs(kInvalid, "coefficients: want 1 to 100 values, got 101"));
  EXPECT_THAT(refused({.rows = 1, .coefficients = {0, NAN}}),
              StatusIs(kInvalid, "coefficients[1]: want a value"));
  EXPECT_THAT(refused({.rows = 1, .coefficients = {1}, .mean = INFINITY}),
              StatusIs(kInvalid, "mean: want a value of at most 1e+100"));
  EXPECT_THAT(
      refused({.rows = 1, .coefficients = {1}, .standard_deviation = -1}),
      StatusIs(kInvalid, "standard_deviation: want a value of 0"));
  EXPECT_THAT(refused({.rows = 1, .coefficients = {1}, .noise = NAN}),
              StatusIs(kInvalid, "noise: want a value of 0"));
}

// Out of an independent program that makes Philox's numbers: the noise of a
// run must never change.
TEST(GenerateTest, KeepsItsNumbers) {
  EXPECT_THAT(Draw(Moons{.positive = 1, .negative = 1, .noise = 1})->features,
              Near({0.24910336235518346, -0.4236552105095066, 2.3838323018933,
                    -2.7910579173008507}));
  EXPECT_THAT(Draw(SeparableGaussians{.rows = 1, .dimension = 2, .margin = 1},
                   7, "test_sets.t")
                  ->features,
              Near({1.5052581429437932, -0.5040169085377602}));
  const GaussianClass plain = {.label = 1,
                               .rows = 1,
                               .mean = {0},
                               .covariance = {},
                               .standard_deviation = 1};
  EXPECT_THAT(Draw(Gaussians{{plain, plain}})->features,
              Near({-0.7358970728580596, 0.8446355452883356}));
}

TEST(GenerateTest, KeepsTheNumbersOfNoise) {
  EXPECT_THAT(
      Draw(UniformNoise{.rows = 2, .dimension = 2, .low = -1, .high = 2}, 2,
           "test_sets.n")
          ->features,
      Near({1.3291782015348725, 1.312800426300369, 0.1285158537445139,
            0.13363643342907228}));
}

TEST(GenerateTest, KeepsTheNumbersOfAPolynomial) {
  const auto rows = Draw(Polynomial{.rows = 2,
                                    .coefficients = {1, -3, 0.25},
                                    .mean = 2,
                                    .standard_deviation = 0.5,
                                    .noise = 0.1},
                         5, "test_sets.t", kNumbers);
  ASSERT_THAT(rows, IsOk());
  EXPECT_THAT(rows->features, Near({2.5952255685934142, 0.945238053246324}));
  EXPECT_THAT(rows->labels, Near({-5.1994648029815265, -1.5006606643333706}));
}

TEST(GenerateTest, SeedAndSetMakeOtherRows) {
  const Moons moons = {.positive = 5, .negative = 5, .noise = 0.1};
  const auto rows = Draw(moons);
  EXPECT_EQ(Draw(moons)->features, rows->features);
  EXPECT_NE(Draw(moons, 2)->features, rows->features);
  EXPECT_NE(Draw(moons, 1, "test_sets.test")->features, rows->features);
}

TEST(GenerateTest, ARowIsTheSameWhicheverArePicked) {
  const Gaussians gaussians = {
      .classes = {
          {.label = 3,
           .rows = 4,
           .mean = {0, 0},
           .covariance = {},
           .standard_deviation = 1},
          {.label = 8, .rows = 4, .mean = {9, 9}, .covariance = {1, 0, 0, 1}}}};
  const auto all =
      Draw(gaussians, 1, "data", {.positive = {8}, .negative = {3}});
  const auto some =
      Draw(gaussians, 1, "data",
           {.positive = {8}, .negative = {5}, .first_per_class = 2});
  ASSERT_THAT(some, IsOk());
  EXPECT_THAT(some->labels, ElementsAre(1, 1));
  EXPECT_EQ(some->rows, 2);
  EXPECT_EQ(some->features, std::vector<double>(all->features.begin() + 8,
                                                all->features.begin() + 12));
}

TEST(GenerateTest, AShorterMeanGoesOnWithZeros) {
  const auto draw = [](std::vector<double> mean, int64_t dimension) {
    return Draw(Gaussians{.classes = {{.label = 1,
                                       .rows = 3,
                                       .mean = std::move(mean),
                                       .covariance = {},
                                       .standard_deviation = 0.5}},
                          .dimension = dimension});
  };
  const auto rows = draw({2}, 3);
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ(rows->columns, 3);
  EXPECT_EQ(rows->features, draw({2, 0, 0}, 0)->features);
  EXPECT_THAT(draw({2, 0, 0}, 2),
              StatusIs(kInvalid, "mean: want 1 to 2 values, got 3"));
  EXPECT_THAT(draw({2}, -1), StatusIs(kInvalid, "dimension: want at least 1"));
}

TEST(GenerateTest, RefusesWhatItCannotDraw) {
  EXPECT_THAT(Draw(Moons{.positive = 0, .negative = 0, .noise = 0}),
              StatusIs(kInvalid, "want at least one row"));
  EXPECT_THAT(
      Draw(Moons{.positive = 1, .negative = 1, .noise = NAN}),
      StatusIs(kInvalid, "noise: want a value of 0 to 1e+100, got nan"));
  EXPECT_THAT(Draw(Circles{.positive = 1, .factor = -0.1}),
              StatusIs(kInvalid, "factor: want a value of at least 0"));
  EXPECT_THAT(
      Draw(SeparableGaussians{.rows = 1, .dimension = 1, .margin = INFINITY}),
      StatusIs(kInvalid, "margin: want a value > 0"));
  // One value past the limit; at the limit it would be drawn.
  EXPECT_THAT(Draw(SeparableGaussians{
                  .rows = 100'000'001, .dimension = 1, .margin = 1}),
              StatusIs(kInvalid, "want at most 100000000 values"));
  EXPECT_THAT(
      Draw(SeparableGaussians{.rows = 2, .dimension = 50'000'001, .margin = 1}),
      StatusIs(kInvalid, "got 2 rows of 50000001"));
  EXPECT_THAT(Draw(UniformNoise{.rows = 1, .dimension = 1, .low = 3}),
              StatusIs(kInvalid, "high: want a value above low, 3, got 1"));
  EXPECT_THAT(Draw(UniformNoise{.rows = 1, .dimension = 0}),
              StatusIs(kInvalid, "want at least 1 feature, got 0"));
  EXPECT_THAT(Draw(Moons{.positive = 2, .negative = 2}, 1, "data",
                   {.positive = {7}, .negative = {8}}),
              StatusIs(kInvalid, "got none"));
}

TEST(FactorCovarianceTest, IsTheLowerFactor) {
  EXPECT_THAT(*FactorCovariance({4, 2, 2, 3}, 2),
              Near({2, 0, 1, std::sqrt(2)}));
  EXPECT_THAT(*FactorCovariance({}, 5), IsEmpty());
}

TEST(FactorCovarianceTest, ASingularMatrixIsSemidefinite) {
  EXPECT_THAT(*FactorCovariance({1, 1, 1, 1}, 2), Near({1, 0, 1, 0}));
  EXPECT_THAT(*FactorCovariance({0, 0, 0, 0}, 2), Near({0, 0, 0, 0}));
  // v v^T of values that no double is exactly.
  const std::vector<double> v = {0.1, -0.7, 1e-6, 3e5, 1 / 3.0};
  std::vector<double> matrix;
  for (const double a : v) {
    for (const double b : v) matrix.push_back(a * b);
  }
  const auto factor = FactorCovariance(matrix, 5);
  ASSERT_THAT(factor, IsOk());
  for (size_t i = 0; i < 5; ++i) {
    for (size_t j = 0; j < 5; ++j) {
      double sum = 0;
      for (size_t k = 0; k < 5; ++k) {
        sum += (*factor)[5 * i + k] * (*factor)[5 * j + k];
      }
      EXPECT_NEAR(sum, matrix[5 * i + j], 1e-12 * std::abs(v[i] * v[j]));
    }
  }
}

TEST(FactorCovarianceTest, RefusesWhatIsNotSemidefinite) {
  EXPECT_THAT(FactorCovariance({1, 2, 2, 1}, 2),
              StatusIs(kInvalid, "[1][1]: want a positive semidefinite"));
  EXPECT_THAT(FactorCovariance({0, 1, 1, 1}, 2), StatusIs(kInvalid, "[1][0]"));
  EXPECT_THAT(FactorCovariance({-1}, 1), StatusIs(kInvalid, "[0][0]"));
  EXPECT_THAT(FactorCovariance({NAN}, 1), StatusIs(kInvalid, "[0][0]"));
  EXPECT_THAT(FactorCovariance({1, 0.5, 0.25, 1}, 2),
              StatusIs(kInvalid, "[1][0]: want 0.5 as in [0][1], got 0.25"));
  // Past rounding, and within it.
  EXPECT_THAT(FactorCovariance({1, 1, 1, 1 - 1e-12}, 2),
              StatusIs(kInvalid, ""));
  EXPECT_THAT(FactorCovariance({1, 1, 1, 1 - 1e-14}, 2), IsOk());
}

}  // namespace
}  // namespace steelyard::training
