#ifndef STEELYARD_TESTS_CLIENT_SAMPLE_BATCHES_H_
#define STEELYARD_TESTS_CLIENT_SAMPLE_BATCHES_H_

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "steelyard/v1/run.pb.h"

namespace steelyard::cli {

// One sample as a test writes it down.
struct TestSample {
  int64_t step = 0;  // -1: above 2^63 - 1
  std::map<std::string, double> values;
  double log10_step = std::nan("");  // NaN: of the step
};

inline v1::SampleBatch MakeBatch(int64_t first_ordinal,
                                 const std::vector<TestSample>& samples) {
  v1::SampleBatch batch;
  batch.set_first_ordinal(first_ordinal);
  std::map<std::string, uint32_t> indices;
  for (const TestSample& sample : samples) {
    batch.add_step(sample.step);
    batch.add_log10_step(std::isnan(sample.log10_step) && sample.step > 0
                             ? std::log10(static_cast<double>(sample.step))
                             : sample.log10_step);
    batch.add_wall_s(0.5 * static_cast<double>(batch.wall_s_size()));
    batch.add_attempt(1);
    batch.add_value_count(static_cast<uint32_t>(sample.values.size()));
    for (const auto& [metric, value] : sample.values) {
      const auto [index, added] =
          indices.emplace(metric, static_cast<uint32_t>(batch.metrics_size()));
      if (added) batch.add_metrics(metric);
      batch.add_metric_index(index->second);
      batch.add_value(value);
    }
  }
  return batch;
}

}  // namespace steelyard::cli

#endif  // STEELYARD_TESTS_CLIENT_SAMPLE_BATCHES_H_
