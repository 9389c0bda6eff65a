#ifndef STEELYARD_TESTS_TRAINING_FAR_PROBLEMS_H_
#define STEELYARD_TESTS_TRAINING_FAR_PROBLEMS_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/training/problems.h"

// Random problems for leaps, and what leaps and steps make of them.
namespace steelyard::training {

// 2-20 features, 5-200 rows (n d <= `most_values`), margins from 1e-3 to 1 on,
// weights over four decades, and a learning rate near the greatest stable one.
// loss: 0 exponential, 1 logistic, 2 polynomial.  Not `separable`: the first
// half of the rows is drawn across the plane between the classes.
inline LinearProblem RandomProblem(int loss, bool separable,
                                   int64_t most_values,
                                   std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution<>(low, high)(random);
  };
  const auto d = static_cast<int64_t>(uniform(2, 21));
  const auto n = std::min(static_cast<int64_t>(uniform(5, 201)),
                          std::max<int64_t>(most_values / d, 5));
  const double margin = std::pow(10, uniform(-3, 0));
  std::vector<double> axis(static_cast<size_t>(d));
  double squares = 0;
  for (double& value : axis) {
    value = normal(random);
    squares += value * value;
  }
  for (double& value : axis) value /= std::sqrt(squares);
  LinearProblem problem;
  problem.bias = false;
  problem.train.rows = n;
  problem.train.columns = d;
  double longest = 0;
  for (int64_t i = 0; i < n; ++i) {
    const double y = i % 2 == 0 ? 1 : -1;
    std::vector<double> row(static_cast<size_t>(d));
    double along = 0;
    for (size_t j = 0; j < row.size(); ++j) {
      row[j] = normal(random);
      along += row[j] * axis[j];
    }
    const double wanted =
        !separable && i < n / 2 ? 0 : y * (margin + std::fabs(normal(random)));
    double length = 0;
    for (size_t j = 0; j < row.size(); ++j) {
      row[j] += (wanted - along) * axis[j];
      length += row[j] * row[j];
    }
    longest = std::max(longest, length);
    problem.train.features.insert(problem.train.features.end(), row.begin(),
                                  row.end());
    problem.train.labels.push_back(y);
    problem.weights.push_back(std::pow(10, uniform(-2, 2)));
  }
  problem.loss = loss == 0   ? Loss::kExponential
                 : loss == 1 ? Loss::kLogistic
                             : Loss::kPolynomial;
  problem.learning_rate = (loss == 0 ? 0.5 : 1) / longest;
  problem.schedule = LogSchedule{.points_per_decade = 1};
  return problem;
}

// To 10^log10_steps by leaps.
template <typename Problem>
Problem Far(Problem problem, double log10_steps, int points_per_decade = 1) {
  problem.leap = Leap{};
  problem.schedule = LogSchedule{.points_per_decade = points_per_decade};
  problem.log10_steps = log10_steps;
  problem.steps = Trainer::kFarStep;
  return problem;
}

// The metrics by log10 of the step, of all steps but 0.
template <typename Problem>
std::map<double, Values> MeasureFar(Problem problem) {
  const std::unique_ptr<Trainer> trainer = MakeTrainer(std::move(problem));
  std::map<double, Values> by_place;
  for (const Evaluation& evaluation : RunToEnd(*trainer)) {
    if (evaluation.step == 0) continue;
    by_place[evaluation.log10_step] = ByName(*trainer, evaluation);
  }
  return by_place;
}

