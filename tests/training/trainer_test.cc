#include "training/trainer.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tests/training/problems.h"

namespace steelyard::training {
namespace {

constexpr int64_t kAll = std::numeric_limits<int64_t>::max();

// A problem with every kind of metric: test rows, a penalty, odd sizes.
LinearProblem Mixed() {
  LinearProblem problem;
  problem.train = RandomRows(37, 4, 4, 1);
  problem.tests.push_back({"test", RandomRows(19, 4, 1.5, 2)});
  problem.tests.push_back({"ood", RandomRows(8, 4, 0.0, 3)});
  problem.weights = PerClass(problem.train, 5, 1);
  problem.penalty.strength = 1e-3;
  problem.learning_rate = 0.2;
  problem.steps = 700;
  return problem;
}

// Every bit of an evaluation, NaN too.
std::vector<uint64_t> Bits(const std::vector<Evaluation>& evaluations) {
  std::vector<uint64_t> bits;
  const auto add = [&](double value) {
    uint64_t word = 0;
    std::memcpy(&word, &value, 8);
    bits.push_back(word);
  };
  for (const Evaluation& e : evaluations) {
    bits.push_back(static_cast<uint64_t>(e.ordinal));
    bits.push_back(static_cast<uint64_t>(e.step));
    add(e.log10_step);
    for (const MetricValue& value : e.values) {
      bits.push_back(value.metric);
      add(value.value);
    }
  }
  return bits;
}

TEST(TrainerTest, EvaluationsAreNumberedFromStepZeroToTheLast) {
  LinearProblem problem = D8();
  problem.steps = 25;
  const auto trainer = MakeTrainer(problem);
  EXPECT_EQ(trainer->next_ordinal(), 0);
  const std::vector<Evaluation> run = RunToEnd(*trainer);
  const std::vector<int64_t> steps = {0, 1,  2,  3,  4,  5, 6,
                                      8, 10, 13, 16, 20, 25};
  ASSERT_EQ(run.size(), steps.size());
  for (size_t i = 0; i < run.size(); ++i) {
    EXPECT_EQ(run[i].ordinal, static_cast<int64_t>(i));
    EXPECT_EQ(run[i].step, steps[i]);
    if (i > 0) {
      EXPECT_EQ(run[i].log10_step, std::log10(static_cast<double>(steps[i])));
    }
  }
  EXPECT_TRUE(std::isnan(run[0].log10_step));
  EXPECT_TRUE(trainer->done());
  EXPECT_EQ(trainer->step(), 25);
  EXPECT_EQ(trainer->next_ordinal(), 13);
  EXPECT_EQ(trainer->Advance(kAll).value(), std::nullopt);
}

TEST(TrainerTest, FirstEvaluationTakesNoStep) {
  const auto trainer = MakeTrainer(Mixed());
  const auto first = trainer->Advance(0);
  ASSERT_THAT(first, IsOk());
  ASSERT_TRUE(first->has_value());
  EXPECT_EQ((*first)->step, 0);
  EXPECT_EQ(trainer->Advance(0).value(), std::nullopt);
}

TEST(TrainerTest, CutsIntoCallsChangeNoBit) {
  const std::vector<uint64_t> whole = Bits(RunToEnd(*MakeTrainer(Mixed())));
  for (const int64_t cut : {1, 2, 3, 7, 64, 255, 256, 257}) {
    EXPECT_EQ(Bits(RunToEnd(*MakeTrainer(Mixed()), cut)), whole) << cut;
  }
}

// From the state after every evaluation, and from states between them.
TEST(TrainerTest, AResumedRunHasTheSameBits) {
  const std::vector<Evaluation> whole = RunToEnd(*MakeTrainer(Mixed()));
  for (const int64_t cut : {kAll, int64_t{5}}) {
    const auto first = MakeTrainer(Mixed());
    while (!first->done()) {
      ASSERT_THAT(first->Advance(cut), IsOk());
      const auto second = MakeTrainer(Mixed());
      ASSERT_THAT(second->RestoreState(first->SaveState()), IsOk());
      EXPECT_EQ(second->step(), first->step());
      EXPECT_EQ(second->SaveState(), first->SaveState());
      const std::vector<Evaluation> rest = RunToEnd(*second);
      const std::vector<Evaluation> expected(
          whole.begin() + first->next_ordinal(), whole.end());
      ASSERT_EQ(Bits(rest), Bits(expected)) << "from step " << first->step();
    }
  }
}

TEST(TrainerTest, AnEarlierStateCanBeRestoredInPlace) {
  const auto trainer = MakeTrainer(Mixed());
  const std::string start = trainer->SaveState();
  const std::vector<uint64_t> bits = Bits(RunToEnd(*trainer));
  ASSERT_THAT(trainer->RestoreState(start), IsOk());
  EXPECT_FALSE(trainer->done());
  EXPECT_EQ(Bits(RunToEnd(*trainer)), bits);
}

TEST(TrainerTest, EveryDamagedByteOfAStateIsNoticed) {
  const auto trainer = MakeTrainer(Mixed());
  ASSERT_THAT(trainer->Advance(kAll), IsOk());
  ASSERT_THAT(trainer->Advance(kAll), IsOk());
  const std::string state = trainer->SaveState();
  for (size_t i = 0; i < state.size(); ++i) {
    std::string damaged = state;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    ASSERT_THAT(trainer->RestoreState(damaged),
                StatusIs(absl::StatusCode::kDataLoss, "training state"))
        << "byte " << i;
    ASSERT_THAT(trainer->RestoreState(state.substr(0, i)),
                StatusIs(absl::StatusCode::kDataLoss, "training state"));
  }
  EXPECT_THAT(trainer->RestoreState(state + "x"),
              StatusIs(absl::StatusCode::kDataLoss, "training state"));
  EXPECT_EQ(trainer->SaveState(), state);  // refusals change nothing
}

TEST(TrainerTest, StatesOfOtherProblemsAreRefused) {
  const std::string state = MakeTrainer(Mixed())->SaveState();
  std::vector<LinearProblem> others(9, Mixed());
  others[0].learning_rate = 0.3;
  others[1].train.features[5] += 1e-16 + 1e-15;
  others[2].weights[3] = 2;
  others[3].loss = Loss::kExponential;
  others[4].schedule = LogSchedule{.points_per_decade = 11};
  others[5].tests.pop_back();
  others[6].steps = 701;
  others[7].normalization = Normalization::kNone;
  others[8].tests[0].name = "other";
  for (size_t i = 0; i < others.size(); ++i) {
    EXPECT_THAT(MakeTrainer(others[i])->RestoreState(state),
                StatusIs(absl::StatusCode::kDataLoss, "of this problem"))
        << i;
  }
}

TEST(TrainerTest, StopEvaluatesWhereTheRunStands) {
  const auto trainer = MakeTrainer(Mixed());
  const std::vector<Evaluation> whole = RunToEnd(*MakeTrainer(Mixed()));
  ASSERT_THAT(trainer->Advance(0), IsOk());
  while (trainer->step() < 107) ASSERT_THAT(trainer->Advance(1), IsOk());
  const auto last = trainer->Stop();
  ASSERT_THAT(last, IsOk());
  ASSERT_TRUE(last->has_value());
  EXPECT_EQ((*last)->step, 107);
  EXPECT_EQ((*last)->ordinal, 19);  // after that of step 100
  EXPECT_TRUE(trainer->done());
  EXPECT_EQ(trainer->Stop().value(), std::nullopt);
  EXPECT_EQ(trainer->Advance(kAll).value(), std::nullopt);

  const auto resumed = MakeTrainer(Mixed());
  ASSERT_THAT(resumed->RestoreState(trainer->SaveState()), IsOk());
  EXPECT_TRUE(resumed->done());
  EXPECT_EQ(resumed->next_ordinal(), 20);
}

TEST(TrainerTest, StopOnAnEvaluatedStepAddsNothing) {
  const auto trainer = MakeTrainer(Mixed());
  ASSERT_THAT(trainer->Advance(kAll), IsOk());
  ASSERT_THAT(trainer->Advance(kAll), IsOk());
  EXPECT_EQ(trainer->Stop().value(), std::nullopt);
  EXPECT_TRUE(trainer->done());
  EXPECT_EQ(trainer->next_ordinal(), 2);
}

// A step ten thousand times too long: the parameters run away.
TEST(TrainerTest, ADivergingRunNamesStepAndQuantity) {
  std::string message;
  for (const int64_t cut : {kAll, int64_t{1}, int64_t{3}}) {
    LinearProblem problem = Mixed();
    problem.penalty.strength = 10;
    problem.learning_rate = 1e4;
    problem.schedule = AtSchedule{{10}};
    const auto trainer = MakeTrainer(problem);
    absl::Status status;
    int64_t last_evaluated = -1;
    while (status.ok() && !trainer->done()) {
      const auto evaluation = trainer->Advance(cut);
      status = evaluation.status();
      if (evaluation.ok() && evaluation->has_value()) {
        last_evaluated = (*evaluation)->step;
      }
    }
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kOutOfRange, "step 5"));
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kOutOfRange, "parameters/"));
    EXPECT_EQ(last_evaluated, 10);
    EXPECT_EQ(trainer->step(), 10);  // back where it was last measured
    if (message.empty()) message = std::string(status.message());
    EXPECT_EQ(status.message(), message);  // whatever the cutting
  }
}

