#ifndef STEELYARD_CLIENT_CLI_METRIC_TABLE_H_
#define STEELYARD_CLIENT_CLI_METRIC_TABLE_H_

#include <string>

#include "absl/types/span.h"
#include "client/cli/metric_text.h"
#include "client/cli/terminal.h"

namespace steelyard::cli {

// What `metrics` prints for people: a row a metric and run, columns the steps
// 0, 1, 10, 100, ... and the last value.  Where the width does not hold them
// all, the powers are thinned: 0, 1, 100, 10k, ..., or 0, 1, 1k, 1M, ..., so
// that the first steps and the last stay, and numbers get a digit less.  Where
// runs meet few powers of ten, some of the first run's samples at equal
// distance stand in their place.
//
// One run stands above the table, several in a column of it.
std::string MetricTable(absl::Span<const NamedSeries> runs,
                        const Terminal& terminal);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_METRIC_TABLE_H_
