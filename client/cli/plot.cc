#include "client/cli/plot.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/escape.h"
#include "client/cli/number_text.h"
#include "client/cli/plot_canvas.h"
#include "client/cli/utf8.h"

namespace steelyard::cli {
namespace {

constexpr int kLeastPlotWidth = 16;
constexpr int kMarkDistance = 10;  // cells

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void Include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return low > high; }
};

// Where values lie on an axis, and the ticks with their texts.
struct Axis {
  Range range;
  bool log = false;  // the axis shows log10 of the values
  std::vector<double> ticks;
  std::vector<std::string> texts;

  // 0 to dots - 1.
  int Dot(double value, int dots) const {
    const double place = (value - range.low) / (range.high - range.low);
    return static_cast<int>(std::lround(place * (dots - 1)));
  }
};

// Beyond these bounds the arithmetic of an axis would not be finite.
constexpr double kLargestStepPower = 1e9;
constexpr double kLargestValue = 1e300;
constexpr double kLeastRange = 1e-290;

bool Drawn(const PlotLine::Point& point) {
  return std::isfinite(point.x) && std::isfinite(point.y) &&
         std::abs(point.x) <= kLargestStepPower;
}

double Clamped(double value) {
  return std::clamp(value, -kLargestValue, kLargestValue);
}

std::string PowerOfTenText(double exponent) {
  constexpr double kLargestPrefix = 12;
  if (exponent >= 0 && exponent <= kLargestPrefix) {
    return MetricPrefixText(std::pow(10, exponent));
  }
  return absl::StrFormat("1e%g", exponent);
}

// Ticks at whole powers of ten; `axis.range` is in log10.
void AddPowerTicks(Axis& axis, int most) {
  const double first = std::ceil(axis.range.low - 1e-9);
  const double last = std::floor(axis.range.high + 1e-9);
  double stride = 1;
  for (const double next : {2., 3., 5., 10., 20., 50., 100., 500., 1000.}) {
    if ((last - first) / stride + 1 <= most) break;
    stride = next;
  }
  // Whole numbers, well below 2^53.
  const auto begin = static_cast<int64_t>(std::ceil(first / stride));
  const auto end = static_cast<int64_t>(std::floor(last / stride));
  for (int64_t k = begin; k <= end; ++k) {
    const double tick = static_cast<double>(k) * stride;
    axis.ticks.push_back(tick);
    axis.texts.push_back(PowerOfTenText(tick));
  }
}

// Ticks at round values; the range grows to the ticks around it.
void AddRoundTicks(Axis& axis, int most) {
  axis.ticks = RoundTicks(axis.range.low, axis.range.high, most);
  axis.range = {axis.ticks.front(), axis.ticks.back()};
  const double step = axis.ticks[1] - axis.ticks[0];
  const double largest =
      std::max(std::abs(axis.range.low), std::abs(axis.range.high));
  const int decimals =
      std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  for (const double tick : axis.ticks) {
    axis.texts.push_back(largest >= 1e5 || decimals > 5
                             ? absl::StrFormat("%.4g", tick)
                             : absl::StrFormat("%.*f", decimals, tick));
  }
}

Axis StepAxis(absl::Span<const PlotLine> lines, int width) {
  constexpr int kCellsPerTick = 7;
  Axis axis;
  axis.log = true;
  for (const PlotLine& line : lines) {
    for (const PlotLine::Point& point : line.points) {
      if (Drawn(point)) axis.range.Include(point.x);
    }
  }
  if (axis.range.empty()) return axis;
  if (axis.range.high - axis.range.low < 1e-9) {
    axis.range = {axis.range.low - 0.5, axis.range.high + 0.5};
  }
  AddPowerTicks(axis, std::max(2, width / kCellsPerTick));
  return axis;
}

