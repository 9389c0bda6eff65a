// The library's side of network_speed.py: a network on images, trained as it is
// told on standard input.
//
//   network_speed IMAGES LABELS PARAMETERS CHECK_STEPS RATE
//
// IMAGES, LABELS: IDX files, compressed; PARAMETERS: doubles, as they lie in
// memory.  Says first at which loss it stands after CHECK_STEPS steps; then for
// each number of steps read, takes them and answers with the seconds that they
// took and those of the processor.
#include <zlib.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "support/check.h"
#include "training/trainer.h"

namespace steelyard::training {
namespace {

constexpr int64_t kRows = 60'000;
constexpr int64_t kPixels = 784;
constexpr int64_t kManySteps = 1'000'000'000;

std::vector<double> ReadBytes(const char* path, int64_t header, int64_t count) {
  const gzFile file = gzopen(path, "rb");
  STEELYARD_CHECK(file != nullptr);
  std::vector<unsigned char> bytes(static_cast<size_t>(header + count));
  STEELYARD_CHECK(
      gzread(file, bytes.data(), static_cast<unsigned>(bytes.size())) ==
      std::ssize(bytes));
  gzclose(file);
  return {bytes.begin() + header, bytes.end()};
}

std::vector<double> ReadDoubles(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const auto* first = reinterpret_cast<const double*>(bytes.data());
  return {first, first + bytes.size() / sizeof(double)};
}

NetworkProblem Problem(char** argv) {
  NetworkProblem problem;
  problem.train.rows = kRows;
  problem.train.columns = kPixels;
  problem.train.features = ReadBytes(argv[1], 16, kRows * kPixels);
  for (double& value : problem.train.features) value /= 255;
  problem.train.labels = ReadBytes(argv[2], 8, kRows);
  problem.architecture.hidden = {256, 256};
  problem.architecture.outputs = 10;
  problem.loss = Loss::kSoftmaxCrossEntropy;
  problem.batches.size = 128;
  problem.rate.initial = std::atof(argv[5]);
  problem.initial = GivenInitial{ReadDoubles(argv[3])};
  problem.steps = kManySteps;
  problem.schedule = AtSchedule{{std::atoll(argv[4])}};
  return problem;
}

double Seconds(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) +
         1e-9 * static_cast<double>(time.tv_nsec);
}

double CheckedLoss(Trainer& trainer, int64_t check_steps) {
  for (;;) {
    const auto evaluation = trainer.Advance(kManySteps);
    STEELYARD_CHECK(evaluation.ok() && evaluation->has_value());
    if ((*evaluation)->step != check_steps) continue;
    for (const MetricValue& value : (*evaluation)->values) {
      if (trainer.metrics()[value.metric] == "train/loss") return value.value;
    }
  }
}

void Run(char** argv) {
  auto trainer = Trainer::Create(Problem(argv));
  STEELYARD_CHECK(trainer.ok());
  std::printf("%s %.17g\n", NumericsId().c_str(),
              CheckedLoss(**trainer, std::atoll(argv[4])));
  std::fflush(stdout);
  for (int64_t steps = 0; std::cin >> steps;) {
    const double begin = Seconds(CLOCK_MONOTONIC_RAW);
    const double cpu_begin = Seconds(CLOCK_PROCESS_CPUTIME_ID);
    STEELYARD_CHECK((*trainer)->Advance(steps).ok());
    std::printf("%.9f %.9f\n", Seconds(CLOCK_MONOTONIC_RAW) - begin,
                Seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_begin);
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace steelyard::training

int main(int argc, char** argv) {
  STEELYARD_CHECK(argc == 6);
  steelyard::training::Run(argv);
  return 0;
}
