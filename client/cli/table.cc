#include "client/cli/table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/escape.h"
#include "client/cli/utf8.h"
#include "support/check.h"

namespace steelyard::cli {
namespace {

constexpr absl::string_view kGap = "  ";

std::string Padded(const Table::Cell& cell, Table::Align align, int width,
                   const Terminal& terminal) {
  const int missing = std::max(0, width - DisplayWidth(cell.text));
  const std::string space(static_cast<size_t>(missing), ' ');
  const std::string text = Coloured(terminal, cell.colour, cell.text);
  return align == Table::Align::kRight ? space + text : text + space;
}

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::AddRow(std::vector<Cell> cells) {
  STEELYARD_CHECK(cells.size() <= columns_.size());
  for (Cell& cell : cells) cell.text = TerminalText(cell.text);
  cells.resize(columns_.size(), Cell(""));
  rows_.push_back(std::move(cells));
}

std::vector<int> Table::Widths() const {
  std::vector<int> widths;
  for (size_t i = 0; i < columns_.size(); ++i) {
    int width = DisplayWidth(columns_[i].title);
    for (const std::vector<Cell>& row : rows_) {
      width = std::max(width, DisplayWidth(row[i].text));
    }
    widths.push_back(width);
  }
  return widths;
}

std::string Table::Line(const std::vector<Cell>& cells,
                        const std::vector<int>& widths,
                        const Terminal& terminal) const {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    absl::StrAppend(&line, i == 0 ? "" : kGap,
                    Padded(cells[i], columns_[i].align, widths[i], terminal));
  }
  absl::StripTrailingAsciiWhitespace(&line);
  return line;
}

std::string Table::Text(const Terminal& terminal,
                        absl::string_view indent) const {
  const std::vector<int> widths = Widths();
  std::vector<std::vector<Cell>> lines;
  std::vector<Cell> titles;
  bool titled = false;
  for (const Column& column : columns_) {
    // A number such as 1e5 is no word.
    const bool number =
        !column.title.empty() &&
        absl::ascii_isdigit(static_cast<unsigned char>(column.title.front()));
    titles.emplace_back(
        number ? column.title : absl::AsciiStrToUpper(column.title),
        Colour::kDim);
    titled = titled || !column.title.empty();
  }
  if (titled) lines.push_back(std::move(titles));
  lines.insert(lines.end(), rows_.begin(), rows_.end());

  std::string text;
  for (const std::vector<Cell>& cells : lines) {
    std::string line = absl::StrCat(indent, Line(cells, widths, terminal));
    if (terminal.is_terminal && DisplayWidth(line) > terminal.width) {
      const bool is_coloured = absl::StrContains(line, "\x1b");
      line = Shorten(line, terminal.width, Ellipsis(terminal));
      // The cut may have taken the end of a colour with it.
      if (is_coloured) line += "\x1b[0m";
    }
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

}  // namespace steelyard::cli
