#ifndef STEELYARD_CLIENT_CLI_SAMPLES_H_
#define STEELYARD_CLIENT_CLI_SAMPLES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "steelyard/v1/run.pb.h"

namespace steelyard::cli {

// One sample without its values.
struct SampleHead {
  int64_t ordinal = 0;
  std::optional<int64_t> step{};       // absent above 2^63 - 1
  std::optional<double> log10_step{};  // absent at step 0
  double wall_s = 0;
  int64_t attempt = 0;
};

// One value of a sample.
struct SampleValue {
  absl::string_view metric;
  double value = 0;
};

// Calls `visit` for each sample of a batch, in order.  What it gets lives until
// it returns.
//
// Errors: Internal when the columns do not fit together; then `visit` was not
// called.
absl::Status VisitSamples(
    const v1::SampleBatch& batch,
    absl::FunctionRef<void(const SampleHead&, absl::Span<const SampleValue>)>
        visit);

// Takes from `batch` the samples before `cursor`, which were seen already, and
// moves `cursor` behind the rest.
//
// Errors: DataLoss when a sample between the cursor and the batch is missing;
// Internal as above.
absl::Status TakeUnseen(v1::SampleBatch& batch, int64_t& cursor);

// The samples of one run, by metric.
class RunSeries {
 public:
  struct Point {
    size_t sample = 0;  // index into samples()
    double value = 0;
  };

  // Batches come in order.
  //
  // Errors: DataLoss for a batch that is not the next one, Internal as above.
  absl::Status Append(const v1::SampleBatch& batch);

  const std::vector<SampleHead>& samples() const { return samples_; }

  // By the bytes of the metric's name; points in the order of samples.
  const std::map<std::string, std::vector<Point>, std::less<>>& metrics()
      const {
    return metrics_;
  }

 private:
  std::vector<SampleHead> samples_;
  std::map<std::string, std::vector<Point>, std::less<>> metrics_;
};

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_SAMPLES_H_
