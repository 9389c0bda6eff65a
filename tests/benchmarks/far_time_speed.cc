// How long leaps take (training/README.md, section 9), in seconds of a thread
// of the processor.
//
//   tests/tools/build.sh release far_time_speed
//   build/release/tests/far_time_speed [RUNS [ROWS FEATURES]]
//
// d8: the eight points of docs/science.md, eta .1, exponential loss.  RUNS
// (10,000) runs of points near them, with weights of their own, to 10^100, on
// two threads.  And ROWS (10,000) normal rows with FEATURES (200) features,
// pushed away from a random plane, to 10^7; beside it what one real step takes,
// which is measured over 200 of them.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/check.h"
#include "training/trainer.h"

namespace steelyard::training {
namespace {

double Seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         1e-9 * static_cast<double>(now.tv_nsec);
}

LinearProblem D8() {
  LinearProblem problem;
  problem.train.rows = 8;
  problem.train.columns = 2;
  problem.train.features = {2,  1,  1,  3,   3,    2.5,  .5, 1.5,
                            -1, -1, -2, 0.5, -0.5, -2.5, .5, -1};
  problem.train.labels = {1, 1, 1, 1, -1, -1, -1, -1};
  problem.loss = Loss::kExponential;
  problem.learning_rate = 0.1;
  problem.schedule = LogSchedule{.points_per_decade = 1};
  problem.leap = Leap{};
  return problem;
}

LinearProblem NearD8(std::mt19937_64& random) {
  std::uniform_real_distribution<> move(-0.25, 0.25);
  std::uniform_real_distribution<> decades(-1, 1);
  LinearProblem problem = D8();
  for (double& value : problem.train.features) value += move(random);
  for (int i = 0; i < 8; ++i) {
    problem.weights.push_back(std::pow(10, decades(random)));
  }
  return problem;
}

LinearProblem Wide(int64_t n, int64_t d, double distance) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  const auto draw = [&] {
    std::vector<double> x(static_cast<size_t>(d));
    for (double& value : x) value = normal(random);
    return x;
  };
  std::vector<double> plane = draw();
  double square = 0;
  for (const double value : plane) square += value * value;
  for (double& value : plane) value /= std::sqrt(square);
  LinearProblem problem;
  problem.train.rows = n;
  problem.train.columns = d;
  for (int64_t i = 0; i < n; ++i) {
    const double label = i % 2 == 0 ? 1 : -1;
    std::vector<double> x = draw();
    double along = 0;
    for (size_t j = 0; j < x.size(); ++j) along += x[j] * plane[j];
    const double move = label * (std::fabs(along) + distance) - along;
    for (size_t j = 0; j < x.size(); ++j) {
      problem.train.features.push_back(x[j] + move * plane[j]);
    }
    problem.train.labels.push_back(label);
  }
  problem.loss = Loss::kLogistic;
  problem.learning_rate = 1;
  problem.schedule = LogSchedule{.points_per_decade = 1};
  problem.leap = Leap{};
  return problem;
}

struct Taken {
  double setup = 0;    // s, the hard-margin reference and the like
  double seconds = 0;  // of the run
  // Its last metrics, of those that leap.
  double evaluations = 0;
  double real_steps = 0;
  double error_estimate = 0;
};

Taken Time(LinearProblem problem, double log10_steps) {
  if (log10_steps > 18) {
    problem.steps = Trainer::kFarStep;
    problem.log10_steps = log10_steps;
  } else {
    problem.steps = std::llround(std::pow(10, log10_steps));
  }
  Taken taken;
  const double begin = Seconds();
  auto trainer = Trainer::Create(std::move(problem));
  STEELYARD_CHECK(trainer.ok());
  const double made = Seconds();
  Evaluation end;
  while (!(*trainer)->done()) {
    auto evaluation = (*trainer)->Advance(Trainer::kFarStep);
    if (!evaluation.ok()) {
      std::printf("%s\n", std::string(evaluation.status().message()).c_str());
      break;
    }
    end = **std::move(evaluation);
  }
  taken.setup = made - begin;
  taken.seconds = Seconds() - made;
  for (const MetricValue& value : end.values) {
    const std::string& name = (*trainer)->metrics()[value.metric];
    if (name == "leap/evaluations") taken.evaluations = value.value;
    if (name == "leap/real_steps") taken.real_steps = value.value;
    if (name == "leap/error_estimate") taken.error_estimate = value.value;
  }
  return taken;
}

void TimeD8(double log10_steps) {
  constexpr int kRuns = 5;
  Taken best = Time(D8(), log10_steps);
  for (int run = 1; run < kRuns; ++run) {
    Taken taken = Time(D8(), log10_steps);
    if (taken.seconds < best.seconds) best = std::move(taken);
  }
  std::printf("d8 to 10^%g: %.2f ms, and %.2f ms to set up\n", log10_steps,
              1e3 * best.seconds, 1e3 * best.setup);
}

void TimeMany(int64_t runs) {
  constexpr int kThreads = 2;
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  std::vector<double> slowest(kThreads, 0);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&slowest, thread, runs] {
      std::mt19937_64 random(static_cast<uint64_t>(thread));
      for (int64_t run = thread; run < runs; run += kThreads) {
        const Taken taken = Time(NearD8(random), 100);
        double& most = slowest[static_cast<size_t>(thread)];
        most = std::max(most, taken.setup + taken.seconds);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::chrono::duration<double> took =
      std::chrono::steady_clock::now() - begin;
  std::printf(
      "%lld runs near d8 to 10^100 on %d threads: %.1f s, the slowest "
      "%.1f ms\n",
      static_cast<long long>(runs), kThreads, took.count(),
      1e3 * *std::max_element(slowest.begin(), slowest.end()));
}

void TimeWide(int64_t n, int64_t d, double distance) {
  const Taken taken = Time(Wide(n, d, distance), 7);
  LinearProblem real = Wide(n, d, distance);
  real.leap.reset();
  constexpr double kSteps = 200;
  const double step =
      Time(std::move(real), std::log10(kSteps)).seconds / kSteps;
  std::printf(
      "%lld x %lld, pushed by %g, to 10^7: %.1f s, and %.2f s to set up; a "
      "step "
      "takes %.2f ms: %.0f s for 10^7\n",
      static_cast<long long>(n), static_cast<long long>(d), distance,
      taken.seconds, taken.setup, 1e3 * step, 1e7 * step);
  std::printf("  %g evaluations, %g real steps, estimated error %.1g\n",
              taken.evaluations, taken.real_steps, taken.error_estimate);
}

}  // namespace
}  // namespace steelyard::training

int main(int argc, char** argv) {
  using namespace steelyard::training;  // NOLINT(google-build-using-namespace)
  TimeD8(7);
  TimeD8(1000);
  TimeMany(argc > 1 ? std::atoll(argv[1]) : 10'000);
  const int64_t n = argc > 3 ? std::atoll(argv[2]) : 10'000;
  const int64_t d = argc > 3 ? std::atoll(argv[3]) : 200;
  for (const double distance : {1.0, 0.1}) TimeWide(n, d, distance);
}
