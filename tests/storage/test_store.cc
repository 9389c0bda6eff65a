#include "tests/storage/test_store.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace steelyard::storage {
namespace {

uint32_t IndexOf(std::vector<std::string>& metrics, const std::string& metric) {
  const auto found = std::find(metrics.begin(), metrics.end(), metric);
  const auto index = static_cast<uint32_t>(found - metrics.begin());
  if (found == metrics.end()) metrics.push_back(metric);
  return index;
}

}  // namespace

Samples Batch(int64_t first_ordinal, const std::vector<OneSample>& samples) {
  Samples batch;
  batch.first_ordinal = first_ordinal;
  for (const OneSample& sample : samples) {
    batch.step.push_back(sample.step);
    batch.log10_step.push_back(
        sample.step == 0 ? std::numeric_limits<double>::quiet_NaN()
                         : std::log10(static_cast<double>(sample.step)));
    batch.wall_s.push_back(0.5 * static_cast<double>(sample.step));
    batch.attempt.push_back(1);
    batch.value_count.push_back(static_cast<uint32_t>(sample.values.size()));
    for (const auto& [metric, value] : sample.values) {
      batch.metric_index.push_back(IndexOf(batch.metrics, metric));
      batch.value.push_back(value);
    }
  }
  return batch;
}

Samples Series(int64_t first_ordinal, int64_t count) {
  std::vector<OneSample> samples;
  for (int64_t i = first_ordinal; i < first_ordinal + count; ++i) {
    const auto x = static_cast<double>(i);
    samples.push_back({.step = 10 * i,
                       .values = {{"train/loss", 1 / (1 + x)},
                                  {"train/error", std::sin(x)}}});
  }
  return Batch(first_ordinal, samples);
}

double ValueOf(const Samples& samples, int64_t sample,
               const std::string& metric) {
  size_t first = 0;
  for (int64_t k = 0; k < sample; ++k) {
    first += samples.value_count[static_cast<size_t>(k)];
  }
  const size_t end = first + samples.value_count[static_cast<size_t>(sample)];
  for (size_t i = first; i < end; ++i) {
    if (samples.metrics[samples.metric_index[i]] == metric) {
      return samples.value[i];
    }
  }
  ADD_FAILURE() << "sample " << sample << " has no " << metric;
  return 0;
}

AddDataset NewDataset(const TestStore& store, const std::string& bytes,
                      const std::string& owner) {
  const FileStore files = FileStore::Open(store.folder().path()).value();
  return {.sha256 = files.Put(bytes).value(),
          .size_bytes = static_cast<int64_t>(bytes.size()),
          .form = 1,
          .owner = owner,
          .label = "",
          .shared = false,
          .time = At(500)};
}

std::vector<std::string> FilesIn(const TestStore& store,
                                 const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(
           store.folder().path() + "/" + folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace steelyard::storage
