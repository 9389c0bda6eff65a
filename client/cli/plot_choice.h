#ifndef STEELYARD_CLIENT_CLI_PLOT_CHOICE_H_
#define STEELYARD_CLIENT_CLI_PLOT_CHOICE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "client/cli/metric_text.h"

namespace steelyard::cli {

// What a plot shows when nobody has said: the errors, train/loss and
// direction/gap, in the order of MetricsOfInterest, as far as the runs have
// them; all metrics when they have none of these.  As many as give at most
// `most_lines` lines, and at least one if there is any.  A metric that one of
// several runs lacks has a line less.
std::vector<std::string> PlottedMetrics(absl::Span<const NamedSeries> runs,
                                        size_t most_lines);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_PLOT_CHOICE_H_
