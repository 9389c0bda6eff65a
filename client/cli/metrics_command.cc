#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/cli/escape.h"
#include "client/cli/metric_table.h"
#include "client/cli/metric_text.h"
#include "client/cli/plot.h"
#include "client/cli/plot_choice.h"
#include "client/cli/progress_line.h"
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
    runs.push_back({.run = run.name(),
                    .label = run.spec().name(),
                    .state = run.state(),
                    .samples = run.sample_count(),
                    .series = {}});
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

bool HasSamples(const NamedSeries& run) {
  return run.samples > 0 || !run.series.samples().empty();
}

// Whether it may get samples, and metrics with them.
bool MayBegin(const NamedSeries& run) {
  return !HasSamples(run) && !HasEnded(run.state);
}

void HintNoSamples(Console& console, const std::vector<NamedSeries>& runs) {
  for (const NamedSeries& run : runs) {
    if (HasSamples(run)) continue;
    Hint(console,
         absl::StrCat(MayBegin(run) ? "no samples yet: " : "no samples: ",
                      TerminalText(ShortRunName(run.run)), " is ",
                      StateText(run.state)));
  }
}

// A metric that no run has is named wrongly, or is not defined for them: either
// way silence would hide it.  A run that has not begun may have it yet.
absl::Status CheckMetrics(const std::vector<std::string>& metrics,
                          const std::vector<NamedSeries>& runs) {
  if (std::any_of(runs.begin(), runs.end(), MayBegin)) return absl::OkStatus();
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

// Within a plot the lines of one run need no run, those of one metric none.
std::string LineLabel(const NamedSeries& run, absl::string_view metric,
                      size_t runs, size_t metrics) {
  if (runs == 1 && metrics > 1) return std::string(metric);
  std::string label = RunTitle(run);
  if (metrics > 1) absl::StrAppend(&label, " ", metric);
  return label;
}

// What all lines have in common.
std::string PlotTitle(const std::vector<NamedSeries>& runs,
                      const std::vector<std::string>& metrics) {
  if (metrics.size() == 1) return metrics.front();
  return runs.size() == 1 ? RunTitle(runs.front()) : "";
}

// Step 0 has no logarithm and is left out.
std::vector<PlotLine> PlotLines(const std::vector<NamedSeries>& runs,
                                const std::vector<std::string>& metrics) {
  std::vector<PlotLine> lines;
  for (const NamedSeries& run : runs) {
    for (const std::string& metric : metrics) {
      const auto points = run.series.metrics().find(metric);
      if (points == run.series.metrics().end()) continue;
      PlotLine line = {
          .label = LineLabel(run, metric, runs.size(), metrics.size()),
          .points = {}};
      for (const RunSeries::Point& point : points->second) {
        const SampleHead& head = run.series.samples()[point.sample];
        if (!head.log10_step) continue;
        line.points.push_back({*head.log10_step, point.value});
      }
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

void HintChoice(Session& session, const std::vector<NamedSeries>& runs,
                const std::vector<std::string>& metrics) {
  Hint(session.console,
       TerminalText(absl::StrCat("drawn: ", absl::StrJoin(metrics, ", "),
                                 "; others: --metric M, several times; all "
                                 "there are: ")) +
           NextCommand(session, absl::StrCat("metrics ",
                                             ShortRunName(runs.front().run))));
}

ExitCode Plot(Session& session, const MetricsOptions& options,
              const std::vector<NamedSeries>& runs) {
  constexpr size_t kMostLines = 8;
  constexpr int kLeastHeight = 8;
  constexpr int kLargestHeight = 18;
  Console& console = session.console;
  const std::vector<std::string> metrics =
      options.metrics.empty() ? PlottedMetrics(runs, kMostLines)
                              : options.metrics;
  const std::vector<PlotLine> lines = PlotLines(runs, metrics);
  if (lines.size() > kMostLines) {
    return FailUsage(
        console, absl::StrCat("--plot: want at most ", kMostLines,
                              " lines, got ", lines.size(), ": name fewer runs",
                              metrics.size() > 1 ? ", or fewer metrics" : ""));
  }
  // Room for the legend, the axis and the prompt.
  const int height =
      std::clamp(console.out_terminal.height - 7, kLeastHeight, kLargestHeight);
  const std::string title = PlotTitle(runs, metrics);
  if (!title.empty()) console.out << TerminalText(title) << '\n';
  console.out << DrawPlot(lines, console.out_terminal, height);
  if (options.metrics.empty()) HintChoice(session, runs, metrics);
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
  HintNoSamples(console, *runs);
  const bool for_people = options.form == MetricsOptions::Form::kTable ||
                          options.form == MetricsOptions::Form::kPlot;
  if (for_people && std::none_of(runs->begin(), runs->end(), HasSamples)) {
    return ExitCode::kDone;
  }
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
