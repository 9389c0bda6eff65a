#include "training/network.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "tests/training/problems.h"
#include "training/output_losses.h"

namespace steelyard::training {
namespace {

struct NetworkCase {
  std::string name;
  Architecture architecture;
  Loss loss = Loss::kLogistic;
};

// A batch of some rows, and the loss as a function of theta.
class Batch {
 public:
  static constexpr int64_t kRows = 7;
  static constexpr int64_t kFeatures = 3;

  explicit Batch(const NetworkCase& test)
      : test_(test),
        network_(test.architecture, kFeatures, kRows),
        x_(Normals(kRows * kFeatures, 1, 11)),
        weights_(static_cast<size_t>(kRows)) {
    for (int64_t i = 0; i < kRows; ++i) {
      weights_[static_cast<size_t>(i)] = 0.1 + static_cast<double>(i) / 10;
      labels_.push_back(Label(i));
    }
  }

  int64_t parameters() const { return network_.parameters(); }

  double LossAt(const std::vector<double>& theta) {
    std::vector<double> slopes(static_cast<size_t>(kRows * network_.outputs()));
    return Backward(theta, slopes);
  }

  std::vector<double> Gradient(const std::vector<double>& theta) {
    std::vector<double> slopes(static_cast<size_t>(kRows * network_.outputs()));
    Backward(theta, slopes);
    std::vector<double> gradient(theta.size(), 0.0);
    network_.AddGradient(theta.data(), x_.data(), kRows, slopes.data(),
                         gradient.data());
    return gradient;
  }

  std::vector<double> Outputs(const std::vector<double>& theta) {
    const double* f = network_.Forward(theta.data(), x_.data(), kRows);
    return {f, f + kRows * network_.outputs()};
  }

  // sum over rows of f(theta, x): what Euler's identity speaks of.
  std::vector<double> GradientOfOutputs(const std::vector<double>& theta) {
    network_.Forward(theta.data(), x_.data(), kRows);
    const std::vector<double> ones(
        static_cast<size_t>(kRows * network_.outputs()), 1.0);
    std::vector<double> gradient(theta.size(), 0.0);
    network_.AddGradient(theta.data(), x_.data(), kRows, ones.data(),
                         gradient.data());
    return gradient;
  }

 private:
  double Label(int64_t i) const {
    if (test_.architecture.outputs > 1) {
      return static_cast<double>(i % test_.architecture.outputs);
    }
    if (test_.loss.kind == Loss::kSquared)
      return 0.3 * static_cast<double>(i) - 1;
    return i % 2 == 0 ? 1 : -1;
  }
  double Backward(const std::vector<double>& theta,
                  std::vector<double>& slopes) {
    const double* f = network_.Forward(theta.data(), x_.data(), kRows);
    return SlopesOfLosses<double>(test_.loss, f, network_.outputs(), labels_,
                                  weights_, slopes.data());
  }

