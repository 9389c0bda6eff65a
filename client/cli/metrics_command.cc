#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/cli/escape.h"
#include "client/cli/metric_text.h"
#include "client/cli/plot.h"
#include "client/cli/suggestion.h"
#include "support/status_macros.h"

namespace steelyard::cli {
namespace {

absl::StatusOr<std::vector<NamedSeries>> ResolveRuns(
    Session& session, const std::vector<RunName>& names) {
  std::vector<NamedSeries> runs;
  for (const RunName& name : names) {
    STEELYARD_ASSIGN_OR_RETURN(const std::string full, FindRun(session, name));
    STEELYARD_ASSIGN_OR_RETURN(const v1::Run run, GetRun(session, full));
    const auto twice = std::find_if(
        runs.begin(), runs.end(),
        [&run](const NamedSeries& other) { return other.run == run.name(); });
    if (twice != runs.end()) continue;
    runs.push_back(
        {.run = run.name(), .label = run.spec().name(), .series = {}});
  }
  return runs;
}

absl::Status ReadSeries(Session& session,
                        const std::vector<std::string>& metrics,
                        std::vector<NamedSeries>& runs) {
  v1::QueryMetricsRequest request;
  for (const NamedSeries& run : runs) request.add_runs(run.run);
  request.mutable_metrics()->Assign(metrics.begin(), metrics.end());
  while (true) {
    v1::QueryMetricsResponse response;
    STEELYARD_RETURN_IF_ERROR(session.connection->Call(
        session.connection->runs(), &v1::RunService::Stub::QueryMetrics,
        request, response));
    for (const v1::RunSamples& part : response.series()) {
      const auto run = std::find_if(
          runs.begin(), runs.end(),
          [&part](const NamedSeries& r) { return r.run == part.run(); });
      if (run == runs.end()) {
        return absl::InternalError(absl::StrCat(
            TerminalText(part.run()), ": the server sent a run not asked for"));
      }
      STEELYARD_RETURN_IF_ERROR(run->series.Append(part.samples()));
    }
    if (response.next_page_token().empty()) return absl::OkStatus();
    request.set_page_token(response.next_page_token());
  }
}

// A metric that no run has is named wrongly, or is not defined for them: either
// way silence would hide it.
absl::Status CheckMetrics(const std::vector<std::string>& metrics,
                          const std::vector<NamedSeries>& runs) {
  for (const std::string& metric : metrics) {
    const bool present =
        std::any_of(runs.begin(), runs.end(), [&metric](const NamedSeries& r) {
          return r.series.metrics().contains(metric);
        });
    if (present) continue;
    return absl::NotFoundError(absl::StrCat(
        TerminalText(metric), ": want a metric that ",
        runs.size() == 1 ? "this run has" : "one of these runs has",
        ", got none of that name; steelyard show ",
        TerminalText(ShortRunName(runs.front().run)),
        " lists them, with the reasons for those that are absent"));
  }
  return absl::OkStatus();
}

std::string LineLabel(const NamedSeries& run, absl::string_view metric,
                      size_t metrics) {
  std::string label = ShortRunName(run.run);
  if (!run.label.empty()) absl::StrAppend(&label, " ", run.label);
  if (metrics != 1) absl::StrAppend(&label, " ", metric);
  return label;
}

// Step 0 has no logarithm and is left out.
std::vector<PlotLine> PlotLines(const std::vector<NamedSeries>& runs,
                                size_t metrics) {
  std::vector<PlotLine> lines;
  for (const NamedSeries& run : runs) {
    for (const auto& [metric, points] : run.series.metrics()) {
      PlotLine line = {.label = LineLabel(run, metric, metrics), .points = {}};
      for (const RunSeries::Point& point : points) {
        const SampleHead& head = run.series.samples()[point.sample];
        if (!head.log10_step) continue;
        line.points.push_back({*head.log10_step, point.value});
      }
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

ExitCode Plot(Session& session, const MetricsOptions& options,
              const std::vector<NamedSeries>& runs) {
  constexpr size_t kMostLines = 8;
  constexpr int kLeastHeight = 8;
  constexpr int kLargestHeight = 18;
  Console& console = session.console;
  const std::vector<PlotLine> lines = PlotLines(runs, options.metrics.size());
  if (lines.size() > kMostLines) {
    return FailUsage(
        console,
        absl::StrCat("--plot: want at most ", kMostLines, " lines, got ",
                     lines.size(), ": choose metrics with --metric, e.g. ",
                     "--metric train/loss"));
  }
  // Room for the legend, the axis and the prompt.
  const int height =
      std::clamp(console.out_terminal.height - 7, kLeastHeight, kLargestHeight);
  if (options.metrics.size() == 1) {
    console.out << TerminalText(options.metrics.front()) << '\n';
  }
  console.out << DrawPlot(lines, console.out_terminal, height);
  return ExitCode::kDone;
}

}  // namespace

ExitCode PrintMetrics(Session& session, const MetricsOptions& options) {
  Console& console = session.console;
  absl::StatusOr<std::vector<NamedSeries>> runs =
      ResolveRuns(session, options.runs);
  if (!runs.ok()) return Fail(console, runs.status());
  const absl::Status read = ReadSeries(session, options.metrics, *runs);
  if (!read.ok()) return Fail(console, read);
  const absl::Status known = CheckMetrics(options.metrics, *runs);
  if (!known.ok()) return Fail(console, known);
  switch (options.form) {
    case MetricsOptions::Form::kCsv:
      WriteCsv(*runs,
               options.columns.empty() ? DefaultCsvColumns(runs->size())
                                       : options.columns,
               console.out);
      return ExitCode::kDone;
    case MetricsOptions::Form::kJson:
      WriteSamplesJson(*runs, console.out);
      return ExitCode::kDone;
    case MetricsOptions::Form::kPlot:
      return Plot(session, options, *runs);
    case MetricsOptions::Form::kTable:
      console.out << MetricTable(*runs, console.out_terminal);
      Hint(console, "some steps are shown; every sample: --csv or --json");
      return ExitCode::kDone;
  }
  return ExitCode::kDone;
}

}  // namespace steelyard::cli