TEST(TrainerTest, ALossBeyondTheDoublesIsNoError) {
  // One step of exponential loss that puts a margin at -1000: e^1000 overflows.
  LinearProblem problem = ToyA({1, 1});
  problem.train = MakeRows({{1}, {1}, {-1}}, {1, 1, 1});
  problem.weights = {};
  problem.learning_rate = 3000;
  problem.steps = 1;
  const auto run = Measure(problem);
  EXPECT_NEAR(run.at(1).at("train/log_loss"), 1000 - std::log(3), 1e-9);
  EXPECT_EQ(run.at(1).at("train/loss"),
            std::numeric_limits<double>::infinity());
  EXPECT_EQ(run.at(1).at("parameters/0"), 1000);
}

TEST(TrainerTest, TinyLossesKeepTheirLogarithm) {
  LinearProblem problem = ToyA();
  problem.train = MakeRows({{1}}, {1});
  problem.weights = {};
  problem.learning_rate = 2000;
  problem.steps = 1;
  for (const Loss loss : {Loss::kExponential, Loss::kLogistic}) {
    problem.loss = loss;
    const Values end = Measure(problem).at(1);
    const double margin = end.at("parameters/0");
    EXPECT_GE(margin, 1000);
    EXPECT_EQ(end.at("train/log_loss"), -margin);
    EXPECT_EQ(end.at("train/loss"), 0);
  }
}