  const NetworkCase test_;
  Network<double> network_;
  const std::vector<double> x_;
  std::vector<double> weights_;
  std::vector<double> labels_;
};

class NetworkTest : public testing::TestWithParam<NetworkCase> {};

// Central differences err by O(h^2) in theory and by O(eps / h) in floating
// point: near 1e-10 of the largest entry at h = 1e-6.
TEST_P(NetworkTest, GradientMatchesCentralDifferences) {
  Batch batch(GetParam());
  const std::vector<double> theta = Normals(batch.parameters(), 0.7, 5);
  const std::vector<double> gradient = batch.Gradient(theta);
  double largest = 0;
  for (const double g : gradient) largest = std::max(largest, std::fabs(g));
  ASSERT_GT(largest, 0);
  constexpr double kStep = 1e-6;
  for (size_t j = 0; j < theta.size(); ++j) {
    std::vector<double> up = theta;
    std::vector<double> down = theta;
    up[j] += kStep;
    down[j] -= kStep;
    const double slope =
        (batch.LossAt(up) - batch.LossAt(down)) / (up[j] - down[j]);
    EXPECT_NEAR(gradient[j], slope, 1e-6 * largest) << "parameter " << j;
  }
}

TEST_P(NetworkTest, HomogeneityAndEulersIdentityHoldWhereTheyArePromised) {
  const std::optional<int64_t> degree = Homogeneity(GetParam().architecture);
  if (!degree) return;
  Batch batch(GetParam());
  const std::vector<double> theta = Normals(batch.parameters(), 0.7, 5);
  const std::vector<double> outputs = batch.Outputs(theta);
  const double power = static_cast<double>(*degree);
  std::vector<double> scaled = theta;
  for (double& value : scaled) value *= 1.7;
  const std::vector<double> larger = batch.Outputs(scaled);
  double sum = 0;
  double size = 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    EXPECT_NEAR(larger[i], std::pow(1.7, power) * outputs[i],
                1e-12 * std::pow(1.7, power) * (1 + std::fabs(outputs[i])));
    sum += outputs[i];
    size += std::fabs(outputs[i]);
  }
  const std::vector<double> gradient = batch.GradientOfOutputs(theta);
  double product = 0;
  for (size_t j = 0; j < theta.size(); ++j) product += gradient[j] * theta[j];
  EXPECT_NEAR(product, power * sum, 1e-12 * power * (1 + size));
}

std::vector<NetworkCase> Cases() {
  std::vector<NetworkCase> cases;
  const auto add = [&](std::string name, std::vector<int64_t> hidden,
                       Activation activation, Biases biases, const Loss& loss,
                       int64_t outputs = 1) {
    cases.push_back({.name = std::move(name),
                     .architecture = {.hidden = std::move(hidden),
                                      .outputs = outputs,
                                      .activation = activation,
                                      .leak = 0.1,
                                      .biases = biases},
                     .loss = loss});
  };
  using A = Activation;
  using B = Biases;
  add("Linear", {}, A::kRelu, B::kPerLayer, Loss::kLogistic);
  add("DeepLinear", {5, 4}, A::kIdentity, B::kNone, Loss::kExponential);
  add("Relu", {9, 5}, A::kRelu, B::kPerLayer, Loss::kLogistic);
  add("ReluHomogeneous", {9, 5}, A::kRelu, B::kNone, Loss::kExponential);
  add("LeakyRelu", {9}, A::kLeakyRelu, B::kNone, Loss::kSquared);
  add("Tanh", {6, 6, 6}, A::kTanh, B::kPerLayer, Loss::kSquared);
  add("Quadratic", {6, 3}, A::kQuadratic, B::kNone, Loss::kLogistic);
  add("Softmax", {8}, A::kTanh, B::kPerLayer, Loss::kSoftmaxCrossEntropy, 4);
  add("SoftmaxLinear", {}, A::kRelu, B::kConstantInput,
      Loss::kSoftmaxCrossEntropy, 4);
  add("Polynomial", {6}, A::kTanh, B::kNone, Loss::kPolynomial);
  add("SquaredHinge", {6}, A::kTanh, B::kNone, Loss::kSquaredHinge);
  add("Focal", {6}, A::kTanh, B::kPerLayer, Loss::kFocal);
  add("FocalClasses", {6}, A::kTanh, B::kPerLayer, Loss::kFocal, 4);
  Loss shaped = Loss::kLogistic;
  shaped.margins = {.scales = {0.5, 1.25},
                    .offsets = {0, -0.7, 1.5, 0},
                    .factors = {3, 0.25}};
  add("MarginsOfSigns", {6}, A::kTanh, B::kPerLayer, shaped);
  shaped = Loss::kSoftmaxCrossEntropy;
  shaped.margins = {.scales = {0.5, 1.25, 2},
                    .offsets = {0, -0.7, 1.5, 2, 0, -1, 0.1, 0.2, 0},
                    .factors = {3, 0.25, 1}};
  add("MarginsOfClasses", {6}, A::kTanh, B::kPerLayer, shaped, 3);
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Kinds, NetworkTest, testing::ValuesIn(Cases()),
                         [](const auto& it) { return it.param.name; });

TEST(HomogeneityTest, DegreesAreThoseOfTheProducts) {
  const auto degree = [](std::vector<int64_t> hidden, Activation activation,
                         Biases biases) {
    return Homogeneity({.hidden = std::move(hidden),
                        .activation = activation,
                        .biases = biases});
  };
  EXPECT_EQ(degree({}, Activation::kTanh, Biases::kNone), 1);
  EXPECT_EQ(degree({}, Activation::kTanh, Biases::kPerLayer), 1);
  EXPECT_EQ(degree({5}, Activation::kRelu, Biases::kConstantInput), 2);
  EXPECT_EQ(degree({5, 5}, Activation::kLeakyRelu, Biases::kNone), 3);
  EXPECT_EQ(degree({5}, Activation::kQuadratic, Biases::kNone), 3);
  EXPECT_EQ(degree({5, 5}, Activation::kQuadratic, Biases::kNone), 7);
  EXPECT_EQ(degree({5}, Activation::kTanh, Biases::kNone), std::nullopt);
  EXPECT_EQ(degree({5}, Activation::kRelu, Biases::kPerLayer), std::nullopt);
}

// A row alone and in a batch; single precision too.
TEST(NetworkBitsTest, ARowHasTheSameBitsInAnyCompany) {
  const Architecture architecture = {.hidden = {40, 30}, .outputs = 10};
  Network<float> network(architecture, 50, 64);
  std::vector<float> theta;
  for (const double value : Normals(network.parameters(), 0.3, 1)) {
    theta.push_back(static_cast<float>(value));
  }
  std::vector<float> x;
  for (const double value : Normals(64L * 50, 1, 2)) {
    x.push_back(static_cast<float>(value));
  }
  const float* together = network.Forward(theta.data(), x.data(), 64);
  const std::vector<float> batch(together, together + 640);
  for (int64_t i = 0; i < 64; ++i) {
    const float* alone = network.Forward(theta.data(), x.data() + i * 50, 1);
    for (int64_t k = 0; k < 10; ++k) {
      ASSERT_EQ(alone[k], batch[static_cast<size_t>(i * 10 + k)]);
    }
  }
}

}  // namespace
}  // namespace steelyard::training
