// How fast the store is here; no test, for no timing decides one.
//
//   store_speed [RUNS]     RUNS: runs in the lists, 100000 without
//
// Points are written through Writer::Apply and read through Reader as the
// server does it, on the disk of the temporary folder.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "support/check.h"
#include "tests/storage/test_store.h"

namespace steelyard::storage {
namespace {

constexpr int64_t kMetrics = 10;

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

// Says more than the clock on the wall where others use the machine.
double CpuSeconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

Samples WideSeries(int64_t first_ordinal, int64_t count) {
  std::vector<OneSample> samples;
  for (int64_t i = first_ordinal; i < first_ordinal + count; ++i) {
    OneSample sample = {.step = 7 * i, .values = {}};
    for (int64_t m = 0; m < kMetrics; ++m) {
      sample.values.emplace_back("metric/" + std::to_string(m),
                                 1 / (static_cast<double>(i + m) + 1.5));
    }
    samples.push_back(std::move(sample));
  }
  return Batch(first_ordinal, samples);
}

void Must(const std::vector<absl::Status>& statuses) {
  for (const absl::Status& status : statuses) STEELYARD_CHECK(status.ok());
}

// Each call holds a report of `samples` samples of each of `runs` runs.
void MeasureWrites(int64_t runs, int64_t samples, int64_t calls) {
  TestStore store;
  for (int64_t run = 1; run <= runs; ++run) {
    Must(store.Apply({NewRun(run), Start(run, 1)}));
  }
  double seconds = 0;
  double cpu_s = 0;
  for (int64_t call = 0; call < calls; ++call) {
    std::vector<Change> changes;
    for (int64_t run = 1; run <= runs; ++run) {
      changes.emplace_back(Report(run, 1, WideSeries(call * samples, samples)));
    }
    const auto start = std::chrono::steady_clock::now();
    const double cpu_start_s = CpuSeconds();
    Must(store.Apply(changes));
    cpu_s += CpuSeconds() - cpu_start_s;
    seconds += SecondsSince(start);
  }
  const auto points = static_cast<double>(runs * samples * calls * kMetrics);
  std::printf("write: %4ld runs, %4ld samples of %ld metrics a report: ", runs,
              samples, kMetrics);
  std::printf("%8.0f points/s (%8.0f a CPU second), %6.2f ms a commit\n",
              points / seconds, points / cpu_s,
              1000 * seconds / static_cast<double>(calls));
}

// A run of the most samples that one may have.
void MeasureALongRun() {
  constexpr int64_t kSamples = 1000000;
  TestStore store;
  Must(store.Apply({NewRun(1), Start(1, 1)}));
  for (int64_t first = 0; first < kSamples; first += 10000) {
    Must({store.Apply(Report(1, 1, Series(first, 10000)))});
  }
  auto start = std::chrono::steady_clock::now();
  for (int64_t next = 0; next < kSamples;) {
    const auto page = store.reader().ReadSamples(RunId{1}, next, 100000);
    STEELYARD_CHECK(page.ok() && page->size() > 0);
    next = page->next_ordinal();
  }
  std::printf("read: 10^6 samples of 2 metrics in pages of 100,000 values: ");
  std::printf("%8.0f points/s\n", 2.0 * kSamples / SecondsSince(start));
  start = std::chrono::steady_clock::now();
  STEELYARD_CHECK(store.reader().FinalMetrics(RunId{1}).ok());
  std::printf("read: its final metrics: %.3f ms\n", 1000 * SecondsSince(start));
  start = std::chrono::steady_clock::now();
  STEELYARD_CHECK(store.reader().ReadSamples(RunId{1}, kSamples - 1, 9).ok());
  std::printf("read: its last sample: %.3f ms\n", 1000 * SecondsSince(start));
}

void MeasureList(TestStore& store, const char* name, const RunFilter& filter) {
  const auto start = std::chrono::steady_clock::now();
  const double cpu_start_s = CpuSeconds();
  const auto page = store.reader().ListRuns(filter, {}, 100);
  STEELYARD_CHECK(page.ok());
  std::printf("list: %-36s %4zu runs in %.2f ms (CPU %.2f ms)\n", name,
              page->runs.size(), 1000 * SecondsSince(start),
              1000 * (CpuSeconds() - cpu_start_s));
}

void MeasureLists(int64_t runs) {
  TestStore store;
  auto start = std::chrono::steady_clock::now();
  for (int64_t first = 1; first <= runs; first += 1000) {
    std::vector<Change> changes;
    for (int64_t run = first; run < first + 1000 && run <= runs; ++run) {
      AddRun change = NewRun(run);
      change.user = "user" + std::to_string(run % 10);
      change.experiment = "e" + std::to_string(run % 7);
      change.new_experiment_shared = true;
      change.spec = change.submitted_spec = std::string(500, 's');
      change.labels = {{"seed", std::to_string(run % 1000)}, {"kind", "a"}};
      changes.emplace_back(std::move(change));
      if (run % 1000 == 0) changes.emplace_back(Cancel(run));
    }
    Must(store.Apply(changes));
  }
  std::printf("add: %ld runs in calls of 1000: %.0f runs/s\n", runs,
              static_cast<double>(runs) / SecondsSince(start));
  RunFilter filter;
  MeasureList(store, "all", filter);
  filter.state = RunState::kCancelled;
  MeasureList(store, "state, 1 in 1000", filter);
  filter.user = "user3";
  MeasureList(store, "state and user, nothing matches", filter);
  filter.experiment = "e1";
  MeasureList(store, "state, user, experiment, nothing", filter);
  filter = {};
  filter.labels = {{"seed", "77"}};
  MeasureList(store, "a label, 1 in 1000", filter);
  filter.labels = {{"kind", "a"}, {"seed", "77"}};
  MeasureList(store, "a label of all, and one 1 in 1000", filter);
  start = std::chrono::steady_clock::now();
  STEELYARD_CHECK(store.reader().UnendedRuns().ok());
  std::printf("list: all unended runs in %.2f ms\n",
              1000 * SecondsSince(start));
}

}  // namespace
}  // namespace steelyard::storage

int main(int argc, char** argv) {
  using namespace steelyard::storage;
  MeasureWrites(1, 1, 1000);
  MeasureWrites(1, 100, 200);
  MeasureWrites(64, 1, 100);
  MeasureWrites(64, 10, 50);
  MeasureWrites(64, 100, 20);
  MeasureALongRun();
  MeasureLists(argc > 1 ? std::atol(argv[1]) : 100000);
  return 0;
}
