#ifndef STEELYARD_CLIENT_CLI_PROGRESS_LINE_H_
#define STEELYARD_CLIENT_CLI_PROGRESS_LINE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "client/cli/terminal.h"
#include "steelyard/v1/run.pb.h"

namespace steelyard::cli {

// What is known of a run that is followed.
struct RunProgress {
  std::string title;  // E/R and the spec's name
  v1::RunState state = v1::RUN_STATE_UNSPECIFIED;
  uint64_t total_steps = 0;                  // 0: not known
  std::optional<absl::Duration> wall_limit;  // of training
  int64_t step = 0;
  // Of a run that wants more steps than are counted: how many it wants, and has
  // taken where those are not counted, either; else 0.
  double total_log10_steps = 0;
  double log10_step = 0;
  double steps_per_second = 0;
  absl::Duration training;                // spent so far, as of the last sample
  std::map<std::string, double> metrics;  // the latest value of each
  std::string note;  // what is to be said beside: why it waits, how it failed
};

// SUCCEEDED for RUN_STATE_SUCCEEDED.
std::string StateText(v1::RunState state);

Colour StateColour(v1::RunState state);

bool HasEnded(v1::RunState state);

// Of `metrics` those that people look at first: errors, then the training loss,
// then how far the direction is from its limit.
std::vector<std::pair<std::string, double>> MetricsOfInterest(
    const std::map<std::string, double>& metrics);

// The training time that is left; absent where no rate is known.
std::optional<absl::Duration> Remaining(const RunProgress& progress);

// One line of at most `terminal.width` columns, without a line break: the
// title, filled up to `title_width`; a bar while the run trains; then, as far
// as there is room, percent, steps, rate, remaining time, metrics.
std::string ProgressLine(const RunProgress& progress, int title_width,
                         const Terminal& terminal);

// The same for a file: no bar, no limit to its width.
std::string PlainProgressLine(const RunProgress& progress);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_PROGRESS_LINE_H_
