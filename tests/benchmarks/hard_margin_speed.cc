// How long the hard-margin reference takes, in seconds of the processor: the
// least and the most of three problems of each kind.
//
//   tests/tools/build.sh release hard_margin_speed
//   build/release/tests/hard_margin_speed [ROWS FEATURES]
//
// Rows are normal, bias last.  `apart`: the classes' centres lie `distance`
// from 0.  `pushed`: each row is moved away from a random plane by `distance`.
// `beside`: all rows lie beside a random plane, none nearer than `distance`.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <numeric>
#include <random>
#include <vector>

#include "support/check.h"
#include "training/hard_margin.h"

namespace steelyard::training {
namespace {

enum class Kind { kApart, kPushed, kBeside };

struct Case {
  const char* name;
  Kind kind;
  double distance;
};

constexpr Case kCases[] = {
    {"apart", Kind::kApart, 3},      {"apart", Kind::kApart, 5},
    {"pushed", Kind::kPushed, 1},    {"pushed", Kind::kPushed, 0.1},
    {"pushed", Kind::kPushed, 1e-5}, {"beside", Kind::kBeside, 1e-2},
    {"beside", Kind::kBeside, 1e-4}, {"beside", Kind::kBeside, 1e-6}};
constexpr uint64_t kSeeds = 3;

std::vector<double> Normal(int64_t d, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::vector<double> x(static_cast<size_t>(d));
  for (double& value : x) value = normal(random);
  return x;
}

double Dot(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// How far along its plane's normal a row with this label stands.
double Place(const Case& c, double label, double along) {
  if (c.kind == Kind::kApart) return along + label * c.distance;
  if (c.kind == Kind::kPushed) return label * (std::fabs(along) + c.distance);
  return label * c.distance * (1 + std::fabs(along));
}

Tiles MakeTiles(const Case& c, int64_t n, int64_t d, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> u = Normal(d, random);
  const double length = std::sqrt(Dot(u, u));
  for (double& value : u) value /= length;
  Rows rows;
  rows.rows = n;
  rows.columns = d;
  for (int64_t i = 0; i < n; ++i) {
    const double label = i % 2 == 0 ? 1 : -1;
    std::vector<double> x = Normal(d, random);
    const double along = Dot(x, u);
    const double move = Place(c, label, along) - along;
    for (size_t j = 0; j < x.size(); ++j) x[j] += move * u[j];
    rows.features.insert(rows.features.end(), x.begin(), x.end());
    rows.labels.push_back(label);
  }
  std::vector<int64_t> all(static_cast<size_t>(n));
  std::iota(all.begin(), all.end(), 0);
  return Tiles(rows, all, true);
}

double Seconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         1e-9 * static_cast<double>(now.tv_nsec);
}

void Time(const Case& c, int64_t n, int64_t d) {
  std::vector<double> seconds;
  HardMargin last;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Tiles rows = MakeTiles(c, n, d, seed);
    const double begin = Seconds();
    absl::StatusOr<HardMargin> reference = SolveHardMargin(rows);
    seconds.push_back(Seconds() - begin);
    STEELYARD_CHECK(reference.ok());
    last = *std::move(reference);
  }
  const auto [least, most] =
      std::minmax_element(seconds.begin(), seconds.end());
  std::printf("%-7s %-6g  %.3f to %.3f s; gamma* %.3g, %zu support vectors\n",
              c.name, c.distance, *least, *most, last.gamma,
              last.support.size());
}

}  // namespace
}  // namespace steelyard::training

int main(int argc, char** argv) {
  using namespace steelyard::training;  // NOLINT(google-build-using-namespace)
  const int64_t n = argc > 2 ? std::atoll(argv[1]) : 10'000;
  const int64_t d = argc > 2 ? std::atoll(argv[2]) : 200;
  for (const Case& c : kCases) Time(c, n, d);
}