// Runs it by steps and by leaps, and compares: whether it has leapt, where it
// does not diverge.  The estimate must be at least a tenth of the true error,
// in its own unit.
template <typename Problem>
bool ExpectAlike(Problem problem, int64_t steps) {
  problem.steps = steps;
  Problem leaps = problem;
  leaps.leap = Leap{};
  const std::unique_ptr<Trainer> real = MakeTrainer(problem);
  const std::unique_ptr<Trainer> far = MakeTrainer(leaps);
  const auto log_step = std::log(static_cast<double>(steps));
  bool leapt = false;
  while (!real->done() && !far->done()) {
    const auto wanted = real->Advance(steps);
    const auto got = far->Advance(steps);
    if (!wanted.ok()) {
      // Steps diverge: leaps do, too, or say that nothing is known.
      EXPECT_TRUE(!got.ok() ||
                  ByName(*far, **got).at("leap/error_estimate") >= 1)
          << wanted.status();
      return true;
    }
    EXPECT_THAT(got, IsOk());
    if (!got.ok()) return leapt;
    const Values by_steps = ByName(*real, **wanted);
    const Values by_leaps = ByName(*far, **got);
    const auto d = static_cast<size_t>(real->parameters());
    std::vector<double> theta(d);
    std::vector<double> other(d);
    real->ReadParameters(0, theta);
    far->ReadParameters(0, other);
    double squares = 0;
    double apart = 0;
    for (size_t j = 0; j < d; ++j) {
      squares += theta[j] * theta[j];
      apart += (theta[j] - other[j]) * (theta[j] - other[j]);
    }
    const double error =
        squares > 0 ? std::sqrt(apart / squares) * (1 + log_step) : 0;
    const double estimate = by_leaps.at("leap/error_estimate");
    leapt = leapt || estimate > 0;
    EXPECT_LE(error, std::max(10 * estimate, 1e-14)) << (*got)->step;
    // Steps round, too: by as much after 10^7 of them.
    EXPECT_LE(error, steps > 1'000'000 ? 1e-9 : 1e-10) << (*got)->step;
    if (problem.loss.kind == Loss::kSquared ||
        problem.loss.kind == Loss::kSquaredHinge) {
      // What is left of squares that vanish is rounding.
      EXPECT_NEAR(by_leaps.at("train/loss"), by_steps.at("train/loss"),
                  1e-9 * by_steps.at("train/loss") + 1e-14)
          << (*got)->step;
    } else {
      EXPECT_NEAR(
          by_leaps.at("train/log_loss"), by_steps.at("train/log_loss"),
          1e-9 * std::max(1.0, std::fabs(by_steps.at("train/log_loss"))))
          << (*got)->step;
    }
    if (!by_steps.contains("direction/gap")) continue;
    EXPECT_NEAR(by_leaps.at("direction/gap"), by_steps.at("direction/gap"),
                1e-9 * by_steps.at("direction/gap") + 1e-11)
        << (*got)->step;
  }
  return leapt;
}

// What cutting a run and resuming it must not change.
template <typename Problem>
std::vector<std::pair<double, double>> Bits(const Problem& problem,
                                            int64_t steps_a_call, bool resume) {
  std::vector<std::pair<double, double>> bits;
  std::unique_ptr<Trainer> trainer = MakeTrainer(problem);
  while (!trainer->done()) {
    const auto evaluation = trainer->Advance(steps_a_call);
    EXPECT_THAT(evaluation, IsOk());
    if (evaluation->has_value()) {
      // Of step 0 it is no number.
      const double place =
          (*evaluation)->step == 0 ? 0 : (*evaluation)->log10_step;
      for (const MetricValue& value : (*evaluation)->values) {
        bits.emplace_back(place, value.value);
      }
    }
    if (!resume) continue;
    const std::string state = trainer->SaveState();
    trainer = MakeTrainer(problem);
    EXPECT_THAT(trainer->RestoreState(state), IsOk());
    EXPECT_EQ(trainer->SaveState(), state);
  }
  return bits;
}

// Whole, cut, and resumed after each call.
template <typename Problem>
void ExpectSameBits(const Problem& problem, bool cuts) {
  const auto whole = Bits(problem, Trainer::kFarStep, false);
  const auto same = [&](const std::vector<std::pair<double, double>>& bits) {
    return bits == whole;
  };
  EXPECT_TRUE(same(Bits(problem, Trainer::kFarStep, true)));
  if (!cuts) return;
  EXPECT_TRUE(same(Bits(problem, 37, false)));
  EXPECT_TRUE(same(Bits(problem, 37, true)));
}

}  // namespace steelyard::training

#endif  // STEELYARD_TESTS_TRAINING_FAR_PROBLEMS_H_
