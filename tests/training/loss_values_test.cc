// Losses against mpmath's values (golden/make_loss_values.py), their slopes
// against differences, and special cases against their parents.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "tests/training/problems.h"
#include "training/losses.h"
#include "training/output_losses.h"
#include "training/random.h"

namespace steelyard::training {
namespace {

Loss Named(const std::string& name, double p, double q) {
  Loss loss;
  if (name == "exponential") loss.kind = Loss::kExponential;
  if (name == "polynomial") loss.kind = Loss::kPolynomial;
  if (name == "hinge") loss.kind = Loss::kHinge;
  if (name == "squared_hinge") loss.kind = Loss::kSquaredHinge;
  if (name == "focal") loss.kind = Loss::kFocal;
  loss.alpha = loss.gamma = p;
  loss.beta = q;
  return loss;
}

double ReadNumber(std::istream& line) {
  std::string word;
  line >> word;
  return std::strtod(word.c_str(), nullptr);
}

std::vector<double> ReadNumbers(std::istream& line, int64_t count) {
  std::vector<double> numbers;
  for (int64_t i = 0; i < count; ++i) numbers.push_back(ReadNumber(line));
  return numbers;
}

// Within `units` of the last digit; below the least normal double anything as
// small will do.
void ExpectClose(double got, double want, double units) {
  constexpr double kLeast = std::numeric_limits<double>::min();
  EXPECT_NEAR(got, want, units * 2.3e-16 * std::fabs(want) + kLeast);
}

TEST(LossValuesTest, MarginsAndOutputsAreAsMpmathHasThem) {
  std::ifstream file(STEELYARD_LOSS_VALUES);
  int margins = 0;
  int outputs = 0;
  for (std::string text; std::getline(file, text);) {
    SCOPED_TRACE(text);
    std::istringstream line(text);
    std::string name;
    line >> name;
    if (name != "outputs") {
      const double p = ReadNumber(line);
      const Loss loss = Named(name, p, ReadNumber(line));
      const double u = ReadNumber(line);
      ExpectClose(LossAt(loss, u), ReadNumber(line), 8);
      const double pull = ReadNumber(line);
      ExpectClose(PullAt(loss, u), pull, 8);
      if (pull > 1e-300) {
        EXPECT_NEAR(LogPull(loss, u), std::log(pull),
                    1e-15 * (4 + std::fabs(std::log(pull))));
      }
      const double log = ReadNumber(line);
      if (std::isinf(log)) {
        EXPECT_EQ(LogLoss(loss, u), log);
      } else {
        EXPECT_NEAR(LogLoss(loss, u), log, 4e-16 * std::fabs(log) + 4e-16);
      }
      ++margins;
      continue;
    }
    const double gamma = ReadNumber(line);
    Loss loss = gamma > 0 ? Loss::kFocal : Loss::kSoftmaxCrossEntropy;
    loss.gamma = gamma;
    const auto k = static_cast<int64_t>(ReadNumber(line));
    const std::vector<double> label = {ReadNumber(line)};
    const std::vector<double> f = ReadNumbers(line, k);
    loss.margins.scales = ReadNumbers(line, k);
    loss.margins.offsets = ReadNumbers(line, k * k);
    loss.margins.factors = ReadNumbers(line, k);
    std::vector<double> slopes(f.size());
    const std::vector<double> one = {1};
    const double sum =
        SlopesOfLosses(loss, f.data(), k, label, one, slopes.data());
    // Relative to the largest term of the logarithm, some 20.
    const double want = ReadNumber(line);
    EXPECT_NEAR(sum, want, 1e-14 * (1 + std::fabs(want)));
    EXPECT_NEAR(
        std::exp(LogLoss(loss, LossMargin(loss, f.data(), k, label[0])) +
                 std::log(FactorOf(loss, true, label[0]))),
        want, 1e-14 * (1 + std::fabs(want)));
    for (const double slope : slopes) {
      const double right = ReadNumber(line);
      EXPECT_NEAR(slope, right, 1e-13 * (1 + std::fabs(right)));
    }
    ++outputs;
  }
  EXPECT_EQ(margins, 308);
  EXPECT_EQ(outputs, 24);
}

TEST(LossValuesTest, SlopesAreCentralDifferences) {
  for (const Loss& loss : LossesOfMargins()) {
    for (int k = -60; k <= 60; ++k) {
      const double u = 0.1 * k + 0.013;  // off every kink
      const double h = 1e-5;
      const double slope =
          (LossAt(loss, u + h) - LossAt(loss, u - h)) / (2 * h);
      EXPECT_NEAR(PullAt(loss, u), -slope, 1e-6 * std::fabs(slope) + 1e-9)
          << loss.kind << " at " << u;
    }
  }
}

// Far out nothing overflows or becomes no number, and logarithms stay finite.
TEST(LossValuesTest, HoldAtMarginsOfHundreds) {
  for (const Loss& loss : LossesOfMargins()) {
    for (const double u : {-800.0, 800.0}) {
      EXPECT_FALSE(std::isnan(LossAt(loss, u)));
      EXPECT_FALSE(std::isnan(PullAt(loss, u)));
      EXPECT_GE(PullAt(loss, u), 0);
      const double log = LogLoss(loss, u);
      EXPECT_TRUE(std::isfinite(log) || (MayVanish(loss) && u > 0 && log < 0));
    }
    EXPECT_TRUE(std::isnan(LossAt(loss, std::nan(""))) ||
                loss.kind == Loss::kPolynomial);
  }
}

// Wang et al.'s loss is continuous at 1, its slope is -.8585 there from the
// left and -1 from the right.
TEST(LossValuesTest, PolynomialTailIsContinuous) {
  const Loss loss = Loss::kPolynomial;
  EXPECT_EQ(LossAt(loss, 1), 1);
  EXPECT_NEAR(LossAt(loss, std::nextafter(1.0, 0.0)), 1, 1e-15);
  EXPECT_EQ(PullAt(loss, 1), 1);
  EXPECT_NEAR(PullAt(loss, std::nextafter(1.0, 0.0)), .8585, 5e-5);
}

// [rows, k] outputs and a label each.
struct Outputs {
  int64_t k = 0;
  std::vector<double> f;
  std::vector<double> labels;
};

Outputs SomeOutputs(int64_t k) {
  Outputs made{.k = k, .f = {}, .labels = {}};
  RandomStream random(11, "loss_values_test");
  for (int64_t i = 0; i < 200; ++i) {
    for (int64_t j = 0; j < k; ++j) made.f.push_back(6 * random.Normal());
    const auto label = static_cast<double>(i % std::max<int64_t>(k, 2));
    made.labels.push_back(k > 1 ? label : 2 * label - 1);
  }
  return made;
}

// Largest difference of loss and slopes between two losses, relative to 1.
double Difference(const Loss& a, const Loss& b, const Outputs& at) {
  const std::vector<double> ones(at.labels.size(), 1.0);
  std::vector<double> slopes_a(at.f.size());
  std::vector<double> slopes_b(at.f.size());
  double largest = 0;
  for (size_t i = 0; i < at.labels.size(); ++i) {
    const auto k = static_cast<size_t>(at.k);
    const std::span<const double> label(&at.labels[i], 1);
    const double loss_a =
        SlopesOfLosses(a, &at.f[i * k], at.k, label, ones, &slopes_a[i * k]);
    const double loss_b =
        SlopesOfLosses(b, &at.f[i * k], at.k, label, ones, &slopes_b[i * k]);
    largest = std::max(largest, std::fabs(loss_a - loss_b) / (1 + loss_b));
  }
  for (size_t j = 0; j < slopes_a.size(); ++j) {
    largest = std::max(largest, std::fabs(slopes_a[j] - slopes_b[j]));
  }
  return largest;
}

TEST(LossValuesTest, SpecialCasesEqualTheirParents) {
  Loss focal = Loss::kFocal;
  focal.gamma = 0;
  EXPECT_EQ(Difference(focal, Loss::kLogistic, SomeOutputs(1)), 0);
  for (const int64_t k : {2, 3, 7}) {
    const Outputs outputs = SomeOutputs(k);
    const auto classes = static_cast<size_t>(k);
    EXPECT_LE(Difference(focal, Loss::kSoftmaxCrossEntropy, outputs), 4e-15);
    Loss neutral = Loss::kSoftmaxCrossEntropy;
    neutral.margins.scales.assign(classes, 1);
    neutral.margins.offsets.assign(classes * classes, 0);
    neutral.margins.factors.assign(classes, 1);
    EXPECT_LE(Difference(neutral, Loss::kSoftmaxCrossEntropy, outputs), 4e-15);
  }
  Loss neutral = Loss::kLogistic;
  neutral.margins = {
      .scales = {1, 1}, .offsets = {0, 0, 0, 0}, .factors = {1, 1}};
  EXPECT_EQ(Difference(neutral, Loss::kLogistic, SomeOutputs(1)), 0);
}

}  // namespace
}  // namespace steelyard::training