// Logarithmic where all values are positive and span three powers of ten.
Axis ValueAxis(absl::Span<const PlotLine> lines, int height) {
  Axis axis;
  for (const PlotLine& line : lines) {
    for (const PlotLine::Point& point : line.points) {
      if (Drawn(point)) axis.range.Include(Clamped(point.y));
    }
  }
  if (axis.range.empty()) return axis;
  const int most = std::max(3, height / 3 + 1);
  const double largest =
      std::max(std::abs(axis.range.low), std::abs(axis.range.high));
  if (axis.range.low > 0 && axis.range.high / axis.range.low >= 1e3) {
    axis.log = true;
    axis.range = {std::floor(std::log10(axis.range.low)),
                  std::ceil(std::log10(axis.range.high))};
    AddPowerTicks(axis, most);
    return axis;
  }
  // Values that differ by rounding alone are one value.
  if (axis.range.high - axis.range.low <=
      std::max(1e-9 * largest, kLeastRange)) {
    const double half = largest <= kLeastRange ? 0.5 : largest / 2;
    axis.range = {axis.range.low - half, axis.range.high + half};
  }
  AddRoundTicks(axis, most);
  return axis;
}

// Draws one line and returns the row of its dot in each column of dots, -1
// where it has none.
std::vector<int> DrawLine(const PlotLine& line, const Axis& steps,
                          const Axis& values, int style, PlotCanvas& canvas) {
  std::vector<int> rows(static_cast<size_t>(canvas.dots_across()), -1);
  std::optional<std::pair<int, int>> last;
  for (const PlotLine::Point& point : line.points) {
    if (!Drawn(point)) {
      last.reset();  // a gap, not a bridge over what is missing
      continue;
    }
    const int x = steps.Dot(point.x, canvas.dots_across());
    const double value = values.log ? std::log10(point.y) : Clamped(point.y);
    const int y =
        canvas.dots_down() - 1 - values.Dot(value, canvas.dots_down());
    const auto [from_x, from_y] = last.value_or(std::pair(x, y));
    canvas.Line(from_x, from_y, x, y, style);
    for (int column = from_x; column <= x; ++column) {
      rows[static_cast<size_t>(column)] =
          column == from_x
              ? from_y
              : from_y + (y - from_y) * (column - from_x) / (x - from_x);
    }
    rows[static_cast<size_t>(x)] = y;
    last = {x, y};
  }
  return rows;
}

// Marks stand at equal distances, on each line at places of its own, so that
// lines which lie on each other can be told apart.
void AddMarks(const std::vector<std::vector<int>>& rows, PlotCanvas& canvas) {
  const int count = static_cast<int>(rows.size());
  const int distance = kMarkDistance * PlotCanvas::kDotsAcross;
  for (int style = 0; style < count; ++style) {
    const std::vector<int>& row = rows[static_cast<size_t>(style)];
    int first = style * distance / count;
    const auto start =
        std::find_if(row.begin(), row.end(), [](int y) { return y >= 0; });
    if (start == row.end()) continue;
    bool marked = false;
    for (int x = first; x < canvas.dots_across(); x += distance) {
      if (row[static_cast<size_t>(x)] < 0) continue;
      canvas.Mark(x, row[static_cast<size_t>(x)], style);
      marked = true;
    }
    if (!marked) {
      canvas.Mark(static_cast<int>(start - row.begin()), *start, style);
    }
  }
}

std::string Legend(absl::Span<const PlotLine> lines, int margin,
                   const Terminal& terminal) {
  const std::string indent(static_cast<size_t>(margin) + 1, ' ');
  std::string text;
  std::string line;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string entry =
        absl::StrCat(PlotCanvas::MarkText(static_cast<int>(i), terminal), " ",
                     Shorten(TerminalText(lines[i].label),
                             terminal.width - margin - 3, Ellipsis(terminal)));
    if (!line.empty() &&
        DisplayWidth(line) + DisplayWidth(entry) + 3 > terminal.width) {
      absl::StrAppend(&text, line, "\n");
      line.clear();
    }
    absl::StrAppend(&line, line.empty() ? indent : "   ", entry);
  }
  return absl::StrCat(text, line, "\n");
}

std::string Frame(const PlotCanvas& canvas, const Axis& values, int height,
                  int margin, const Terminal& terminal) {
  const absl::string_view tick = terminal.utf8 ? "\u2524" : "+";
  const absl::string_view edge = terminal.utf8 ? "\u2502" : "|";
  std::string text;
  for (int row = 0; row < height; ++row) {
    std::string label;
    for (size_t i = 0; i < values.ticks.size(); ++i) {
      const int y = canvas.dots_down() - 1 -
                    values.Dot(values.ticks[i], canvas.dots_down());
      if (y / PlotCanvas::kDotsDown == row) label = values.texts[i];
    }
    absl::StrAppendFormat(&text, "%*s ", margin - 1, label);
    absl::StrAppend(&text, label.empty() ? edge : tick,
                    canvas.Row(row, terminal), "\n");
  }
  return text;
}

