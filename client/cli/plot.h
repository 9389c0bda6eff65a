#ifndef STEELYARD_CLIENT_CLI_PLOT_H_
#define STEELYARD_CLIENT_CLI_PLOT_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "client/cli/terminal.h"

// A plot made of characters: lines of braille dots, two by four a cell, or of
// ASCII where the locale has no UTF-8.
namespace steelyard::cli {

// One line of the plot.
struct PlotLine {
  struct Point {
    double x = 0;  // log10 of the step
    double y = 0;  // those that are not finite are left out, and counted
  };
  std::string label;
  std::vector<Point> points;  // by x
};

// Draws all lines over each other, each with marks and, where there are
// colours, a colour of its own; a legend above, round ticks left and below,
// steps as powers of ten.  `height` counts the lines of the drawing alone.  At
// most 8 lines are told apart.  Says so when there is nothing to draw.
std::string DrawPlot(absl::Span<const PlotLine> lines, const Terminal& terminal,
                     int height);

// Round numbers (1, 2 or 5 times a power of ten apart), at most `most` of them:
// the first at or below `low`, the last at or above `high`.  Wants low < high,
// both within 1e300, at least 1e-290 apart, and most >= 3.
std::vector<double> RoundTicks(double low, double high, int most);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_PLOT_H_
