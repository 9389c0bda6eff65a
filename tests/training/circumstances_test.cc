#include <array>
#include <cstring>
#include <functional>

#include "Eigen/Core"
#include "tests/training/problems.h"

// What the machine is like, and where a run was cut, change no bit of it.
namespace steelyard::training {
namespace {

// What Eigen believes of the machine.  As it was before when this ends.
class EigenBeliefs {
 public:
  EigenBeliefs(const std::array<std::ptrdiff_t, 3>& cache_bytes, int threads) {
    Eigen::internal::manage_caching_sizes(Eigen::GetAction, &before_[0],
                                          &before_[1], &before_[2]);
    Eigen::setCpuCacheSizes(cache_bytes[0], cache_bytes[1], cache_bytes[2]);
    Eigen::setNbThreads(threads);
  }
  EigenBeliefs(const EigenBeliefs&) = delete;
  EigenBeliefs& operator=(const EigenBeliefs&) = delete;
  ~EigenBeliefs() {
    Eigen::setCpuCacheSizes(before_[0], before_[1], before_[2]);
    Eigen::setNbThreads(threads_before_);
  }

 private:
  std::array<std::ptrdiff_t, 3> before_;
  int threads_before_ = Eigen::nbThreads();
};

struct CircumstancesCase {
  std::string name;
  std::function<absl::StatusOr<std::unique_ptr<Trainer>>()> make;
};

// Each row lies near an axis of its own, so that all of them are support
// vectors: everything that is taken from Eigen is in use.
LinearProblem Linear(const Loss& loss) {
  constexpr int64_t kAxes = 60;
  LinearProblem problem;
  problem.train = RandomRows(kAxes, kAxes, 0, 1);
  for (double& value : problem.train.features) value *= 0.01;
  for (int64_t i = 0; i < kAxes; ++i) {
    problem.train.features[static_cast<size_t>(i * kAxes + i)] += 1;
  }
  problem.train.labels.assign(kAxes, 1);
  problem.bias = false;
  problem.loss = loss;
  problem.learning_rate = 0.5;
  problem.steps = 1000;  // from some hundreds on there is a predicted gap
  return problem;
}

// Two and a half batches an epoch.
NetworkProblem Network(Precision precision, const Rule& rule, bool keep_last) {
  NetworkProblem problem;
  problem.train = RandomRows(80, 33, 1, 1);
  problem.tests.push_back({"test", RandomRows(19, 33, 1, 2)});
  problem.architecture.hidden = {40, 17};
  problem.batches = {.size = 32, .keep_last = keep_last};
  problem.rule = rule;
  problem.rate = {.initial = 0.01, .schedule = CosineRate{}};
  problem.precision = precision;
  problem.seed = 4;
  problem.steps = 100;
  return problem;
}

template <typename Problem>
CircumstancesCase Named(const std::string& name, const Problem& problem) {
  return {name, [problem] { return Trainer::Create(problem); }};
}

std::vector<CircumstancesCase> Cases() {
  std::vector<CircumstancesCase> cases = {
      Named("LinearExponential", Linear(Loss::kExponential)),
      Named("LinearLogistic", Linear(Loss::kLogistic))};
  const std::pair<std::string, Rule> rules[] = {
      {"Plain", PlainRule{}},
      {"Momentum", MomentumRule{}},
      {"Nesterov", MomentumRule{.nesterov = true}},
      {"Adam", AdamRule{}}};
  for (const auto& [name, rule] : rules) {
    cases.push_back(
        Named(name + "Single", Network(Precision::kSingle, rule, false)));
    cases.push_back(
        Named(name + "Double", Network(Precision::kDouble, rule, true)));
  }
  return cases;
}

// All that a run gives: the bits of each value, and the last state.
struct Outcome {
  std::map<std::pair<int64_t, std::string>, uint64_t> bits;
  std::string state;

  bool operator==(const Outcome&) const = default;
};

void Add(const Trainer& trainer, const Evaluation& evaluation,
         Outcome& outcome) {
  for (const auto& [name, value] : ByName(trainer, evaluation)) {
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    outcome.bits[{evaluation.step, name}] = bits;
  }
}

class CircumstancesTest : public testing::TestWithParam<CircumstancesCase> {
 protected:
  static std::unique_ptr<Trainer> Make() {
    absl::StatusOr<std::unique_ptr<Trainer>> trainer = GetParam().make();
    EXPECT_THAT(trainer, IsOk());
    return *std::move(trainer);
  }

  static Outcome Whole() {
    const std::unique_ptr<Trainer> trainer = Make();
    Outcome outcome;
    for (const Evaluation& evaluation : RunToEnd(*trainer)) {
      Add(*trainer, evaluation, outcome);
    }
    outcome.state = trainer->SaveState();
    return outcome;
  }

  // The same run, each `steps` of it by a trainer that starts at the state of
  // the one before, each of which Eigen tells another story.
  static Outcome Cut(int64_t steps) {
    const std::array<std::ptrdiff_t, 3> caches[] = {
        {16 << 10, 128 << 10, 512 << 10},
        {1 << 20, 4 << 20, 64 << 20},
        {4 << 10, 8 << 10, 16 << 10}};
    Outcome outcome;
    bool done = false;
    for (int part = 0; !done; ++part) {
      const EigenBeliefs beliefs(caches[part % 3], 1 + part % 4);
      const std::unique_ptr<Trainer> trainer = Make();
      if (part > 0) {
        EXPECT_THAT(trainer->RestoreState(outcome.state), IsOk());
      }
      const int64_t begin = trainer->step();
      while (!trainer->done() && trainer->step() < begin + steps) {
        const auto evaluation =
            trainer->Advance(begin + steps - trainer->step());
        if (!evaluation.ok()) {
          ADD_FAILURE() << evaluation.status();
          return outcome;
        }
        if (evaluation->has_value()) Add(*trainer, **evaluation, outcome);
      }
      outcome.state = trainer->SaveState();
      done = trainer->done();
    }
    return outcome;
  }
};

TEST_P(CircumstancesTest, ChangeNoBit) {
  const Outcome whole = Whole();
  EXPECT_GT(whole.bits.size(), 100);
  if (GetParam().name.starts_with("Linear")) {
    EXPECT_TRUE(whole.bits.contains({1000, "direction/predicted_gap"}));
  }
  EXPECT_EQ(Cut(7), whole);
}

INSTANTIATE_TEST_SUITE_P(Problems, CircumstancesTest,
                         testing::ValuesIn(Cases()),
                         [](const auto& it) { return it.param.name; });

}  // namespace
}  // namespace steelyard::training
