#ifndef STEELYARD_CLIENT_CLI_TABLE_H_
#define STEELYARD_CLIENT_CLI_TABLE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/cli/terminal.h"

namespace steelyard::cli {

// A table for people: columns aligned, two spaces apart, titles in capitals.
// Every cell is escaped for a terminal.
class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };
  struct Cell {
    Cell(std::string cell_text,  // NOLINT(google-explicit-constructor)
         Colour cell_colour = Colour::kNone)
        : text(std::move(cell_text)), colour(cell_colour) {}
    std::string text;
    Colour colour;
  };

  explicit Table(std::vector<Column> columns);

  // Missing cells are empty; more cells than columns is a bug.
  void AddRow(std::vector<Cell> cells);

  // Lines, each after `indent` and ended by '\n'; titles first unless all are
  // empty.  On a terminal each line is cut at its width.
  std::string Text(const Terminal& terminal,
                   absl::string_view indent = "") const;

 private:
  std::vector<int> Widths() const;
  std::string Line(const std::vector<Cell>& cells,
                   const std::vector<int>& widths,
                   const Terminal& terminal) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_TABLE_H_
