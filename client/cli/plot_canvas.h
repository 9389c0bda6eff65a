#ifndef STEELYARD_CLIENT_CLI_PLOT_CANVAS_H_
#define STEELYARD_CLIENT_CLI_PLOT_CANVAS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "client/cli/terminal.h"

namespace steelyard::cli {

// A drawing of `width` by `height` cells, each of two by four dots; dots count
// from the upper left.  A cell shows what was drawn there last: a mark, or the
// dots of all lines in the colour of the last one.
class PlotCanvas {
 public:
  static constexpr int kDotsAcross = 2;
  static constexpr int kDotsDown = 4;
  static constexpr int kStyles = 8;  // marks and colours that differ

  PlotCanvas(int width, int height);

  int dots_across() const { return width_ * kDotsAcross; }
  int dots_down() const { return height_ * kDotsDown; }

  // Draws a straight line of dots, its ends included.  Dots outside are left
  // out.
  void Line(int from_x, int from_y, int to_x, int to_y, int style);

  // Puts a style's mark into the cell of a dot, which must be inside.
  void Mark(int x, int y, int style);

  // One line of cells, without the spaces at its end.
  std::string Row(int row, const Terminal& terminal) const;

  // A style's mark alone, for a legend.
  static std::string MarkText(int style, const Terminal& terminal);

 private:
  struct Cell {
    uint8_t dots = 0;  // as in Unicode's braille patterns
    int style = 0;
    bool mark = false;
  };

  Cell& CellOf(int x, int y);
  void Dot(int x, int y, int style);

  int width_;
  int height_;
  std::vector<Cell> cells_;
};

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_PLOT_CANVAS_H_
