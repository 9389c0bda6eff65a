#include "client/cli/plot_choice.h"

#include <map>
#include <utility>

#include "client/cli/progress_line.h"

namespace steelyard::cli {

std::vector<std::string> PlottedMetrics(absl::Span<const NamedSeries> runs,
                                        size_t most_lines) {
  std::map<std::string, size_t> lines;  // of each metric
  std::map<std::string, double> names;
  for (const NamedSeries& run : runs) {
    for (const auto& [metric, points] : run.series.metrics()) {
      ++lines[metric];
      names[metric] = 0;
    }
  }
  std::vector<std::pair<std::string, double>> candidates =
      MetricsOfInterest(names);
  if (candidates.empty()) candidates.assign(names.begin(), names.end());
  std::vector<std::string> chosen;
  size_t used = 0;
  for (const auto& [metric, unused] : candidates) {
    used += lines[metric];
    if (used > most_lines && !chosen.empty()) break;
    chosen.push_back(metric);
  }
  return chosen;
}

}  // namespace steelyard::cli
