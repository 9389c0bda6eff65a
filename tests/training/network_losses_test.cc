#include <cstdlib>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "tests/training/problems.h"
#include "training/trainer.h"

// Networks lose what PyTorch's lose: golden/make_network_losses.py, which has
// the same cases by the same names, made the file.
namespace steelyard::training {
namespace {

constexpr int64_t kSteps = 20;

struct Case {
  std::string name;
  Activation activation;
  Loss loss;
  Rule rule;
  LearningRate rate;
  Batches batches = {};
  double l2_strength = 0;
  double weight_decay = 0;
};

std::vector<Case> Cases() {
  using enum Activation;
  const MomentumRule momentum = {.momentum = 0.9};
  const MomentumRule nesterov = {.momentum = 0.9, .nesterov = true};
  return {
      {"relu_logistic_plain", kRelu, Loss::kLogistic, PlainRule{}, {0.5}},
      {"tanh_logistic_momentum", kTanh, Loss::kLogistic, momentum, {0.1}},
      {"relu_squared_nesterov", kRelu, Loss::kSquared, nesterov, {0.01}},
      {"tanh_squared_adam", kTanh, Loss::kSquared, AdamRule{}, {0.02}},
      {"relu_exponential_plain",
       kRelu,
       Loss::kExponential,
       PlainRule{},
       {0.05}},
      {"relu_softmax_batches",
       kRelu,
       Loss::kSoftmaxCrossEntropy,
       PlainRule{},
       {0.3},
       {.size = 8}},
      {"tanh_softmax_weighted_mean",
       kTanh,
       Loss::kSoftmaxCrossEntropy,
       momentum,
       {0.1},
       {.size = 8, .keep_last = true, .reduction = Reduction::kWeightedMean}},
      {.name = "relu_softmax_l2",
       .activation = kRelu,
       .loss = Loss::kSoftmaxCrossEntropy,
       .rule = nesterov,
       .rate = {0.05},
       .batches = {.size = 8},
       .l2_strength = 0.01},
      {.name = "tanh_logistic_decay",
       .activation = kTanh,
       .loss = Loss::kLogistic,
       .rule = AdamRule{},
       .rate = {0.02},
       .weight_decay = 0.5},
      {.name = "relu_softmax_cosine",
       .activation = kRelu,
       .loss = Loss::kSoftmaxCrossEntropy,
       .rule = AdamRule{.beta1 = 0.8, .beta2 = 0.99},
       .rate = {.initial = 0.05, .schedule = CosineRate{}},
       .batches = {.size = 5, .keep_last = true}},
  };
}

struct Golden {
  std::vector<double> classes;
  std::vector<double> numbers;
  Rows rows;                                          // without labels
  std::map<int64_t, std::vector<double>> parameters;  // by outputs
  std::map<std::string, std::vector<double>> losses;  // by "CASE PRECISION"
};

std::vector<double> Numbers(std::istream& line) {
  std::vector<double> numbers;
  for (std::string word; line >> word;) {
    numbers.push_back(std::strtod(word.c_str(), nullptr));
  }
  return numbers;
}

Golden ReadGolden() {
  Golden golden;
  std::ifstream file(STEELYARD_NETWORK_LOSSES);
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string kind;
    line >> kind;
    if (kind == "row") {
      double label = 0;
      double number = 0;
      line >> label >> number;
      golden.classes.push_back(label);
      golden.numbers.push_back(number);
      const std::vector<double> features = Numbers(line);
      golden.rows.columns = std::ssize(features);
      golden.rows.features.insert(golden.rows.features.end(), features.begin(),
                                  features.end());
      ++golden.rows.rows;
    } else if (kind == "parameters") {
      int64_t outputs = 0;
      line >> outputs;
      golden.parameters[outputs] = Numbers(line);
    } else if (kind == "case") {
      std::string name;
      std::string precision;
      line >> name >> precision;
      golden.losses[absl::StrCat(name, " ", precision)] = Numbers(line);
    }
  }
  return golden;
}

NetworkProblem Problem(const Golden& golden, const Case& test) {
  const bool softmax = test.loss.kind == Loss::kSoftmaxCrossEntropy;
  NetworkProblem problem;
  problem.train = golden.rows;
  problem.train.labels =
      test.loss.kind == Loss::kSquared ? golden.numbers : golden.classes;
  for (const double label : golden.classes) {
    const double by_class[] = {4, 1, 2};
    problem.weights.push_back(by_class[static_cast<size_t>(label)]);
  }
  if (!softmax && test.loss.kind != Loss::kSquared) {
    for (double& y : problem.train.labels) y = y > 0 ? -1 : 1;
  }
  problem.architecture.hidden = {8, 6};
  problem.architecture.outputs = softmax ? 3 : 1;
  problem.architecture.activation = test.activation;
  problem.loss = test.loss;
  problem.penalty.strength = test.l2_strength;
  problem.weight_decay = test.weight_decay;
  problem.batches = test.batches;
  problem.rule = test.rule;
  problem.rate = test.rate;
  problem.initial =
      GivenInitial{golden.parameters.at(problem.architecture.outputs)};
  problem.seed = 3;
  problem.steps = kSteps;
  problem.schedule = EverySchedule{.steps = 1};
  return problem;
}

class NetworkLossesTest : public testing::TestWithParam<Case> {
 protected:
  // The largest difference, relative, of the trajectory from PyTorch's.
  static double LargestDifference(Precision precision) {
    const Golden golden = ReadGolden();
    NetworkProblem problem = Problem(golden, GetParam());
    problem.precision = precision;
    absl::StatusOr<std::unique_ptr<Trainer>> trainer =
        Trainer::Create(std::move(problem));
    if (!trainer.ok()) {
      ADD_FAILURE() << trainer.status();
      return 1;
    }
    const std::vector<double>& wanted = golden.losses.at(
        GetParam().name +
        (precision == Precision::kSingle ? " single" : " double"));
    EXPECT_EQ(wanted.size(), kSteps + 1);
    double largest = 0;
    int64_t compared = 0;
    for (const Evaluation& evaluation : RunToEnd(**trainer)) {
      const double loss = ByName(**trainer, evaluation).at("train/loss");
      const double want = wanted.at(static_cast<size_t>(evaluation.step));
      largest = std::max(largest, std::fabs(loss / want - 1));
      ++compared;
    }
    EXPECT_EQ(compared, kSteps + 1);
    return largest;
  }
};

// The bounds are those of the two precisions' own rounding over twenty steps.
TEST_P(NetworkLossesTest, AreThoseOfPyTorch) {
  EXPECT_LT(LargestDifference(Precision::kSingle), 1e-5);
  EXPECT_LT(LargestDifference(Precision::kDouble), 1e-10);
}

INSTANTIATE_TEST_SUITE_P(Cases, NetworkLossesTest, testing::ValuesIn(Cases()),
                         [](const auto& it) { return it.param.name; });

}  // namespace
}  // namespace steelyard::training