// The line below, the texts of its ticks, and what it measures.
std::string StepLine(const Axis& steps, int width, int margin,
                     const Terminal& terminal) {
  const absl::string_view corner = terminal.utf8 ? "\u2514" : "+";
  const absl::string_view dash = terminal.utf8 ? "\u2500" : "-";
  const absl::string_view tick = terminal.utf8 ? "\u252c" : "+";
  std::vector<bool> ticked(static_cast<size_t>(width));
  std::string labels(static_cast<size_t>(margin + 1 + width + 8), ' ');
  for (size_t i = 0; i < steps.ticks.size(); ++i) {
    const int cell = steps.Dot(steps.ticks[i], width);
    ticked[static_cast<size_t>(cell)] = true;
    const std::string& label = steps.texts[i];
    const auto middle =
        static_cast<size_t>(margin) + 1 + static_cast<size_t>(cell);
    labels.replace(middle - (label.size() - 1) / 2, label.size(), label);
  }
  std::string text(static_cast<size_t>(margin), ' ');
  absl::StrAppend(&text, corner);
  for (const bool is_tick : ticked)
    absl::StrAppend(&text, is_tick ? tick : dash);
  const size_t end = labels.find_last_not_of(' ');
  labels.resize(end == std::string::npos ? 0 : end + 1);
  return absl::StrCat(text, "\n", labels, "\n",
                      std::string(static_cast<size_t>(margin + width / 2), ' '),
                      "step\n");
}

int64_t NotFinite(absl::Span<const PlotLine> lines) {
  int64_t count = 0;
  for (const PlotLine& line : lines) {
    count += std::count_if(
        line.points.begin(), line.points.end(),
        [](const PlotLine::Point& point) { return !Drawn(point); });
  }
  return count;
}

}  // namespace

std::vector<double> RoundTicks(double low, double high, int most) {
  // Halves first: the difference of the largest values is not finite.
  const double half_range = high / 2 - low / 2;
  const double start = std::pow(10, std::floor(std::log10(half_range)) - 1);
  for (double decade = start;; decade *= 10) {
    for (const double factor : {1., 2., 5.}) {
      const double step = factor * decade;
      const double first = std::floor(low / step + 1e-9);
      const double last = std::ceil(high / step - 1e-9);
      if (last - first + 1 > most) continue;
      std::vector<double> ticks;
      const auto count = static_cast<int>(last - first) + 1;
      ticks.reserve(static_cast<size_t>(std::max(count, 0)));
      // Adding 0 turns -0 into 0.
      for (int k = 0; k < count; ++k) ticks.push_back((first + k) * step + 0.0);
      return ticks;
    }
  }
}

std::string DrawPlot(absl::Span<const PlotLine> lines, const Terminal& terminal,
                     int height) {
  lines = lines.subspan(0, PlotCanvas::kStyles);
  const Axis values = ValueAxis(lines, height);
  if (values.range.empty()) return "nothing to draw: no finite value yet\n";
  size_t margin = 0;
  for (const std::string& text : values.texts) {
    margin = std::max(margin, text.size());
  }
  margin += 2;
  const int width =
      std::max(kLeastPlotWidth, terminal.width - static_cast<int>(margin) - 4);
  const Axis steps = StepAxis(lines, width);
  PlotCanvas canvas(width, height);
  std::vector<std::vector<int>> rows;
  for (size_t i = 0; i < lines.size(); ++i) {
    rows.push_back(
        DrawLine(lines[i], steps, values, static_cast<int>(i), canvas));
  }
  AddMarks(rows, canvas);

  const int left = static_cast<int>(margin);
  std::string text = absl::StrCat(Legend(lines, left, terminal),
                                  Frame(canvas, values, height, left, terminal),
                                  StepLine(steps, width, left, terminal));
  if (const int64_t missing = NotFinite(lines); missing > 0) {
    absl::StrAppend(&text, "not drawn: ", missing,
                    missing == 1 ? " value that is" : " values that are",
                    " not finite\n");
  }
  return text;
}

}  // namespace steelyard::cli
