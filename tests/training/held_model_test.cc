#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tests/training/problems.h"

// What a trainer says of its model and rows, through the border alone.
namespace steelyard::training {
namespace {

using ::testing::ElementsAre;

std::vector<double> Parameters(const Trainer& trainer) {
  std::vector<double> all(static_cast<size_t>(trainer.parameters()));
  trainer.ReadParameters(0, all);
  return all;
}

struct Table {
  std::vector<double> features, labels;
};

Table RowsOf(const Trainer& trainer, size_t set) {
  const HeldRows held = trainer.held_rows()[set];
  Table table;
  table.features.resize(static_cast<size_t>(held.rows * held.features));
  table.labels.resize(static_cast<size_t>(held.rows));
  trainer.ReadRows(set, 0, table.features, table.labels);
  return table;
}

std::vector<double> Outputs(Trainer& trainer, const Table& table) {
  std::vector<double> outputs(table.labels.size() *
                              static_cast<size_t>(trainer.outputs()));
  trainer.Predict(table.features, outputs);
  return outputs;
}

// The fraction of rows with y f <= 0.
double ErrorOf(const std::vector<double>& outputs,
               const std::vector<double>& labels) {
  double errors = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    errors += outputs[i] * labels[i] <= 0 ? 1 : 0;
  }
  return errors / static_cast<double>(labels.size());
}

NetworkProblem SmallNetwork(Precision precision, Biases biases) {
  NetworkProblem problem;
  problem.train = RandomRows(700, 3, 0.3, 1);
  problem.tests.push_back({"test", RandomRows(601, 3, 0.3, 2)});
  problem.architecture.hidden = {6, 4};
  problem.architecture.biases = biases;
  problem.rate.initial = 0.1;
  problem.precision = precision;
  problem.steps = 30;
  return problem;
}

TEST(HeldModelTest, ParametersOfALinearModelAreThoseMeasured) {
  const auto trainer = MakeTrainer(D8());
  const Evaluation last = RunToEnd(*trainer).back();
  const Values values = ByName(*trainer, last);
  EXPECT_THAT(Parameters(*trainer),
              ElementsAre(values.at("parameters/0"), values.at("parameters/1"),
                          values.at("parameters/2")));
  std::vector<double> bias(1);
  trainer->ReadParameters(2, bias);
  EXPECT_EQ(bias[0], values.at("parameters/2"));
}

// With and without the constant feature; -1, as a row's sign, must be undone.
TEST(HeldModelTest, RowsComeBackAsTheyWereGiven) {
  for (const bool bias : {false, true}) {
    LinearProblem problem = D8();
    problem.bias = bias;
    problem.train.features[8] = 0;  // of a row with label -1
    problem.tests.push_back({"test", RandomRows(19, 2, 1, 2)});
    const auto trainer = MakeTrainer(problem);
    const std::vector<HeldRows> held = trainer->held_rows();
    ASSERT_EQ(held.size(), 2u);
    EXPECT_EQ(held[0].name, "train");
    EXPECT_EQ(held[1].name, "test");
    EXPECT_EQ(held[1].rows, 19);
    EXPECT_EQ(held[1].features, 2);
    EXPECT_EQ(RowsOf(*trainer, 0).features, problem.train.features);
    EXPECT_EQ(RowsOf(*trainer, 1).features, problem.tests[0].rows.features);
    EXPECT_EQ(RowsOf(*trainer, 1).labels, problem.tests[0].rows.labels);
    EXPECT_FALSE(std::signbit(RowsOf(*trainer, 0).features[8]));
  }
}

TEST(HeldModelTest, RowsOfWeightZeroAreNotHeld) {
  const auto trainer = MakeTrainer(D8({0, 1, 1, 1, 1, 1, 1, 1}));
  EXPECT_EQ(trainer->held_rows()[0].rows, 7);
  const Table rows = RowsOf(*trainer, 0);
  EXPECT_EQ(rows.features[0], 1);
  EXPECT_EQ(rows.features[1], 3);
}

TEST(HeldModelTest, PredictionsOfALinearModelAgreeWithItsMetrics) {
  for (const bool bias : {false, true}) {
    LinearProblem problem = D8();
    problem.bias = bias;
    problem.tests.push_back({"test", RandomRows(501, 2, 0.5, 2)});
    const auto trainer = MakeTrainer(problem);
    const Values values = ByName(*trainer, RunToEnd(*trainer).back());
    const Table rows = RowsOf(*trainer, 1);
    const std::vector<double> outputs = Outputs(*trainer, rows);
    const double error = ErrorOf(outputs, rows.labels);
    EXPECT_EQ(error, values.at("test/error"));
    EXPECT_GT(error, 0);
    const std::vector<double> theta = Parameters(*trainer);
    for (size_t i = 0; i < outputs.size(); ++i) {
      double f = rows.features[2 * i] * theta[0];
      f += rows.features[2 * i + 1] * theta[1];
      if (bias) f += theta[2];
      ASSERT_EQ(outputs[i], f) << i;
    }
  }
}

// More rows than a chunk of the network's; bits as when each is alone.
TEST(HeldModelTest, PredictionsOfANetworkAgreeWithItsMetrics) {
  for (const Precision precision : {Precision::kSingle, Precision::kDouble}) {
    for (const Biases biases :
         {Biases::kPerLayer, Biases::kNone, Biases::kConstantInput}) {
      auto trainer = Trainer::Create(SmallNetwork(precision, biases)).value();
      const Values values = ByName(*trainer, RunToEnd(*trainer).back());
      const Table rows = RowsOf(*trainer, 1);
      const std::vector<double> outputs = Outputs(*trainer, rows);
      EXPECT_EQ(ErrorOf(outputs, rows.labels), values.at("test/error"));
      for (const size_t i : {0U, 255U, 256U, 600U}) {
        const Table one = {
            .features = {rows.features.begin() + static_cast<int64_t>(3 * i),
                         rows.features.begin() + static_cast<int64_t>(3 * i) +
                             3},
            .labels = {rows.labels[i]}};
        EXPECT_EQ(Outputs(*trainer, one), std::vector<double>{outputs[i]});
      }
    }
  }
}

TEST(HeldModelTest, ParametersOfANetworkAreAllOfThem) {
  NetworkProblem problem = SmallNetwork(Precision::kSingle, Biases::kPerLayer);
  GivenInitial given;
  for (int j = 0; j < 3 * 6 + 6 + 6 * 4 + 4 + 4 + 1; ++j) {
    given.parameters.push_back(j / 64.0);
  }
  problem.initial = given;
  const auto trainer = Trainer::Create(problem).value();
  EXPECT_EQ(Parameters(*trainer), given.parameters);
}

TEST(HeldModelTest, AClassHasAnOutputEach) {
  NetworkProblem problem = SmallNetwork(Precision::kDouble, Biases::kNone);
  problem.loss = Loss::kSoftmaxCrossEntropy;
  problem.architecture.outputs = 3;
  for (TestSet* set : {&problem.tests[0]}) {
    for (double& y : set->rows.labels) y = y > 0 ? 2 : 0;
  }
  for (double& y : problem.train.labels) y = y > 0 ? 2 : 0;
  const auto trainer = Trainer::Create(problem).value();
  const Values values = ByName(*trainer, RunToEnd(*trainer).back());
  EXPECT_EQ(trainer->outputs(), 3);
  const Table rows = RowsOf(*trainer, 1);
  const std::vector<double> outputs = Outputs(*trainer, rows);
  double errors = 0;
  for (size_t i = 0; i < rows.labels.size(); ++i) {
    const auto first = outputs.begin() + static_cast<int64_t>(3 * i);
    errors += std::max_element(first, first + 3) - first ==
                      static_cast<int64_t>(rows.labels[i])
                  ? 0
                  : 1;
  }
  EXPECT_EQ(errors / static_cast<double>(rows.labels.size()),
            values.at("test/error"));
}

TEST(HeldModelTest, BeingAskedChangesNoBit) {
  const NetworkProblem problem =
      SmallNetwork(Precision::kSingle, Biases::kPerLayer);
  const auto asked = Trainer::Create(problem).value();
  const auto left_alone = Trainer::Create(problem).value();
  while (!asked->done()) {
    ASSERT_THAT(asked->Advance(1), IsOk());
    Outputs(*asked, RowsOf(*asked, 1));
    Parameters(*asked);
  }
  RunToEnd(*left_alone);
  EXPECT_EQ(asked->SaveState(), left_alone->SaveState());
}

}  // namespace
}  // namespace steelyard::training
