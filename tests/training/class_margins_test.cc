#include "training/class_margins.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "training/losses.h"
#include "training/output_losses.h"

namespace steelyard::training {
namespace {

constexpr double kTiny = 1e-14;

// Of one output.
double LossOf(const ClassMargins& margins, double label, double f) {
  Loss loss = Loss::kLogistic;
  loss.margins = margins;
  const RowShape shape = ShapeOf(loss, label);
  return shape.factor * LossAt(loss, LossMargin(loss, &f, 1, label));
}

// Of several.
double LossOf(const ClassMargins& margins, int64_t label,
              const std::vector<double>& f) {
  Loss loss = Loss::kSoftmaxCrossEntropy;
  loss.margins = margins;
  const std::vector<double> labels = {static_cast<double>(label)};
  const std::vector<double> one = {1};
  std::vector<double> slopes(f.size());
  return SlopesOfLosses(loss, f.data(), std::ssize(f), labels, one,
                        slopes.data());
}

// Menon et al. 2021: log(1 + sum_{k != y} (pi_k / pi_y)^tau e^(f_k - f_y)).
TEST(ClassMarginsTest, LogitAdjustedLossIsMenons) {
  const std::vector<int64_t> counts = {10, 30, 60};
  const std::vector<double> f = {0.5, -1, 2};
  const double tau = 1.5;
  double sum = 1;
  for (const size_t k : {size_t{0}, size_t{2}}) {
    sum += std::pow(static_cast<double>(counts[k]) / 30, tau) *
           std::exp(f[k] - f[1]);
  }
  EXPECT_NEAR(LossOf(VectorScaling(0, tau, counts), 1, f), std::log(sum),
              kTiny);

  // Of signs: log(1 + (pi_-y / pi_y)^tau e^-m).
  const std::vector<int64_t> signs = {95, 5};
  EXPECT_NEAR(LossOf(VectorScaling(0, 1, signs), 1.0, 0.7),
              std::log1p(19 * std::exp(-0.7)), kTiny);
  EXPECT_NEAR(LossOf(VectorScaling(0, 1, signs), -1.0, 0.7),
              std::log1p(std::exp(0.7) / 19), kTiny);
}

// Kini et al. 2021: log(1 + sum e^(iota_k - iota_y) e^(D_k f_k - D_y f_y)).
TEST(ClassMarginsTest, VectorScalingLossIsKinis) {
  const std::vector<int64_t> counts = {10, 40};
  const double gamma = 0.3;
  const double tau = 2;
  const double d0 = std::pow(0.25, gamma);
  const std::vector<double> f = {0.4, 0.9};
  EXPECT_NEAR(
      LossOf(VectorScaling(gamma, tau, counts), 0, f),
      std::log1p(std::exp(2 * std::log(4.0)) * std::exp(f[1] - d0 * f[0])),
      kTiny);
  // Of signs: log(1 + e^iota e^(-D m)), -1 being the rarer class here.
  EXPECT_NEAR(LossOf(VectorScaling(gamma, tau, counts), -1.0, 0.4),
              std::log1p(16 * std::exp(d0 * 0.4)), kTiny);
}

// Cao et al. 2019: -log(e^(s(f_y - D_y)) / (e^(s(f_y - D_y)) + sum e^(s f_k))).
TEST(ClassMarginsTest, LabelDistributionAwareLossIsCaos) {
  const std::vector<int64_t> counts = {16, 81, 1};
  const double s = 3;
  const std::vector<double> f = {0.1, 0.3, -0.2};
  const ClassMargins margins = LabelDistributionAware(0.5, s, counts);
  // Delta = .5 n^(-1/4), as the least n is 1.
  const double own = std::exp(s * (f[1] - 0.5 / 3));
  EXPECT_NEAR(LossOf(margins, 1, f),
              -std::log(own / (own + std::exp(s * f[0]) + std::exp(s * f[2]))),
              kTiny);
  const std::vector<int64_t> signs = {16, 1};
  EXPECT_NEAR(LossOf(LabelDistributionAware(0.5, s, signs), -1.0, 0.4),
              std::log1p(std::exp(-s * (-0.4 - 0.25))), kTiny);
}

TEST(ClassMarginsTest, EqualCountsAndNeutralParametersChangeNothing) {
  const std::vector<int64_t> equal = {7, 7, 7};
  const std::vector<int64_t> unequal = {1, 10, 100};
  const std::vector<double> f = {1.5, -0.5, 0.25};
  const double parent = LossOf({}, 2, f);
  EXPECT_NEAR(LossOf(VectorScaling(0.7, 3, equal), 2, f), parent, kTiny);
  EXPECT_NEAR(LossOf(VectorScaling(0, 0, unequal), 2, f), parent, kTiny);
  EXPECT_NEAR(LossOf(LabelDistributionAware(0, 1, unequal), 2, f), parent,
              kTiny);
  EXPECT_EQ(LossOf(VectorScaling(0, 0, {{3, 5}}), 1.0, 0.3),
            LossOf({}, 1.0, 0.3));
}

}  // namespace
}  // namespace steelyard::training
