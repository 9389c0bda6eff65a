// Least squares under covariate shift, from a spec to the numbers: y = x^2 with
// x ~ N(0, 1) to train on and x ~ N(mu, 1) to be tested on, fitted by a line.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/server/worker/train_to_end.h"

namespace steelyard::worker {
namespace {

constexpr uint64_t kRows = 100'000;
constexpr double kMu = 0.5;

void DrawSquares(double mean, v1::Data* data) {
  data->mutable_polynomial()->set_rows(kRows);
  for (const double c : {0.0, 0.0, 1.0}) {
    data->mutable_polynomial()->add_coefficients(c);
  }
  data->mutable_polynomial()->set_mean(mean);
}

// A line, by steps that are near enough to their end.
v1::TrainLease Lease() {
  v1::TrainLease lease;
  v1::RunSpec& spec = *lease.mutable_spec();
  DrawSquares(0, spec.mutable_data());
  DrawSquares(kMu, &(*spec.mutable_test_sets())["far"]);
  spec.mutable_loss()->mutable_squared();
  spec.mutable_optimizer()->mutable_gradient_descent()->set_learning_rate(0.3);
  spec.mutable_stop()->set_steps(100);
  spec.mutable_evaluate()->mutable_at()->add_steps(100);
  spec.set_seed(1);
  return lease;
}

// Slope and intercept.
struct Line {
  double slope = 0;
  double intercept = 0;
};

Line LineOf(const training::Trainer& trainer) {
  std::vector<double> theta(2);
  trainer.ReadParameters(0, theta);
  return {.slope = theta[0], .intercept = theta[1]};
}

std::vector<double> Features(const training::Trainer& trainer) {
  std::vector<double> x(kRows);
  std::vector<double> y(kRows);
  trainer.ReadRows(0, 0, x, y);
  return x;
}

// The weighted least squares of y = x^2 in closed form, by moments.
Line LeastSquares(const std::vector<double>& x, const std::vector<double>& w) {
  double n = 0;
  double mean_x = 0;
  double mean_y = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    n += w[i];
    mean_x += w[i] * x[i];
    mean_y += w[i] * x[i] * x[i];
  }
  mean_x /= n;
  mean_y /= n;
  double xx = 0;
  double xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xx += w[i] * (x[i] - mean_x) * (x[i] - mean_x);
    xy += w[i] * (x[i] - mean_x) * (x[i] * x[i] - mean_y);
  }
  return {.slope = xy / xx, .intercept = mean_y - xy / xx * mean_x};
}

// Five standard errors of an estimate with so much variance from one row.
double Tolerance(double variance) {
  return 5 * std::sqrt(variance / static_cast<double>(kRows));
}

// Of the residual r = x^2 - 1 of (slope, intercept) = (0, 1): E r^2 = 2 and
// E r^2 x^2 = 10 are the variances of intercept and slope, Var r^2 = 56.  Under
// N(1/2, 1) E r^2 = 2 + 4 mu^2 + mu^4, Var r^2 = 128.75; the line's own errors
// add (2 E r x)^2 10 + (2 E r)^2 2 = 51.125 to it.
TEST(CovariateShiftTest, WithoutWeightsTheLineIsTheSources) {
  const auto trainer = Make(Lease());
  const std::map<std::string, double> last = TrainToEnd(trainer.get());
  const Line line = LineOf(*trainer);
  EXPECT_NEAR(line.slope, 0, Tolerance(10));
  EXPECT_NEAR(line.intercept, 1, Tolerance(2));
  EXPECT_NEAR(last.at("train/loss"), 2, Tolerance(56));
  EXPECT_NEAR(last.at("far/loss"), 2 + 4 * kMu * kMu + std::pow(kMu, 4),
              Tolerance(128.75 + 51.125));
  EXPECT_EQ(last.count("far/error"), 0U);  // labels are no classes

  const std::vector<double> x = Features(*trainer);
  const Line exact = LeastSquares(x, std::vector<double>(x.size(), 1));
  EXPECT_NEAR(line.slope, exact.slope, 1e-12);
  EXPECT_NEAR(line.intercept, exact.intercept, 1e-12);
}

// With w = p_target / p_source the residual is r = (x - mu)^2 - 1, of which
// E r^2 = 2 and Var r^2 = 56 under the target.  Of slope and intercept
// e^{mu^2} E r^2 (x - mu)^2 and the like, under N(2 mu, 1), make the variances
// 24.82 and 2.40; E w^k = e^{k (k - 1) mu^2 / 2} makes that of n_eff / n .158.
TEST(CovariateShiftTest, WithTheDensitiesRatioItIsTheTargets) {
  v1::TrainLease lease = Lease();
  std::vector<double> weights = Features(*Make(lease));
  for (double& w : weights) w = std::exp(kMu * w - kMu * kMu / 2);
  lease.mutable_spec()
      ->mutable_weighting()
      ->mutable_per_example()
      ->mutable_weights()
      ->Add(weights.begin(), weights.end());
  const auto trainer = Make(lease);
  const std::map<std::string, double> last = TrainToEnd(trainer.get());
  const Line line = LineOf(*trainer);
  EXPECT_NEAR(line.slope, 2 * kMu, Tolerance(24.82));
  EXPECT_NEAR(line.intercept, 1 - kMu * kMu, Tolerance(2.40));
  EXPECT_NEAR(last.at("far/loss"), 2, Tolerance(56));
  EXPECT_NEAR(last.at("weights/effective_sample_size") / kRows,
              std::exp(-kMu * kMu), Tolerance(.158));

  const Line exact = LeastSquares(Features(*trainer), weights);
  EXPECT_NEAR(line.slope, exact.slope, 1e-12);
  EXPECT_NEAR(line.intercept, exact.intercept, 1e-12);
}

}  // namespace
}  // namespace steelyard::worker
