#include "server/worker/boundary_picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace steelyard::worker {
namespace {

constexpr int64_t kPixelsPerNode = 3;
constexpr int64_t kSide = kPixelsPerNode * Boundary::kNodes;
constexpr int64_t kMostDots = 10'000;
constexpr int64_t kDotRadius = 4;

// A hue for each class in turn, light for regions and dark for dots; chosen so
// that those who see no red or no green tell the first two apart.
constexpr uint8_t kGrey = 0;
constexpr uint8_t kWhite = 1;
constexpr uint8_t kFirstHue = 2;
constexpr int64_t kHues = 10;
constexpr std::array<Colour, kHues> kLight = {{{253, 219, 187},
                                               {189, 215, 238},
                                               {199, 233, 192},
                                               {218, 203, 235},
                                               {252, 205, 229},
                                               {255, 242, 174},
                                               {204, 235, 240},
                                               {229, 216, 189},
                                               {242, 190, 190},
                                               {222, 232, 170}}};
constexpr std::array<Colour, kHues> kDark = {{{217, 95, 2},
                                              {31, 90, 160},
                                              {35, 128, 60},
                                              {106, 61, 154},
                                              {200, 30, 120},
                                              {160, 130, 0},
                                              {0, 130, 140},
                                              {120, 80, 30},
                                              {170, 20, 20},
                                              {100, 120, 0}}};

uint8_t LightOf(int64_t hue) {
  return static_cast<uint8_t>(kFirstHue + hue % kHues);
}
uint8_t DarkOf(int64_t hue) {
  return static_cast<uint8_t>(kFirstHue + kHues + hue % kHues);
}

std::vector<Colour> Palette() {
  std::vector<Colour> palette = {{200, 200, 200}, {255, 255, 255}};
  palette.insert(palette.end(), kLight.begin(), kLight.end());
  palette.insert(palette.end(), kDark.begin(), kDark.end());
  return palette;
}

// The hue of a label, as that of the outputs that would predict it.
int64_t HueOf(double label, int64_t outputs) {
  if (outputs == 1) return label > 0 ? 1 : 0;
  return static_cast<int64_t>(label);
}

uint8_t RegionOf(std::span<const double> f) {
  if (f.size() == 1) {
    if (f[0] > 0) return LightOf(1);
    return f[0] < 0 ? LightOf(0) : kGrey;
  }
  const auto largest = std::max_element(f.begin(), f.end());
  const bool one =
      std::count(f.begin(), f.end(), *largest) == 1 &&
      std::none_of(f.begin(), f.end(), [](double v) { return std::isnan(v); });
  return one ? LightOf(largest - f.begin()) : kGrey;
}

// Where a pixel's middle lies among the nodes: the node before, and how far it
// is to the next.
struct Place {
  size_t node = 0;
  double part = 0;
};

Place PlaceOf(int64_t pixel) {
  const double last = static_cast<double>(Boundary::kNodes - 1);
  const double at =
      (static_cast<double>(pixel) + 0.5) / static_cast<double>(kSide) * last;
  const double node = std::min(std::floor(at), last - 1);
  return {.node = static_cast<size_t>(node), .part = at - node};
}

// Exact at a node, and between two values that are equal.
double Between(double a, double b, double part) {
  return part == 0 || a == b ? a : a * (1 - part) + b * part;
}

void DrawRegions(const Boundary& boundary, Picture* picture) {
  const auto k = static_cast<size_t>(boundary.outputs);
  const size_t nodes = boundary.x.size();
  std::vector<double> f(k);
  for (int64_t row = 0; row < kSide; ++row) {
    const Place y = PlaceOf(kSide - 1 - row);
    for (int64_t column = 0; column < kSide; ++column) {
      const Place x = PlaceOf(column);
      const double* low = boundary.f.data() + (y.node * nodes + x.node) * k;
      const double* high = low + nodes * k;
      for (size_t j = 0; j < k; ++j) {
        f[j] = Between(Between(low[j], low[j + k], x.part),
                       Between(high[j], high[j + k], x.part), y.part);
      }
      picture->pixels[static_cast<size_t>(row * kSide + column)] = RegionOf(f);
    }
  }
}

// The pixel of a value on an axis, which holds it.
int64_t PixelOf(double value, const std::vector<double>& axis) {
  const double length = axis.back() / 2 - axis.front() / 2;
  const double part = (value / 2 - axis.front() / 2) / length;
  const auto pixel = static_cast<int64_t>(part * static_cast<double>(kSide));
  return std::clamp<int64_t>(pixel, 0, kSide - 1);
}

void DrawDot(int64_t column, int64_t row, uint8_t colour, Picture* picture) {
  for (int64_t dy = -kDotRadius; dy <= kDotRadius; ++dy) {
    for (int64_t dx = -kDotRadius; dx <= kDotRadius; ++dx) {
      const int64_t squares = dx * dx + dy * dy;
      const int64_t x = column + dx;
      const int64_t y = row + dy;
      if (squares > kDotRadius * kDotRadius || x < 0 || x >= kSide || y < 0 ||
          y >= kSide) {
        continue;
      }
      // A white rim tells a dot from its neighbours.
      const bool rim = squares > (kDotRadius - 1) * (kDotRadius - 1);
      picture->pixels[static_cast<size_t>(y * kSide + x)] =
          rim ? kWhite : colour;
    }
  }
}

}  // namespace

Picture DrawBoundary(const Boundary& boundary,
                     const training::Trainer& trainer) {
  Picture picture = {
      .width = kSide,
      .height = kSide,
      .palette = Palette(),
      .pixels = std::vector<uint8_t>(static_cast<size_t>(kSide * kSide))};
  DrawRegions(boundary, &picture);
  const int64_t rows = std::min(trainer.held_rows()[0].rows, kMostDots);
  std::vector<double> features(static_cast<size_t>(2 * rows));
  std::vector<double> labels(static_cast<size_t>(rows));
  trainer.ReadRows(0, 0, features, labels);
  for (size_t i = 0; i < labels.size(); ++i) {
    DrawDot(PixelOf(features[2 * i], boundary.x),
            kSide - 1 - PixelOf(features[2 * i + 1], boundary.y),
            DarkOf(HueOf(labels[i], boundary.outputs)), &picture);
  }
  return picture;
}

}  // namespace steelyard::worker
