#include "training/network_field.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "tests/training/far_networks.h"
#include "tests/training/problems.h"
#include "training/ode_solver.h"
#include "training/output_losses.h"

namespace steelyard::training {
namespace {

constexpr int64_t kClasses = 3;

// Slopes of rows whose coefficient is e^log_c, as both functions say them.
void ExpectSameSlopes(const Loss& loss, int64_t k) {
  constexpr int64_t kRows = 30;
  const std::vector<double> f = Normals(kRows * k, 3, 1);
  std::vector<double> labels;
  std::vector<double> coefficients;
  std::vector<double> log_coefficients;
  for (int64_t i = 0; i < kRows; ++i) {
    labels.push_back(k > 1 ? static_cast<double>(i % k) : i % 2 == 0 ? 1 : -1);
    coefficients.push_back(0.1 + static_cast<double>(i) / 7);
    log_coefficients.push_back(std::log(coefficients.back()) - 2);
  }
  std::vector<double> wanted(f.size());
  std::vector<double> got(f.size());
  std::vector<double> margins(labels.size());
  std::vector<double> pulls(labels.size());
  SlopesOfLosses<double>(loss, f.data(), k, labels, coefficients,
                         wanted.data());
  WriteFarSlopes(
      loss, f.data(), k,
      {.labels = labels, .log_coefficients = log_coefficients, .log_factor = 2},
      {got.data(), margins.data(), pulls.data()});
  for (size_t j = 0; j < f.size(); ++j) {
    EXPECT_NEAR(got[j], wanted[j], 1e-13 * (1 + std::fabs(wanted[j])))
        << loss.kind << " " << j;
  }
  for (int64_t i = 0; i < kRows; ++i) {
    const auto row = static_cast<size_t>(i);
    EXPECT_EQ(margins[row], LossMargin(loss, f.data() + i * k, k, labels[row]));
  }
}

TEST(NetworkFieldTest, FarSlopesAreThoseOfTheLosses) {
  for (const Loss& loss : LossesOfMargins()) ExpectSameSlopes(loss, 1);
  ExpectSameSlopes(Loss::kSquared, 1);
  for (const Loss::Kind kind : {Loss::kSoftmaxCrossEntropy, Loss::kFocal}) {
    Loss loss = kind;
    ExpectSameSlopes(loss, kClasses);
    loss.margins = {.scales = {0.5, 1.25, 2},
                    .offsets = {0, -0.7, 1.5, 0, 0.3, 0, -1, 2, 0},
                    .factors = {3, 0.25, 1}};
    ExpectSameSlopes(loss, kClasses);
  }
}

// e^2300 times a pull of e^-2300.
TEST(NetworkFieldTest, NoTimeIsTooFarForASlope) {
  const std::vector<double> log_coefficients = {std::log(0.5)};
  double margin = 0;
  double pull = 0;
  double slope = 0;
  const double f = 2300.25;
  for (const Loss::Kind kind : {Loss::kExponential, Loss::kLogistic}) {
    WriteFarSlopes(kind, &f, 1,
                   {.labels = std::vector<double>{1},
                    .log_coefficients = log_coefficients,
                    .log_factor = 2300},
                   {&slope, &margin, &pull});
    EXPECT_NEAR(slope, -0.5 * std::exp(-0.25), 1e-12);
    EXPECT_EQ(pull, -slope);
  }
  const std::vector<double> outputs = {2301, 1, 0.5};
  std::vector<double> slopes(3);
  WriteFarSlopes(Loss::kSoftmaxCrossEntropy, outputs.data(), 3,
                 {.labels = std::vector<double>{0},
                  .log_coefficients = log_coefficients,
                  .log_factor = 2300},
                 {slopes.data(), &margin, &pull});
  EXPECT_NEAR(slopes[1], 0.5, 1e-12);
  EXPECT_NEAR(slopes[2], 0.5 * std::exp(-0.5), 1e-12);
  EXPECT_NEAR(slopes[0], -slopes[1] - slopes[2], 1e-12);
}

TEST(NetworkFieldTest, NoPullIsNoneHoweverFar) {
  double margin = 0;
  double pull = 1;
  double slope = 1;
  const double f = 0.25;
  WriteFarSlopes(Loss::kSquared, &f, 1,
                 {.labels = std::vector<double>{0.25},
                  .log_coefficients = std::vector<double>{0},
                  .log_factor = 1000},
                 {&slope, &margin, &pull});
  EXPECT_EQ(slope, 0);
  EXPECT_EQ(pull, 0);
}

// Along a straight line margins of one layer come to a kink where they should.
TEST(NetworkFieldTest, KinksAreForeseenAndSeen) {
  for (const Loss::Kind kind : {Loss::kPolynomial, Loss::kSquaredHinge}) {
    NetworkProblem problem;
    problem.train = RandomRows(9, 3, 1, 2);
    problem.architecture.activation = Activation::kIdentity;
    problem.loss = kind;
    problem.rate.initial = 0.1;
    const NetworkRows<double> rows = RowsOf(problem);
    const auto weights = NormalizeWeights({}, rows.rows, problem.normalization);
    ASSERT_THAT(weights, IsOk());
    NetworkField field(problem, *weights, rows);
    const std::vector<double> theta = Normals(field.dimension(), 0.1, 1);
    const auto d = theta.size();
    std::vector<double> along(d);
    field.Evaluate(0, 1, theta, along);
    field.Watch();
    const double way = field.ToKink(theta, along);
    const auto smooth_after = [&](double share) {
      std::vector<double> place = theta;
      std::vector<double> slope(d);
      for (size_t j = 0; j < d; ++j) place[j] += share * way * along[j];
      field.Evaluate(0, 1, place, slope);
      return field.smooth();
    };
    EXPECT_FALSE(smooth_after(1.0001)) << kind;
    field.Watch();
    field.ToKink(theta, along);
    EXPECT_TRUE(smooth_after(0.9999)) << kind;
  }
}

class NetworkFieldTest : public testing::TestWithParam<FarNetwork> {};

void ExpectSquares(const NetworkProblem& problem) {
  const NetworkRows<double> rows = RowsOf(problem);
  Network<double> network(problem.architecture, rows.features, rows.rows);
  const int64_t k = network.outputs();
  const std::vector<double> theta = Normals(network.parameters(), 0.7, 5);
  const std::vector<double> slopes = Normals(rows.rows * k, 1, 6);
  std::vector<double> squares(static_cast<size_t>(rows.rows));
  network.Forward(theta.data(), rows.row(0), rows.rows);
  network.WriteRowSquares(theta.data(), rows.row(0), rows.rows, slopes.data(),
                          squares.data());
  for (int64_t i = 0; i < rows.rows; ++i) {
    std::vector<double> gradient(theta.size(), 0.0);
    network.Forward(theta.data(), rows.row(i), 1);
    network.AddGradient(theta.data(), rows.row(i), 1, slopes.data() + i * k,
                        gradient.data());
    const double length = LengthOf(gradient);
    EXPECT_NEAR(squares[static_cast<size_t>(i)], length * length,
                1e-12 * length * length);
  }
}

TEST_P(NetworkFieldTest, SquaresAreThoseOfTheRowsGradients) {
  std::mt19937_64 random(3);
  NetworkProblem problem = RandomNetwork(GetParam(), random);
  for (const Biases biases :
       {Biases::kPerLayer, Biases::kNone, Biases::kConstantInput}) {
    problem.architecture.biases = biases;
    ExpectSquares(problem);
  }
}

// At random places, and with several pulls, it is above each eigenvalue; of one
// output not by more than a network's layers make of it.
TEST_P(NetworkFieldTest, TheRateBoundIsOne) {
  std::mt19937_64 random(11);
  for (int k = 0; k < 10; ++k) {
    NetworkProblem problem = RandomNetwork(GetParam(), random);
    problem.weights.clear();
    const NetworkRows<double> rows = RowsOf(problem);
    const auto weights = NormalizeWeights({}, rows.rows, problem.normalization);
    ASSERT_THAT(weights, IsOk());
    NetworkField field(problem, *weights, rows);
    const auto d = static_cast<size_t>(field.dimension());
    std::vector<double> theta =
        Normals(field.dimension(), 0.3 * (1 + k % 4), random());
    std::vector<double> slope(d);
    std::vector<double> values(d);
    std::vector<double> vectors(d * d);
    const double s = std::log(1000.0);
    field.LongestRow(theta);
    field.Evaluate(s, 1, theta, slope);
    const double bound = field.RateBound();
    field.Modes(s, 1, theta, values, vectors);
    double fastest = 0;
    for (const double value : values) {
      fastest = std::max(fastest, std::fabs(value));
    }
    EXPECT_GE(bound, (1 - 1e-4) * fastest) << k;
    EXPECT_LE(bound, 200 * fastest) << k;
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, NetworkFieldTest,
                         testing::ValuesIn(FarNetworks()),
                         [](const auto& it) { return it.param.name; });

}  // namespace
}  // namespace steelyard::training
