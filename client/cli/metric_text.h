#ifndef STEELYARD_CLIENT_CLI_METRIC_TEXT_H_
#define STEELYARD_CLIENT_CLI_METRIC_TEXT_H_

#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "client/cli/samples.h"

// What `metrics` prints for programs.
namespace steelyard::cli {

// One run's samples under the name that people know it by.
struct NamedSeries {
  std::string run;    // experiments/E/runs/R
  std::string label;  // the spec's name; may be empty
  v1::RunState state = v1::RUN_STATE_UNSPECIFIED;
  int64_t samples = 0;  // on the server, of whatever metric
  RunSeries series;
};

// E/R, and the label behind it if there is one.
std::string RunTitle(const NamedSeries& run);

// Columns of a CSV file.
enum class CsvColumn {
  kRun,
  kMetric,
  kStep,
  kLog10Step,
  kSample,
  kWallS,
  kAttempt,
  kValue
};

// Reads "metric,log10_step,value".
//
// Errors: InvalidArgument, naming the column and those there are; for an empty
// text and for a column that is there twice.
absl::StatusOr<std::vector<CsvColumn>> ParseCsvColumns(absl::string_view text);

// metric, step, value; with `run` before them for more than one run.
std::vector<CsvColumn> DefaultCsvColumns(size_t runs);

// A header, then a line a value: by run as given, metric by its bytes, sample.
// A step above 2^63 - 1 is empty, and so is log10_step at step 0.
void WriteCsv(absl::Span<const NamedSeries> runs,
              absl::Span<const CsvColumn> columns, std::ostream& out);

// A line a sample, as SampleJson; `run` is left out of one run alone.
void WriteSamplesJson(absl::Span<const NamedSeries> runs, std::ostream& out);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_METRIC_TEXT_H_
