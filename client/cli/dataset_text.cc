#include "client/cli/dataset_text.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "client/cli/dataset_form.h"
#include "client/cli/escape.h"
#include "client/cli/number_text.h"
#include "client/cli/table.h"
#include "client/cli/time_text.h"

namespace steelyard::cli {
namespace {

constexpr int kShownValues = 12;

std::string ValueText(const v1::ValueCount& value) {
  // Labels that differ in their last digit are different.
  return ShortNumber(value.value(), 16);
}
std::string ValueText(const v1::TextCount& value) {
  return value.text().empty() ? "\"\"" : value.text();
}

template <typename Values>
std::string ValuesText(const Values& values) {
  std::string text;
  for (int i = 0; i < values.size() && i < kShownValues; ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", ValueText(values.Get(i)), " (",
                    CountText(values.Get(i).count()), ")");
  }
  if (values.size() > kShownValues) {
    absl::StrAppend(&text, ", and ", values.size() - kShownValues, " more");
  }
  return text;
}

std::string ColumnsText(const v1::DatasetSummary& summary,
                        const Terminal& terminal) {
  Table table({{"#", Table::Align::kRight},
               {"column"},
               {"type"},
               {"min", Table::Align::kRight},
               {"max", Table::Align::kRight},
               {"not finite", Table::Align::kRight},
               {"values (rows)"}});
  int number = 0;
  for (const v1::ColumnSummary& column : summary.columns()) {
    std::vector<Table::Cell> cells = {absl::StrCat(number++), column.name(),
                                      std::string("text")};
    if (column.numeric()) {
      cells.back() = std::string("number");
      cells.emplace_back(ShortNumber(column.min(), 6));
      cells.emplace_back(ShortNumber(column.max(), 6));
      cells.emplace_back(CountText(column.non_finite()));
      cells.emplace_back(ValuesText(column.values()));
    } else if (!column.texts().empty()) {
      cells.resize(cells.size() + 3, std::string());
      cells.emplace_back(ValuesText(column.texts()));
    }
    table.AddRow(std::move(cells));
  }
  return absl::StrCat("\ncolumns\n", table.Text(terminal, "  "));
}

// The columns' names are a row like the others: a title would be in capitals.
std::string RowsText(const v1::DatasetSummary& summary,
                     const Terminal& terminal) {
  const v1::DatasetPreview& preview = summary.preview();
  std::vector<Table::Column> columns;
  std::vector<Table::Cell> names;
  for (int i = 0; i < preview.columns_size(); ++i) {
    const bool is_text =
        i < summary.columns_size() && !summary.columns(i).numeric();
    columns.push_back(
        {"", is_text ? Table::Align::kLeft : Table::Align::kRight});
    names.emplace_back(preview.columns(i), Colour::kDim);
  }
  Table table(std::move(columns));
  table.AddRow(std::move(names));
  for (const v1::PreviewRow& row : preview.rows()) {
    // A server may say more than it should.
    const int shown = std::min(row.values_size(), preview.columns_size());
    table.AddRow(std::vector<Table::Cell>(row.values().begin(),
                                          row.values().begin() + shown));
  }
  std::string text = absl::StrCat("\nfirst rows\n", table.Text(terminal, "  "));
  if (preview.more_columns() > 0) {
    absl::StrAppend(&text, "  and ", CountText(preview.more_columns()),
                    " more columns\n");
  }
  return text;
}

std::string SizeText(int64_t bytes) {
  const std::string text = BytesText(bytes);
  const std::string exact = absl::StrCat(CountText(bytes), " bytes");
  return text == exact ? exact : absl::StrCat(text, " (", exact, ")");
}

}  // namespace

std::string StateText(v1::DatasetState state) {
  return std::string(
      absl::StripPrefix(v1::DatasetState_Name(state), "DATASET_STATE_"));
}

std::string SummaryText(const v1::Dataset& dataset) {
  if (dataset.state() == v1::DATASET_STATE_REJECTED) {
    return dataset.rejection();
  }
  if (!dataset.has_summary()) return "no worker has read it yet";
  const v1::DatasetSummary& summary = dataset.summary();
  std::string text = absl::StrJoin(summary.shape(), " x ",
                                   [](std::string* out, int64_t length) {
                                     absl::StrAppend(out, CountText(length));
                                   });
  absl::StrAppend(&text, " of ", summary.dtype());
  if (summary.columns().empty()) {
    absl::StrAppend(&text, ", ", ShortNumber(summary.min()), " to ",
                    ShortNumber(summary.max()));
  }
  if (summary.non_finite() > 0) {
    absl::StrAppend(&text, ", ", CountText(summary.non_finite()),
                    " not finite");
  }
  return text;
}

std::string DatasetTable(const std::vector<v1::Dataset>& datasets,
                         const Viewer& viewer) {
  constexpr size_t kShownHexDigits = 12;
  Table table({{"dataset"},
               {"name"},
               {"form"},
               {"size", Table::Align::kRight},
               {"state"},
               {"owner"},
               {"shared"},
               {"runs", Table::Align::kRight},
               {"stored"},
               {"content"}});
  for (const v1::Dataset& dataset : datasets) {
    const absl::string_view hex =
        absl::StripPrefix(dataset.name(), "datasets/");
    table.AddRow(
        {std::string(hex.substr(0, kShownHexDigits)), dataset.label(),
         FormWord(dataset.form()), BytesText(dataset.size_bytes()),
         StateText(dataset.state()), dataset.owner(),
         std::string(dataset.shared() ? "yes" : "no"),
         CountText(dataset.run_count()),
         AgoText(FromProto(dataset.create_time()), viewer.now, viewer.zone),
         SummaryText(dataset)});
  }
  return table.Text(viewer.terminal);
}

std::string DatasetText(const v1::Dataset& dataset, const Viewer& viewer) {
  Table facts({{""}, {""}});
  const auto add = [&facts](const char* name, const std::string& value) {
    if (!value.empty()) facts.AddRow({{name, Colour::kDim}, value});
  };
  const bool is_rejected = dataset.state() == v1::DATASET_STATE_REJECTED;
  add("name", dataset.label());
  add("state", StateText(dataset.state()));
  add(is_rejected ? "rejected" : "content", SummaryText(dataset));
  add("values", ValuesText(dataset.summary().values()));
  add("form", FormWord(dataset.form()));
  add("size", SizeText(dataset.size_bytes()));
  add("owner", dataset.owner());
  add("shared", dataset.shared() ? "yes" : "no");
  add("runs", CountText(dataset.run_count()));
  add("stored", LocalTimeText(FromProto(dataset.create_time()), viewer.zone));
  std::string text = absl::StrCat(TerminalText(dataset.name()), "\n",
                                  facts.Text(viewer.terminal, "  "));
  if (!dataset.summary().columns().empty()) {
    absl::StrAppend(&text, ColumnsText(dataset.summary(), viewer.terminal));
  }
  if (!dataset.summary().preview().rows().empty()) {
    absl::StrAppend(&text, RowsText(dataset.summary(), viewer.terminal));
  }
  return text;
}

}  // namespace steelyard::cli
