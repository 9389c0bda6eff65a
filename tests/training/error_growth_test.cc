#include "training/error_growth.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "tests/training/far_networks.h"
#include "tests/training/far_problems.h"
#include "tests/training/problems.h"
#include "training/network_field.h"

// What the flow of a network makes of an error, and whether estimates say so.
namespace steelyard::training {
namespace {

// Theta' = (2 x, -5 y), by steps of rate 1.
class Saddle final : public FarField {
 public:
  Saddle() : FarField(2, {.rate = {.initial = 1}}) {}
  bool contracts() const override { return false; }
  double RateBound() const override { return 5; }
  double LongestRow(std::span<const double> /*theta*/) override { return 1; }
  double ToKink(std::span<const double> /*theta*/,
                std::span<const double> /*field*/) override {
    return std::numeric_limits<double>::infinity();
  }

 private:
  void Slope(double log_factor, double /*strength*/, const double* theta,
             double* slope) override {
    slope[0] = std::exp(log_factor) * 2 * theta[0];
    slope[1] = std::exp(log_factor) * -5 * theta[1];
  }
};

TEST(ErrorGrowthTest, ADifferenceIsCarriedByTheExponential) {
  Saddle saddle;
  const std::vector<double> theta = {.3, -.2};
  std::vector<double> v = {1e-3, 1};
  const int64_t gradients = saddle.Carry(std::log(2), 0.4, theta, v);
  const double length = std::hypot(1e-3 * std::exp(1.6), std::exp(-4));
  EXPECT_NEAR(v[0], 1e-3 * std::exp(1.6), 0.03 * length);
  EXPECT_NEAR(v[1], std::exp(-4), 0.03 * length);
  EXPECT_LT(gradients, 25);
}

// From s = 0 to 1 the flow makes e^(2 (e - 1)) of what leads away, which has at
// least a fifth of an error along the flow.
TEST(ErrorGrowthTest, WhatGrowsIsFoundWhateverShrinks) {
  const double whole = std::exp(2 * (std::exp(1) - 1));
  const std::vector<double> theta = {1e-3, 1};
  const std::vector<double> slope = {1, -1};
  Saddle saddle;
  ErrorGrowth by_steps(2);
  ErrorGrowth by_modes(2);
  by_steps.Add(0, 1, slope);
  by_modes.Add(0, 1, slope);
  double steps = 1;
  double modes = 1;
  for (int k = 1; k <= 100; ++k) {
    const double s = .01 * k;
    const double t = std::exp(s - .005);
    const ErrorGrowth::Growth growth = by_steps.GrowTo(saddle, s, theta);
    steps *= growth.factor;
    modes *= by_modes
                 .GrowTo(s, std::vector<double>{2 * t, -5 * t},
                         std::vector<double>{1, 0, 0, 1})
                 .factor;
    EXPECT_GT(growth.gradients, 1);
  }
  EXPECT_GT(steps, whole / 5);
  // It waits until what shrinks has shrunk, so that it may say more.
  EXPECT_LT(steps, 2 * whole);
  EXPECT_NEAR(modes / steps, 1, 0.05);
}

TEST(ErrorGrowthTest, WhatOnlyShrinksDoesNotGrow) {
  ErrorGrowth growth(2);
  Saddle saddle;
  const std::vector<double> theta = {0, 1};
  const ErrorGrowth::Growth none = growth.GrowTo(saddle, 1, theta);
  EXPECT_EQ(none.factor, 1);
  EXPECT_EQ(none.gradients, 0);
  growth.Add(0, 1, theta);
  EXPECT_EQ(growth
                .GrowTo(1.5, std::vector<double>{-1, -2},
                        std::vector<double>{1, 0, 0, 1})
                .factor,
            1);
}

// Small weights and a small rate: runs leave one saddle after another while
// they leap.
NetworkProblem NearSaddles(const FarNetwork& kind, std::mt19937_64& random) {
  const auto draw = [&](double low, double high) {
    return std::pow(10, std::uniform_real_distribution<>(low, high)(random));
  };
  NetworkProblem problem = RandomNetwork(kind, random);
  const size_t layers = problem.architecture.hidden.size() + 1;
  const double small = layers == 2 ? draw(-4, -1) : draw(-1.5, -.7);
  problem.initial = NormalInitial{std::vector<double>(layers, small)};
  problem.rate.initial *= draw(-2, 0);
  problem.schedule = LogSchedule{.points_per_decade = 5};
  return problem;
}

// Real steps whose sum does not round: on a plateau 10^4 of them that do err by
// more than leaps.
class ExactSteps {
 public:
  ExactSteps(const NetworkProblem& problem, std::vector<double> initial)
      : rows_(RowsOf(problem)),
        field_(problem,
               *NormalizeWeights(problem.weights, rows_.rows,
                                 problem.normalization),
               rows_),
        theta_(std::move(initial)),
        rest_(theta_.size()),
        slope_(theta_.size()) {}

  const std::vector<double>& GoTo(int64_t step) {
    for (; step_ < step; ++step_) {
      field_.Evaluate(0, 1, theta_, slope_);
      for (size_t j = 0; j < theta_.size(); ++j) {
        const double more = slope_[j] + rest_[j];
        const double sum = theta_[j] + more;
        rest_[j] = more - (sum - theta_[j]);
        theta_[j] = sum;
      }
    }
    return theta_;
  }

 private:
  const NetworkRows<double> rows_;
  NetworkField field_;
  std::vector<double> theta_;  // [d]
  std::vector<double> rest_;   // that the sum leaves, [d]
  std::vector<double> slope_;
  int64_t step_ = 0;
};

// The largest true error, in estimates, until one says that nothing is known.
double MostError(NetworkProblem problem) {
  problem.leap = Leap{};
  const std::unique_ptr<Trainer> far = MakeTrainer(problem);
  std::vector<double> theta(static_cast<size_t>(far->parameters()));
  std::optional<ExactSteps> real;
  double most = 0;
  while (!far->done()) {
    const auto got = far->Advance(Trainer::kFarStep);
    EXPECT_THAT(got, IsOk());
    far->ReadParameters(0, theta);
    if (!real) real.emplace(problem, theta);
    const double estimate = ByName(*far, **got).at("leap/error_estimate");
    if (estimate == 0) continue;
    if (estimate >= 1) break;
    const std::vector<double>& wanted = real->GoTo((*got)->step);
    double apart = 0;
    double squares = 0;
    for (size_t j = 0; j < theta.size(); ++j) {
      apart += std::pow(theta[j] - wanted[j], 2);
      squares += wanted[j] * wanted[j];
    }
    const auto log_step = std::log(static_cast<double>((*got)->step));
    most =
        std::max(most, std::sqrt(apart / squares) * (1 + log_step) / estimate);
  }
  return most;
}

TEST(ErrorGrowthTest, EstimatesGrowWithErrorsNearSaddles) {
  for (const FarNetwork& kind : FarNetworks()) {
    if (kind.hidden_layers == 0) continue;
    const uint64_t seed = std::random_device()();
    std::mt19937_64 random(seed);
    NetworkProblem problem = NearSaddles(kind, random);
    problem.steps = 30'000;
    EXPECT_LE(MostError(std::move(problem)), 10)
        << kind.name << ", seed " << seed;
  }
}

}  // namespace
}  // namespace steelyard::training