TEST(TrainerTest, MetricsWithoutValueAreListedWithTheReason) {
  const auto reasons = [](const LinearProblem& problem) {
    std::map<std::string, std::string> by_name;
    const auto trainer = MakeTrainer(problem);
    for (const Absence& absence : trainer->absent()) {
      by_name[absence.metric] = absence.reason;
    }
    return by_name;
  };
  EXPECT_EQ(reasons(D8()).size(), 4U);  // bound/p4_a, b and c too
  EXPECT_EQ(reasons(D8()).count("train/objective"), 1U);

  LinearProblem inseparable = Mixed();
  inseparable.train.features.assign(148, 1.0);
  const auto none = reasons(inseparable);
  for (const char* name : {"margin/ratio", "direction/gap", "direction/cosine",
                           "direction/predicted_gap", "theory/kl"}) {
    ASSERT_EQ(none.count(name), 1U) << name;
    EXPECT_EQ(none.at(name), "not separable");
  }

  LinearProblem wide = D8();
  wide.train = RandomRows(6, 40, 3, 1);
  EXPECT_EQ(reasons(wide).count("parameters/J"), 1U);
  EXPECT_EQ(reasons(wide).count("direction/predicted_gap"), 1U);

  LinearProblem twice = ToyA();
  twice.train = MakeRows({{1, 0}, {0, 2}, {1, 0}}, {1, 1, 1});
  EXPECT_EQ(reasons(twice).at("theory/kl"),
            "the dual solution p* is not unique");
}

