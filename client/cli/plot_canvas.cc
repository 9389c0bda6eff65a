#include "client/cli/plot_canvas.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "support/check.h"

namespace steelyard::cli {
namespace {

// The bit of each dot within a cell: [down][across].
constexpr uint8_t kBraille[PlotCanvas::kDotsDown][PlotCanvas::kDotsAcross] = {
    {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
constexpr uint8_t kUpperHalf = 0x01 | 0x08 | 0x02 | 0x10;

constexpr std::array<const char*, PlotCanvas::kStyles> kMarks = {
    "\u25cf", "\u25b2", "\u25a0", "\u25c6",
    "\u25cb", "\u25b3", "\u25a1", "\u25c7"};
constexpr std::array<const char*, PlotCanvas::kStyles> kAsciiMarks = {
    "o", "x", "#", "+", "*", "@", "%", "&"};
constexpr std::array<Colour, PlotCanvas::kStyles> kColours = {
    Colour::kCyan, Colour::kYellow, Colour::kMagenta, Colour::kGreen,
    Colour::kRed,  Colour::kBlue,   Colour::kCyan,    Colour::kYellow};

// U+2800 and the dots' bits, in UTF-8.
std::string Braille(uint8_t dots) {
  std::string text = "\xe2";
  text.push_back(static_cast<char>(0xa0 | dots >> 6));
  text.push_back(static_cast<char>(0x80 | (dots & 0x3f)));
  return text;
}

std::string AsciiDots(uint8_t dots) {
  const bool upper = (dots & kUpperHalf) != 0;
  const bool lower = (dots & ~kUpperHalf) != 0;
  return upper && lower ? ":" : upper ? "'" : ".";
}

}  // namespace

PlotCanvas::PlotCanvas(int width, int height)
    : width_(width),
      height_(height),
      cells_(static_cast<size_t>(width) * static_cast<size_t>(height)) {
  STEELYARD_CHECK(width > 0 && height > 0);
}

PlotCanvas::Cell& PlotCanvas::CellOf(int x, int y) {
  STEELYARD_CHECK(x >= 0 && x < dots_across() && y >= 0 && y < dots_down());
  const int place = y / kDotsDown * width_ + x / kDotsAcross;
  return cells_[static_cast<size_t>(place)];
}

void PlotCanvas::Dot(int x, int y, int style) {
  if (x < 0 || x >= dots_across() || y < 0 || y >= dots_down()) return;
  Cell& cell = CellOf(x, y);
  cell.dots |= kBraille[y % kDotsDown][x % kDotsAcross];
  cell.style = style;
}

void PlotCanvas::Line(int from_x, int from_y, int to_x, int to_y, int style) {
  const int steps = std::max(std::abs(to_x - from_x), std::abs(to_y - from_y));
  for (int i = 0; i <= steps; ++i) {
    // Rounds half away from zero; all products fit, dots are few.
    const int half = steps / 2;
    const auto at = [i, steps, half](int from, int to) {
      if (steps == 0) return from;
      const int way = (to - from) * i;
      return from + (way >= 0 ? way + half : way - half) / steps;
    };
    Dot(at(from_x, to_x), at(from_y, to_y), style);
  }
}

void PlotCanvas::Mark(int x, int y, int style) {
  Cell& cell = CellOf(x, y);
  cell.mark = true;
  cell.style = style;
}

std::string PlotCanvas::Row(int row, const Terminal& terminal) const {
  std::string text;
  for (int column = 0; column < width_; ++column) {
    const int place = row * width_ + column;
    const Cell& cell = cells_[static_cast<size_t>(place)];
    if (cell.mark) {
      absl::StrAppend(&text, MarkText(cell.style, terminal));
    } else if (cell.dots == 0) {
      text.push_back(' ');
    } else {
      const auto style = static_cast<size_t>(cell.style % kStyles);
      absl::StrAppend(&text, Coloured(terminal, kColours[style],
                                      terminal.utf8 ? Braille(cell.dots)
                                                    : AsciiDots(cell.dots)));
    }
  }
  absl::StripTrailingAsciiWhitespace(&text);
  return text;
}

std::string PlotCanvas::MarkText(int style, const Terminal& terminal) {
  const auto index = static_cast<size_t>(style % kStyles);
  return Coloured(terminal, kColours[index],
                  terminal.utf8 ? kMarks[index] : kAsciiMarks[index]);
}

}  // namespace steelyard::cli
