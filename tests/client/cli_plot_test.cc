#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "absl/strings/str_split.h"
#include "client/cli/plot.h"
#include "client/cli/plot_canvas.h"
#include "client/cli/utf8.h"

namespace steelyard::cli {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Falls from 1 to 0 over `decades`, as a fraction does whose weights fade.
PlotLine Falling(const std::string& label, double decades) {
  PlotLine line = {.label = label, .points = {}};
  for (int k = 0; k <= 10 * decades; ++k) {
    const double x = k / 10.;
    line.points.push_back({x, 1 / (1 + std::exp(3 * (x - decades / 2)))});
  }
  return line;
}

TEST(TicksTest, TicksAreRoundAndFew) {
  EXPECT_THAT(RoundTicks(0, 1, 6),
              ElementsAre(0, 0.2, 0.4, 0.6000000000000001, 0.8, 1));
  EXPECT_THAT(RoundTicks(0, 1, 3), ElementsAre(0, 0.5, 1));
  EXPECT_THAT(RoundTicks(-3, 12, 4), ElementsAre(-10, 0, 10, 20));
  EXPECT_THAT(RoundTicks(0.21, 0.29, 5), ElementsAre(0.2, 0.25, DoubleEq(0.3)));
  EXPECT_LE(RoundTicks(1e-289, 3e-289, 5).size(), 5);
  EXPECT_LE(RoundTicks(-1e300, 1e300, 5).size(), 5);
}

TEST(CanvasTest, ALineMeetsItsEndsWhateverItsDirection) {
  PlotCanvas canvas(2, 1);  // 4 by 4 dots
  canvas.Line(0, 0, 3, 3, 0);
  PlotCanvas back(2, 1);
  back.Line(3, 3, 0, 0, 0);
  EXPECT_EQ(canvas.Row(0, {}), "⠑⢄");
  EXPECT_EQ(back.Row(0, {}), "⠑⢄");
  EXPECT_EQ(canvas.Row(0, {.utf8 = false}), "'.");
}

TEST(CanvasTest, WhatIsOutsideIsLeftOut) {
  PlotCanvas canvas(1, 1);
  canvas.Line(-5, 0, 9, 0, 0);
  EXPECT_EQ(canvas.Row(0, {}), "⠉");
}

TEST(PlotTest, LooksLikeThis) {
  EXPECT_EQ(DrawPlot({{Falling("a", 4), Falling("b", 2)}}, {.width = 44}, 8),
            R"(      ● a   ▲ b
 1.0 ┤●⢍⣉⠉⠉⠑⠒⠒⠒⠤●⡀
     │   ⠉⠢▲     ⠈⠑⢄⡀
     │     ⠈⠢⡀      ⠘⢄
 0.5 ┤       ⠈⢢       ⠑⢄
     │         ⠣⡀      ⠈⢆
     │          ⠈⢆       ⠑●
     │            ⠑⠢⡀     ⠈⠒⢄
 0.0 ┤              ⠈▲⠒⠤     ⠉⠑⠢⠤⠤⠤⣀●⣀⣀⣀⣀
     └┬────────┬───────┬────────┬───────┬
      1        10     100       1k     10k
                      step
)");
}

TEST(PlotTest, WithoutUtf8EverythingIsAscii) {
  const std::string plot = DrawPlot({{Falling("a", 4), Falling("b", 2)}},
                                    {.utf8 = false, .width = 44}, 8);
  for (const char c : plot) EXPECT_TRUE(c == '\n' || (c >= ' ' && c <= '~'));
  EXPECT_THAT(plot, HasSubstr("o a   x b"));
}

TEST(PlotTest, NoLineIsWiderThanTheTerminal) {
  for (const int width : {24, 40, 80, 200}) {
    const std::string plot =
        DrawPlot({{Falling("a run with a name", 7), Falling("another", 5)}},
                 {.colour = true, .width = width}, 10);
    for (const absl::string_view line : absl::StrSplit(plot, '\n')) {
      EXPECT_LE(DisplayWidth(line), width) << line;
    }
  }
}

TEST(PlotTest, ColoursComeOnlyWhereTheyAreWanted) {
  const std::vector<PlotLine> lines = {Falling("a", 3)};
  EXPECT_THAT(DrawPlot(lines, {}, 8), Not(HasSubstr("\x1b")));
  EXPECT_THAT(DrawPlot(lines, {.colour = true}, 8), HasSubstr("\x1b[36m"));
}

TEST(PlotTest, ALossOverManyPowersOfTenGetsALogarithmicAxis) {
  PlotLine loss = {.label = "loss", .points = {}};
  for (int k = 0; k <= 7; ++k) {
    loss.points.push_back({double(k), std::pow(10, -k)});
  }
  const std::string plot = DrawPlot({{loss}}, {.width = 60}, 9);
  EXPECT_THAT(plot, HasSubstr("1e-3 ┤"));
  EXPECT_THAT(plot, HasSubstr("1e-6 ┤"));
}

TEST(PlotTest, WhatIsNotFiniteIsSaidAndLeavesAGap) {
  const double nan = std::nan("");
  const PlotLine line = {.label = "a",
                         .points = {{0, 1}, {1, nan}, {2, kInfinity}, {3, 0}}};
  const std::string plot = DrawPlot({{line}}, {.width = 50}, 8);
  EXPECT_THAT(plot, HasSubstr("not drawn: 2 values that are not finite\n"));
  EXPECT_THAT(DrawPlot({{{.label = "a", .points = {{0, nan}}}}}, {}, 8),
              HasSubstr("nothing to draw"));
  EXPECT_THAT(DrawPlot({}, {}, 8), HasSubstr("nothing to draw"));
}

TEST(PlotTest, AnyRangeCanBeDrawn) {
  const double values[] = {0, -1, 1, 5e-324, 1.7e308, -1.7e308, 1e-300, 0.3};
  for (const double low : values) {
    for (const double high : values) {
      const PlotLine line = {.label = "a", .points = {{0, low}, {900, high}}};
      const std::string plot = DrawPlot({{line}}, {.width = 60}, 8);
      EXPECT_THAT(plot, HasSubstr("step\n")) << low << " to " << high;
    }
  }
}

TEST(PlotTest, ALabelCannotMoveTheCursor) {
  const PlotLine line = {.label = "\x1b[2J", .points = {{0, 1}, {1, 2}}};
  EXPECT_THAT(DrawPlot({{line}}, {}, 8), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace steelyard::cli
