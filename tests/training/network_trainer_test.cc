#include <algorithm>
#include <cmath>
#include <cstring>

#include "tests/training/problems.h"
#include "training/trainer.h"

// Networks through the border alone.
namespace steelyard::training {
namespace {

constexpr int64_t kAll = std::numeric_limits<int64_t>::max();

NetworkProblem Small(Precision precision, const Rule& rule) {
  NetworkProblem problem;
  problem.train = RandomRows(37, 4, 1, 1);
  problem.tests.push_back({"test", RandomRows(19, 4, 1, 2)});
  problem.weights = PerClass(problem.train, 5, 1);
  problem.architecture.hidden = {9, 5};
  problem.batches = {.size = 8};
  problem.rule = rule;
  problem.rate = {.initial = 0.05, .schedule = CosineRate{}};
  problem.penalty.strength = 1e-3;
  problem.precision = precision;
  problem.seed = 4;
  problem.steps = 100;
  return problem;
}

std::unique_ptr<Trainer> Make(NetworkProblem problem) {
  auto trainer = Trainer::Create(std::move(problem));
  EXPECT_THAT(trainer, IsOk());
  return *std::move(trainer);
}

std::map<int64_t, Values> MeasureNetwork(NetworkProblem problem) {
  const std::unique_ptr<Trainer> trainer = Make(std::move(problem));
  std::map<int64_t, Values> by_step;
  for (const Evaluation& evaluation : RunToEnd(*trainer)) {
    by_step[evaluation.step] = ByName(*trainer, evaluation);
  }
  return by_step;
}

struct ResumeCase {
  std::string name;
  Precision precision;
  Rule rule;
  bool keep_last = false;
};

class ResumeTest : public testing::TestWithParam<ResumeCase> {
 protected:
  static NetworkProblem Problem() {
    NetworkProblem problem = Small(GetParam().precision, GetParam().rule);
    problem.batches.keep_last = GetParam().keep_last;
    return problem;
  }
};

// From every step, which is in the middle of an epoch as a rule.
TEST_P(ResumeTest, AResumedRunHasTheSameBits) {
  const auto whole = Make(Problem());
  RunToEnd(*whole);
  const auto first = Make(Problem());
  int64_t resumed = 0;
  while (!first->done()) {
    ASSERT_THAT(first->Advance(7), IsOk());
    const auto second = Make(Problem());
    ASSERT_THAT(second->RestoreState(first->SaveState()), IsOk());
    RunToEnd(*second);
    ASSERT_EQ(second->SaveState(), whole->SaveState())
        << "from step " << first->step();
    ++resumed;
  }
  EXPECT_GT(resumed, 15);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, ResumeTest,
    testing::Values(ResumeCase{"Plain", Precision::kSingle, PlainRule{}},
                    ResumeCase{"KeepLast", Precision::kSingle, PlainRule{},
                               true},
                    ResumeCase{"Momentum", Precision::kDouble, MomentumRule{}},
                    ResumeCase{"Nesterov", Precision::kSingle,
                               MomentumRule{.nesterov = true}},
                    ResumeCase{"Adam", Precision::kSingle, AdamRule{}},
                    ResumeCase{"AdamDouble", Precision::kDouble, AdamRule{}}),
    [](const auto& it) { return it.param.name; });

TEST(NetworkTrainerTest, StatesOfOtherProblemsAreRefused) {
  const NetworkProblem problem = Small(Precision::kSingle, AdamRule{});
  const std::string state = Make(problem)->SaveState();
  std::vector<NetworkProblem> others(9, problem);
  others[0].seed = 5;
  others[1].architecture.hidden = {5, 9};
  others[2].architecture.activation = Activation::kTanh;
  others[3].batches.keep_last = true;
  others[4].rate.initial = 0.06;
  others[5].weight_decay = 1e-9;
  others[6].rule = AdamRule{.beta1 = 0.8};
  others[7].initial = XavierInitial{};
  others[8].precision = Precision::kDouble;
  for (size_t i = 0; i < others.size(); ++i) {
    EXPECT_THAT(Make(others[i])->RestoreState(state),
                StatusIs(absl::StatusCode::kDataLoss, "of this problem"))
        << i;
  }
}

// A network without hidden layers, in double, by full batches from 0, is the
// linear trainer's model: equal but for the order of sums.
TEST(NetworkTrainerTest, ALinearNetworkIsTheLinearModel) {
  LinearProblem linear;
  linear.train = RandomRows(300, 4, 1, 1);
  linear.tests.push_back({"test", RandomRows(19, 4, 1, 2)});
  linear.weights = PerClass(linear.train, 5, 1);
  linear.penalty.strength = 1e-3;
  linear.learning_rate = 0.2;
  linear.steps = 500;
  NetworkProblem network;
  network.train = linear.train;
  network.tests = linear.tests;
  network.weights = linear.weights;
  network.architecture.biases = Biases::kConstantInput;
  network.initial = ZeroInitial{};
  network.precision = Precision::kDouble;
  network.penalty.strength = linear.penalty.strength;
  network.rate.initial = linear.learning_rate;
  network.steps = linear.steps;
  for (const Loss loss : {Loss::kExponential, Loss::kLogistic}) {
    linear.loss = loss;
    network.loss = loss;
    const auto wanted = Measure(linear);
    const auto got = MeasureNetwork(network);
    ASSERT_EQ(got.size(), wanted.size());
    for (const auto& [step, values] : got) {
      for (const char* name :
           {"train/log_loss", "train/error", "train/balanced_error",
            "train/fraction_positive", "test/log_loss", "test/error",
            "test/balanced_error", "train/objective", "parameters/norm",
            "weights/effective_sample_size"}) {
        EXPECT_NEAR(values.at(name), wanted.at(step).at(name), 1e-12)
            << name << " at " << step;
      }
      if (step > 0) {
        EXPECT_NEAR(values.at("margin/normalized"),
                    wanted.at(step).at("margin/normalized"), 1e-12);
      }
    }
  }
}

// The network that is D8's linear model, trained like it.
NetworkProblem D8Network() {
  const LinearProblem linear = D8();
  NetworkProblem network;
  network.train = linear.train;
  network.architecture.biases = Biases::kConstantInput;
  network.loss = linear.loss;
  network.initial = ZeroInitial{};
  network.precision = Precision::kDouble;
  network.rate.initial = linear.learning_rate;
  network.steps = linear.steps;
  return network;
}

std::map<std::string, std::string> Reasons(NetworkProblem problem) {
  std::map<std::string, std::string> reasons;
  const auto trainer = Make(std::move(problem));
  for (const Absence& absence : trainer->absent()) {
    reasons[absence.metric] = absence.reason;
  }
  return reasons;
}

// Metrics that theory has of the descent alone: theory_metrics.h.
bool IsOfDescent(const std::string& name) {
  return name == "train/loss_slope" || name == "margin/smoothed" ||
         name == "dual/gap" || name == "theory/gap_constant";
}

// Whether the bias is a constant feature or the layer's: it is the last
// parameter.
TEST(NetworkTrainerTest, ALinearNetworkHasTheMetricsOfTheLinearModel) {
  const auto wanted = Measure(D8(PerClass(D8().train, 10, 1)));
  for (const Biases biases : {Biases::kConstantInput, Biases::kPerLayer}) {
    NetworkProblem network = D8Network();
    network.weights = PerClass(network.train, 10, 1);
    network.architecture.biases = biases;
    const auto got = MeasureNetwork(network);
    ASSERT_EQ(got.size(), wanted.size());
    int compared = 0;
    for (const auto& [step, values] : wanted) {
      for (const auto& [name, value] : values) {
        if (IsOfDescent(name)) continue;
        ASSERT_TRUE(got.at(step).contains(name)) << name << " at " << step;
        EXPECT_NEAR(got.at(step).at(name), value, 1e-12)
            << name << " at " << step;
        ++compared;
      }
    }
    EXPECT_GT(compared, 300);
    EXPECT_EQ(Reasons(network).size(), 1U);  // train/objective
  }
}

// P2 of docs/science.md, premise by premise.
TEST(NetworkTrainerTest, TheGapIsPredictedOfFixedDescentAlone) {
  const auto reason = [](auto change) {
    NetworkProblem problem = D8Network();
    change(problem);
    const auto reasons = Reasons(problem);
    EXPECT_EQ(reasons.count("direction/gap"), 0U);
    EXPECT_EQ(reasons.count("parameters/J"), 0U);
    const auto found = reasons.find("direction/predicted_gap");
    return found == reasons.end() ? "" : found->second;
  };
  using P = NetworkProblem;
  using testing::HasSubstr;
  EXPECT_EQ(reason([](P& p) { p.initial = HeInitial{}; }), "");
  EXPECT_EQ(reason([](P& p) { p.loss = Loss::kLogistic; }), "");
  EXPECT_EQ(reason([](P& p) { p.batches.size = 8; }), "");
  EXPECT_THAT(reason([](P& p) { p.loss = Loss::kSquared; }),
              HasSubstr("the logistic loss have it"));
  EXPECT_THAT(reason([](P& p) { p.precision = Precision::kSingle; }),
              HasSubstr("single precision"));
  EXPECT_THAT(reason([](P& p) { p.rule = AdamRule{}; }),
              HasSubstr("fixed step has it"));
  EXPECT_THAT(reason([](P& p) { p.rule = MomentumRule{}; }),
              HasSubstr("fixed step has it"));
  EXPECT_THAT(reason([](P& p) { p.rate.schedule = CosineRate{}; }),
              HasSubstr("fixed step has it"));
  EXPECT_THAT(reason([](P& p) { p.rate.warm_up_steps = 2; }),
              HasSubstr("fixed step has it"));
  EXPECT_THAT(reason([](P& p) { p.batches.size = 7; }),
              HasSubstr("all rows have it"));
  EXPECT_THAT(reason([](P& p) { p.penalty.strength = 1e-9; }),
              HasSubstr("a penalty"));
  EXPECT_THAT(reason([](P& p) { p.weight_decay = 1e-9; }),
              HasSubstr("weight decay"));
}

// Toy A by the weighted mean of weights whose sum is 1, and from another start:
// both the prediction of the same rate on weights of mean 1.  A start theta_0
// moves exp(theta) by exp(theta_0) of about t / 10.
TEST(NetworkTrainerTest, TheStartAndTheScaleOfAWeightedMeanChangeNoPrediction) {
  NetworkProblem problem = D8Network();
  const LinearProblem toy = ToyA({3, 1});
  problem.train = toy.train;
  problem.weights = toy.weights;
  problem.architecture.biases = Biases::kNone;
  problem.steps = 100'000;
  const Values wanted = MeasureNetwork(problem).at(100'000);
  problem.normalization = Normalization::kSumOne;
  problem.batches.reduction = Reduction::kWeightedMean;
  problem.initial = GivenInitial{{0.5, -0.5}};
  const Values got = MeasureNetwork(problem).at(100'000);
  const double predicted = got.at("direction/predicted_gap");
  EXPECT_NEAR(predicted, wanted.at("direction/predicted_gap"), 1e-12);
  EXPECT_NEAR(got.at("direction/gap") / predicted, 1, 2e-3);
}

TEST(NetworkTrainerTest, WhatIsNoLinearModelOfSignsHasNoReference) {
  NetworkProblem deep = D8Network();
  deep.architecture.hidden = {2};
  NetworkProblem softmax = D8Network();
  softmax.loss = Loss::kSoftmaxCrossEntropy;
  softmax.architecture.outputs = 2;
  for (double& y : softmax.train.labels) y = y > 0 ? 1 : 0;
  NetworkProblem numbers = D8Network();
  numbers.loss = Loss::kSquared;
  numbers.train.labels[0] = 2;
  for (const char* metric :
       {"margin/ratio", "direction/gap", "direction/cosine",
        "direction/predicted_gap", "theory/kl"}) {
    EXPECT_EQ(Reasons(deep)[metric], "the model is not linear");
    EXPECT_EQ(Reasons(softmax)[metric], "the model has several outputs");
    EXPECT_EQ(Reasons(numbers)[metric], "the labels are no classes");
  }
  EXPECT_EQ(Reasons(deep)["parameters/J"], "the model is not linear");
  EXPECT_EQ(Reasons(softmax)["parameters/J"], "the model has several outputs");
  EXPECT_EQ(Reasons(numbers).count("parameters/J"), 0U);
}

// gamma* is the largest margin of the rows that training sees: of those rounded
// to single precision.
TEST(NetworkTrainerTest, TheReferenceIsThatOfTheRowsInThePrecisionOfTraining) {
  NetworkProblem problem = D8Network();
  for (double& x : problem.train.features) x *= 1.1;
  const auto gamma = [](const NetworkProblem& any) {
    const Values end = MeasureNetwork(any).at(1000);
    return end.at("margin/normalized") / end.at("margin/ratio");
  };
  const double exact = gamma(problem);
  NetworkProblem rounded = problem;
  for (double& x : rounded.train.features) x = static_cast<float>(x);
  problem.precision = Precision::kSingle;
  EXPECT_NEAR(gamma(problem), gamma(rounded), 1e-15);
  EXPECT_GT(std::abs(gamma(problem) - exact), 1e-10);
}

// What training would see of them is infinite.
TEST(NetworkTrainerTest, ValuesBeyondSinglePrecisionAreRefused) {
  const auto refused = [](auto change, const char* message) {
    NetworkProblem problem = D8Network();
    problem.precision = Precision::kSingle;
    change(problem);
    EXPECT_THAT(Trainer::Create(problem),
                StatusIs(absl::StatusCode::kInvalidArgument, message));
    problem.precision = Precision::kDouble;
    EXPECT_THAT(Trainer::Create(problem), IsOk());
  };
  refused([](NetworkProblem& p) { p.train.features[3] = 1e39; },
          "data row 1, feature 1: want a value within single precision's "
          "range, or double precision, got 1e+39");
  refused(
      [](NetworkProblem& p) {
        p.tests.push_back({"far", p.train});
        p.tests[0].rows.features[4] = -1e200;
      },
      "test_sets.far row 2, feature 0: want a value");
  refused(
      [](NetworkProblem& p) {
        p.initial = GivenInitial{.parameters = {1, 2, 1e39}};
      },
      "initial.parameters[2]: want a value within");
}

// Training goes on when a test set's outputs are no longer numbers.
TEST(NetworkTrainerTest, ATestSetThatOverflowsHasNoLoss) {
  NetworkProblem problem = D8Network();
  problem.tests.push_back({"far", problem.train});
  for (double& x : problem.tests[0].rows.features) x *= -5e307;
  absl::StatusOr<std::unique_ptr<Trainer>> trainer = Trainer::Create(problem);
  ASSERT_THAT(trainer, IsOk());
  const Values last = ByName(**trainer, RunToEnd(**trainer).back());
  EXPECT_FALSE(last.contains("far/loss"));
  EXPECT_TRUE(last.contains("far/error"));
  EXPECT_TRUE(last.contains("train/loss"));
}

// Of labels that mean numbers there is no error, whatever they are.
TEST(NetworkTrainerTest, NumbersThatAreSignsAreNumbers) {
  NetworkProblem problem = D8Network();
  problem.loss = Loss::kSquared;
  EXPECT_TRUE(MeasureNetwork(problem).at(1000).contains("train/error"));
  problem.numbers = true;
  EXPECT_FALSE(MeasureNetwork(problem).at(1000).contains("train/error"));
  EXPECT_EQ(Reasons(problem)["margin/normalized"], "the labels are no classes");
}

// Two classes by softmax, from 0, are the logistic model: f = f_1 - f_0, each
// of which moves half as far.
TEST(NetworkTrainerTest, SoftmaxOfTwoClassesIsTheLogisticModel) {
  NetworkProblem logistic;
  logistic.train = RandomRows(40, 3, 1, 3);
  logistic.initial = ZeroInitial{};
  logistic.precision = Precision::kDouble;
  logistic.rate.initial = 0.2;
  logistic.steps = 100;
  NetworkProblem softmax = logistic;
  softmax.loss = Loss::kSoftmaxCrossEntropy;
  softmax.architecture.outputs = 2;
  softmax.rate.initial = 0.1;
  for (double& y : softmax.train.labels) y = y > 0 ? 1 : 0;
  const Values wanted = MeasureNetwork(logistic).at(100);
  const Values got = MeasureNetwork(softmax).at(100);
  EXPECT_NEAR(got.at("train/loss"), wanted.at("train/loss"), 1e-12);
  EXPECT_EQ(got.at("train/error"), wanted.at("train/error"));
  EXPECT_EQ(got.at("train/balanced_error"), wanted.at("train/balanced_error"));
  EXPECT_EQ(got.at("train/fraction/1"), wanted.at("train/fraction_positive"));
}

// docs/science.md 5.5, S1: least squares of y = x^2 on N(0,1) gives (1, 0).
TEST(NetworkTrainerTest, SquaredLossFitsNumbers) {
  NetworkProblem problem;
  problem.train = MakeRows({{-1}, {0}, {1}, {2}}, {1, 0, 1, 4});
  problem.loss = Loss::kSquared;
  problem.initial = ZeroInitial{};
  problem.precision = Precision::kDouble;
  problem.rate.initial = 0.1;
  problem.steps = 2000;
  const auto trainer = Make(problem);
  // The best line is 1 + x with residuals (1, -1, -1, 1).
  EXPECT_NEAR(MeasureNetwork(problem).at(2000).at("train/loss"), 1, 1e-12);
  for (const Absence& absence : trainer->absent()) {
    if (absence.metric == "margin/normalized") {
      EXPECT_EQ(absence.reason, "the labels are no classes");
    }
  }
}

// What is stated of the two reductions: a batch of one heavy and one light row.
TEST(NetworkTrainerTest, TheReductionIsWhatItSays) {
  NetworkProblem problem;
  problem.train = MakeRows({{1}, {1}}, {1, 1});
  problem.weights = {3, 1};
  problem.normalization = Normalization::kNone;
  problem.architecture.biases = Biases::kNone;
  problem.loss = Loss::kSquared;
  problem.initial = ZeroInitial{};
  problem.precision = Precision::kDouble;
  problem.rate.initial = 0.01;
  problem.steps = 1;
  const auto norm = [&](Reduction reduction) {
    problem.batches.reduction = reduction;
    return MeasureNetwork(problem).at(1).at("parameters/norm");
  };
  EXPECT_NEAR(norm(Reduction::kBatchMean), 0.01 * 2 * (3 + 1) / 2, 1e-15);
  EXPECT_NEAR(norm(Reduction::kWeightedMean), 0.01 * 2, 1e-15);
}

TEST(NetworkTrainerTest, WeightZeroIsAbsence) {
  NetworkProblem problem = Small(Precision::kSingle, PlainRule{});
  NetworkProblem fewer = problem;
  problem.weights[36] = 0;
  fewer.train.rows = 36;
  fewer.train.features.resize(size_t{36} * 4);
  fewer.train.labels.pop_back();
  fewer.weights.pop_back();
  EXPECT_EQ(MeasureNetwork(problem), MeasureNetwork(fewer));
}

TEST(NetworkTrainerTest, NoMarginIsTakenOverALengthWhosePowerUnderflows) {
  NetworkProblem problem = Small(Precision::kDouble, PlainRule{});
  problem.architecture.biases = Biases::kNone;
  const size_t layers = problem.architecture.hidden.size() + 1;
  ASSERT_GE(layers, 2);
  problem.initial = NormalInitial{std::vector<double>(layers, 1e-200)};
  const Values tiny = MeasureNetwork(problem).at(0);
  EXPECT_FALSE(tiny.contains("margin/normalized"));
  for (const auto& [name, value] : tiny)
    EXPECT_FALSE(std::isnan(value)) << name;
  problem.initial = NormalInitial{std::vector<double>(layers, 1)};
  EXPECT_TRUE(MeasureNetwork(problem).at(0).contains("margin/normalized"));
}

TEST(NetworkTrainerTest, ADivergingRunNamesStepAndQuantity) {
  NetworkProblem problem = Small(Precision::kSingle, PlainRule{});
  problem.rate = {.initial = 1e30};
  const auto trainer = Make(problem);
  absl::Status status;
  while (status.ok() && !trainer->done()) {
    status = trainer->Advance(kAll).status();
  }
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kOutOfRange, "step "));
  EXPECT_THAT(status,
              StatusIs(absl::StatusCode::kOutOfRange, "want a finite value"));
}

TEST(NetworkTrainerTest, BadProblemsAreNamed) {
  const auto fault = [](auto change) {
    NetworkProblem problem = Small(Precision::kSingle, AdamRule{});
    change(problem);
    const absl::Status status = Trainer::Create(std::move(problem)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  using P = NetworkProblem;
  using testing::HasSubstr;
  EXPECT_THAT(fault([](P& p) { p.architecture.hidden = {0}; }),
              HasSubstr("architecture.hidden"));
  EXPECT_THAT(fault([](P& p) { p.architecture.hidden.assign(64, 2); }),
              HasSubstr("at most 64 layers"));
  EXPECT_THAT(fault([](P& p) {
                p.architecture.hidden = {20000, 20000};
              }),
              HasSubstr("100000000 parameters"));
  EXPECT_THAT(fault([](P& p) { p.architecture.outputs = 3; }),
              HasSubstr("architecture.outputs: want 1"));
  EXPECT_THAT(fault([](P& p) { p.loss = Loss::kSoftmaxCrossEntropy; }),
              HasSubstr("train.labels[0]: want a class from 0 to 0"));
  EXPECT_THAT(fault([](P& p) { p.batches.size = 38; }),
              HasSubstr("batches.size: want 0 to 37"));
  EXPECT_THAT(fault([](P& p) {
                p.weights.assign(37, 0);
                p.weights[0] = 1;
              }),
              HasSubstr("batches.size: want at most 1"));
  EXPECT_THAT(fault([](P& p) { p.rule = MomentumRule{.momentum = 1}; }),
              HasSubstr("rule.momentum"));
  EXPECT_THAT(fault([](P& p) { p.rate.initial = 0; }),
              HasSubstr("rate.initial"));
  EXPECT_THAT(fault([](P& p) { p.initial = NormalInitial{{1}}; }),
              HasSubstr("initial.standard_deviations: want one for each of 3"));
  EXPECT_THAT(fault([](P& p) { p.initial = GivenInitial{{1}}; }),
              HasSubstr("initial.parameters: want 101 values"));
  EXPECT_THAT(fault([](P& p) { p.weight_decay = -1; }),
              HasSubstr("weight_decay"));
  EXPECT_THAT(fault([](P& p) { p.steps = 0; }), HasSubstr("steps"));
}

}  // namespace
}  // namespace steelyard::training
