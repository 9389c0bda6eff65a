#include "client/cli/metric_table.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "client/cli/escape.h"
#include "client/cli/number_text.h"
#include "client/cli/table.h"
#include "client/cli/utf8.h"

namespace steelyard::cli {
namespace {

constexpr int kGap = 2;  // between columns

bool IsPowerOfTen(int64_t step) {
  if (step < 1) return false;
  while (step % 10 == 0) step /= 10;
  return step == 1;
}

// The last value stands in a column of its own: a step that is the last one of
// every run that met it would be there twice.
bool IsLastOnly(absl::Span<const NamedSeries> runs, int64_t step) {
  return absl::c_all_of(runs, [step](const NamedSeries& run) {
    const std::vector<SampleHead>& samples = run.series.samples();
    return samples.empty() || samples.back().step == step ||
           absl::c_none_of(samples, [step](const SampleHead& head) {
             return head.step == step;
           });
  });
}

// Of the columns before the last one; all of them, in order.
std::vector<int64_t> TableSteps(absl::Span<const NamedSeries> runs) {
  constexpr size_t kFew = 3;
  constexpr size_t kColumnsOfOthers = 8;
  std::set<int64_t> steps;
  for (const NamedSeries& run : runs) {
    for (const SampleHead& head : run.series.samples()) {
      if (head.step && IsPowerOfTen(*head.step)) steps.insert(*head.step);
    }
  }
  if (steps.size() >= kFew || runs.empty()) {
    steps.insert(0);
  } else {
    const std::vector<SampleHead>& samples = runs.front().series.samples();
    const size_t stride = samples.size() / kColumnsOfOthers + 1;
    for (size_t i = 0; i < samples.size(); i += stride) {
      if (samples[i].step) steps.insert(*samples[i].step);
    }
  }
  std::vector<int64_t> kept;
  for (const int64_t step : steps) {
    if (!IsLastOnly(runs, step)) kept.push_back(step);
  }
  return kept;
}

std::string StepTitle(int64_t step) {
  return IsPowerOfTen(step) ? MetricPrefixText(static_cast<double>(step))
                            : CountText(step);
}

// By step, of one metric.
std::string ValueAt(const RunSeries& series,
                    const std::vector<RunSeries::Point>& points, int64_t step,
                    int digits) {
  const auto point = absl::c_lower_bound(
      points, step, [&series](const RunSeries::Point& left, int64_t right) {
        const std::optional<int64_t> left_step =
            series.samples()[left.sample].step;
        return left_step && *left_step < right;
      });
  if (point == points.end()) return "";
  return series.samples()[point->sample].step == step
             ? NarrowNumber(point->value, digits)
             : "";
}

// One column: its title and a text for each row.
struct TextColumn {
  std::string title;
  std::vector<std::string> texts{};

  int Width() const {
    int width = DisplayWidth(title);
    for (const std::string& text : texts) {
      width = std::max(width, DisplayWidth(TerminalText(text)));
    }
    return width;
  }
};

template <typename Text>
TextColumn MakeColumn(absl::Span<const NamedSeries> runs, std::string title,
                      Text text) {
  TextColumn column = {.title = std::move(title)};
  for (const NamedSeries& run : runs) {
    for (const auto& [metric, points] : run.series.metrics()) {
      column.texts.push_back(text(run, metric, points));
    }
  }
  return column;
}

using Points = std::vector<RunSeries::Point>;

// The run, where it is not the only one, and the metric.
std::vector<TextColumn> NameColumns(absl::Span<const NamedSeries> runs) {
  std::vector<TextColumn> columns;
  if (runs.size() > 1) {
    columns.push_back(
        MakeColumn(runs, "run",
                   [](const NamedSeries& run, const std::string& /*metric*/,
                      const Points& /*points*/) { return RunTitle(run); }));
  }
  columns.push_back(
      MakeColumn(runs, "metric",
                 [](const NamedSeries& /*run*/, const std::string& metric,
                    const Points& /*points*/) { return metric; }));
  return columns;
}

// The first step and of the others each `stride`th, from the second on.
std::vector<int64_t> Thinned(const std::vector<int64_t>& steps, size_t stride) {
  std::vector<int64_t> kept;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (i == 0 || (i - 1) % stride == 0) kept.push_back(steps[i]);
  }
  return kept;
}

// The given steps and the last value, which gets a digit more.
std::vector<TextColumn> ValueColumns(absl::Span<const NamedSeries> runs,
                                     const std::vector<int64_t>& steps,
                                     int digits) {
  std::vector<TextColumn> columns;
  columns.reserve(steps.size() + 1);
  for (const int64_t step : steps) {
    columns.push_back(MakeColumn(
        runs, StepTitle(step),
        [step, digits](const NamedSeries& run, const std::string& /*metric*/,
                       const Points& points) {
          return ValueAt(run.series, points, step, digits);
        }));
  }
  columns.push_back(
      MakeColumn(runs, "last",
                 [digits](const NamedSeries& /*run*/,
                          const std::string& /*metric*/, const Points& points) {
                   return NarrowNumber(points.back().value, digits + 1);
                 }));
  return columns;
}

int TotalWidth(const std::vector<TextColumn>& columns) {
  int width = 0;
  for (const TextColumn& column : columns) width += column.Width() + kGap;
  return width;
}

// As many as `width` holds, a gap before each.  Once every second power is left
// out a digit goes before the next column does.
std::vector<TextColumn> FittingColumns(absl::Span<const NamedSeries> runs,
                                       int width) {
  constexpr int kDigits = 3;
  const std::vector<int64_t> steps = TableSteps(runs);
  for (size_t stride = 1; stride <= std::max<size_t>(1, steps.size());
       ++stride) {
    for (int digits = kDigits; digits >= (stride == 1 ? kDigits : kDigits - 1);
         --digits) {
      std::vector<TextColumn> columns =
          ValueColumns(runs, Thinned(steps, stride), digits);
      if (TotalWidth(columns) <= width) return columns;
    }
  }
  const std::vector<int64_t> first(steps.begin(),
                                   steps.begin() + (steps.empty() ? 0 : 1));
  std::vector<TextColumn> columns = ValueColumns(runs, first, kDigits);
  if (TotalWidth(columns) <= width) return columns;
  return ValueColumns(runs, {}, kDigits);
}

}  // namespace

std::string MetricTable(absl::Span<const NamedSeries> runs,
                        const Terminal& terminal) {
  std::vector<TextColumn> columns = NameColumns(runs);
  const size_t names = columns.size();
  const int room = terminal.width - (TotalWidth(columns) - kGap);
  for (TextColumn& column : FittingColumns(runs, room)) {
    columns.push_back(std::move(column));
  }

  std::vector<Table::Column> titles;
  for (size_t i = 0; i < columns.size(); ++i) {
    titles.push_back({columns[i].title,
                      i < names ? Table::Align::kLeft : Table::Align::kRight});
  }
  Table table(std::move(titles));
  for (size_t row = 0; row < columns.back().texts.size(); ++row) {
    std::vector<Table::Cell> cells;
    cells.reserve(columns.size());
    for (const TextColumn& column : columns) {
      cells.emplace_back(column.texts[row]);
    }
    table.AddRow(std::move(cells));
  }
  const std::string title =
      runs.size() == 1
          ? absl::StrCat(TerminalText(RunTitle(runs.front())), "\n")
          : "";
  return absl::StrCat(title, table.Text(terminal));
}

}  // namespace steelyard::cli