TEST(TrainerTest, NoReferenceIsSoughtAboveTenMillionValues) {
  LinearProblem problem = ToyA();
  problem.train.rows = 10'001;
  problem.train.columns = 1000;
  problem.train.features.assign(10'001'000, 1.0);
  problem.train.labels.assign(10'001, 1.0);
  problem.steps = 1;
  const auto trainer = MakeTrainer(problem);
  bool named = false;
  for (const Absence& absence : trainer->absent()) {
    if (absence.metric != "direction/gap") continue;
    EXPECT_EQ(absence.reason, "n*d is above 10^7");
    named = true;
  }
  EXPECT_TRUE(named);
}

TEST(TrainerTest, UndefinedDirectionsAreLeftOutAtStepZero) {
  const auto run = Measure(D8());
  for (const char* name : {"margin/normalized", "margin/ratio", "direction/gap",
                           "direction/cosine", "direction/predicted_gap"}) {
    EXPECT_EQ(run.at(0).count(name), 0U) << name;
    EXPECT_EQ(run.at(1).count(name),
              name[10] == 'p' ? run.at(1).count(name) : 1U)
        << name;
  }
  EXPECT_EQ(run.at(0).at("train/error"), 1);  // a margin of 0 is an error
  EXPECT_EQ(run.at(0).at("train/fraction_positive"), 0);
  EXPECT_EQ(run.at(0).at("parameters/norm"), 0);
}

TEST(TrainerTest, MetricsAgreeWithTheirDefinitions) {
  const LinearProblem problem = Mixed();
  const Values end = Measure(problem).at(700);
  std::vector<double> theta(5);
  for (size_t j = 0; j < 5; ++j) {
    theta[j] = end.at("parameters/" + std::to_string(j));
  }
  const Rows& rows = problem.tests[0].rows;
  double errors = 0;
  double positive = 0;
  long double loss = 0;
  for (size_t i = 0; i < 19; ++i) {
    double f = theta[4];
    for (size_t j = 0; j < 4; ++j) f += theta[j] * rows.features[4 * i + j];
    errors += f * rows.labels[i] <= 0 ? 1 : 0;
    positive += f > 0 ? 1 : 0;
    loss += std::log1p(std::exp(static_cast<long double>(-f * rows.labels[i])));
  }
  EXPECT_EQ(end.at("test/error"), errors / 19);
  EXPECT_EQ(end.at("test/fraction_positive"), positive / 19);
  EXPECT_NEAR(end.at("test/loss"), static_cast<double>(loss / 19), 1e-15);
  EXPECT_NEAR(end.at("test/log_loss"), static_cast<double>(std::log(loss / 19)),
              1e-15);
  double squares = 0;
  for (const double t : theta) squares += t * t;
  EXPECT_NEAR(end.at("parameters/norm"), std::sqrt(squares), 1e-15);
  EXPECT_NEAR(end.at("train/objective"), end.at("train/loss") + 1e-3 * squares,
              1e-15);
  const double gap = end.at("direction/gap");
  EXPECT_NEAR(end.at("direction/cosine"), 1 - gap * gap / 2, 1e-16);
  EXPECT_EQ(end.count("direction/predicted_gap"), 0U);  // there is a penalty
}

// Wrong are one of four rows of +1, and the only one of -1.
TEST(TrainerTest, BalancedErrorIsTheMeanOfTheClassesErrors) {
  LinearProblem problem = ToyA();
  problem.train = MakeRows({{1}}, {1});
  problem.tests = {
      {"test", MakeRows({{1}, {2}, {-3}, {4}, {5}}, {1, 1, 1, 1, -1})}};
  const Values end = Measure(problem).at(1000);
  EXPECT_EQ(end.at("test/error"), 2. / 5);
  EXPECT_EQ(end.at("test/balanced_error"), (0.25 + 1) / 2);
  EXPECT_EQ(end.at("train/balanced_error"), 0);  // there is one class
}

// The least margin is -5e-324, which over a norm of ten is -0.
TEST(TrainerTest, NoValueIsNegativeZero) {
  LinearProblem problem = ToyA();
  problem.train = MakeRows({{0, 1}, {0.1, 0}, {-5e-324, 0}}, {1, 1, 1});
  problem.learning_rate = 30;
  problem.steps = 1;
  const double margin = Measure(problem).at(1).at("margin/normalized");
  EXPECT_EQ(margin, 0);
  EXPECT_FALSE(std::signbit(margin));
}

TEST(TrainerTest, BadProblemsAreNamed) {
  const auto fault = [](auto change) {
    LinearProblem problem = Mixed();
    change(problem);
    const absl::Status status = Trainer::Create(std::move(problem)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  using P = LinearProblem;
  using testing::HasSubstr;
  EXPECT_THAT(fault([](P& p) { p.train.features[6] = std::nan(""); }),
              HasSubstr("train.features[1][2]: want a finite value, got nan"));
  EXPECT_THAT(fault([](P& p) { p.train.labels[2] = 0; }),
              HasSubstr("train.labels[2]: want -1 or 1, got 0"));
  EXPECT_THAT(fault([](P& p) { p.train.labels.pop_back(); }),
              HasSubstr("train.labels"));
  EXPECT_THAT(fault([](P& p) { p.train.features.pop_back(); }),
              HasSubstr("train.features"));
  EXPECT_THAT(fault([](P& p) { p.train.rows = 0; }), HasSubstr("train.rows"));
  EXPECT_THAT(fault([](P& p) { p.train.columns = -1; }),
              HasSubstr("train.columns"));
  EXPECT_THAT(fault([](P& p) { p.tests[1].name = "test"; }),
              HasSubstr("\"test\""));
  EXPECT_THAT(fault([](P& p) { p.tests[1].name = "train"; }),
              HasSubstr("\"train\""));
  EXPECT_THAT(fault([](P& p) { p.tests[0].rows = RandomRows(3, 5, 0, 1); }),
              HasSubstr("tests.test.columns"));
  EXPECT_THAT(fault([](P& p) { p.learning_rate = 0; }),
              HasSubstr("learning_rate: want a finite value > 0, got 0"));
  EXPECT_THAT(fault([](P& p) { p.penalty.strength = -1; }),
              HasSubstr("penalty.strength"));
  EXPECT_THAT(fault([](P& p) { p.steps = 0; }), HasSubstr("steps"));
  EXPECT_THAT(fault([](P& p) { p.schedule = EverySchedule{0}; }),
              HasSubstr("schedule.every"));
  EXPECT_THAT(fault([](P& p) { p.weights.assign(37, 0); }),
              HasSubstr("weights"));
}

// levels_test.py checks that the level is the one that was loaded.
TEST(TrainerTest, NumericsIdNamesVersionLevelAndKernels) {
  EXPECT_NE(InstructionLevel(), "");
  EXPECT_THAT(NumericsId(), testing::MatchesRegex(
                                "[0-9]+-" + InstructionLevel() + "-steelyard"));
}

}  // namespace
}  // namespace steelyard::training
