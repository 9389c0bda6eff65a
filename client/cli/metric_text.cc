#include "client/cli/metric_text.h"

#include <array>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/cli/escape.h"
#include "client/cli/json.h"
#include "client/cli/number_text.h"
#include "client/cli/run_name.h"

namespace steelyard::cli {
namespace {

struct ColumnName {
  CsvColumn column;
  absl::string_view name;
};

constexpr std::array<ColumnName, 8> kColumns = {
    {{CsvColumn::kRun, "run"},
     {CsvColumn::kMetric, "metric"},
     {CsvColumn::kStep, "step"},
     {CsvColumn::kLog10Step, "log10_step"},
     {CsvColumn::kSample, "sample"},
     {CsvColumn::kWallS, "wall_s"},
     {CsvColumn::kAttempt, "attempt"},
     {CsvColumn::kValue, "value"}}};

absl::string_view Name(CsvColumn column) {
  return kColumns[static_cast<size_t>(column)].name;
}

// What of a line does not change within a series, escaped once.
struct CsvSeries {
  std::string run;
  std::string metric;
};

std::string CsvValue(CsvColumn column, const CsvSeries& series,
                     const SampleHead& head, double value) {
  switch (column) {
    case CsvColumn::kRun:
      return series.run;
    case CsvColumn::kMetric:
      return series.metric;
    case CsvColumn::kStep:
      return head.step ? absl::StrCat(*head.step) : "";
    case CsvColumn::kLog10Step:
      return head.log10_step ? ExactNumber(*head.log10_step) : "";
    case CsvColumn::kSample:
      return absl::StrCat(head.ordinal);
    case CsvColumn::kWallS:
      return ExactNumber(head.wall_s);
    case CsvColumn::kAttempt:
      return absl::StrCat(head.attempt);
    case CsvColumn::kValue:
      return ExactNumber(value);
  }
  return "";
}

void WriteRunCsv(const NamedSeries& run, absl::Span<const CsvColumn> columns,
                 std::ostream& out) {
  for (const auto& [metric, points] : run.series.metrics()) {
    const CsvSeries series = {CsvField(run.run), CsvField(metric)};
    for (const RunSeries::Point& point : points) {
      const SampleHead& head = run.series.samples()[point.sample];
      absl::string_view gap = "";
      for (const CsvColumn column : columns) {
        out << gap << CsvValue(column, series, head, point.value);
        gap = ",";
      }
      out << '\n';
    }
  }
}

// The values of each sample, by metric.
std::vector<std::vector<SampleValue>> ValuesBySample(const RunSeries& series) {
  std::vector<std::vector<SampleValue>> values(series.samples().size());
  for (const auto& [metric, points] : series.metrics()) {
    for (const RunSeries::Point& point : points) {
      values[point.sample].push_back({metric, point.value});
    }
  }
  return values;
}

}  // namespace

std::string RunTitle(const NamedSeries& run) {
  return run.label.empty()
             ? ShortRunName(run.run)
             : absl::StrCat(ShortRunName(run.run), " ", run.label);
}

absl::StatusOr<std::vector<CsvColumn>> ParseCsvColumns(absl::string_view text) {
  std::vector<CsvColumn> columns;
  for (const absl::string_view name : absl::StrSplit(text, ',')) {
    const auto* const known = absl::c_find_if(
        kColumns,
        [name](const ColumnName& column) { return column.name == name; });
    if (known == kColumns.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--columns: want names among ",
          absl::StrJoin(kColumns, ", ",
                        [](std::string* out, const ColumnName& column) {
                          absl::StrAppend(out, column.name);
                        }),
          ", got ", name.empty() ? "an empty one" : TerminalText(name)));
    }
    if (absl::c_linear_search(columns, known->column)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--columns: want each name once, got ", name, " twice"));
    }
    columns.push_back(known->column);
  }
  return columns;
}

std::vector<CsvColumn> DefaultCsvColumns(size_t runs) {
  std::vector<CsvColumn> columns = {CsvColumn::kMetric, CsvColumn::kStep,
                                    CsvColumn::kValue};
  if (runs > 1) columns.insert(columns.begin(), CsvColumn::kRun);
  return columns;
}

void WriteCsv(absl::Span<const NamedSeries> runs,
              absl::Span<const CsvColumn> columns, std::ostream& out) {
  out << absl::StrJoin(columns, ",", [](std::string* text, CsvColumn column) {
    absl::StrAppend(text, Name(column));
  }) << '\n';
  for (const NamedSeries& run : runs) WriteRunCsv(run, columns, out);
}

void WriteSamplesJson(absl::Span<const NamedSeries> runs, std::ostream& out) {
  for (const NamedSeries& run : runs) {
    const std::string name = runs.size() > 1 ? run.run : "";
    const std::vector<std::vector<SampleValue>> values =
        ValuesBySample(run.series);
    for (size_t i = 0; i < values.size(); ++i) {
      out << SampleJson(name, run.series.samples()[i], values[i]) << '\n';
    }
  }
}

}  // namespace steelyard::cli
