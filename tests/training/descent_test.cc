#include "training/descent.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <numeric>
#include <random>

#include "tests/training/problems.h"
#include "training/losses.h"
#include "training/sum_tree.h"

namespace {
int64_t allocations = 0;
}  // namespace

// Counts what the code under test takes from the heap.
void* operator new(size_t size) {
  ++allocations;
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t /*size*/) noexcept {
  std::free(memory);
}

namespace steelyard::training {
namespace {

std::vector<int64_t> All(int64_t n) {
  std::vector<int64_t> rows(static_cast<size_t>(n));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

std::vector<double> RandomValues(int64_t n, double low, double high,
                                 uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(low, high);
  std::vector<double> values(static_cast<size_t>(n));
  for (double& value : values) value = uniform(random);
  return values;
}

// One step's sum, written down as literally as it is promised.
std::vector<double> LiteralSum(const Rows& rows, Loss loss,
                               const std::vector<double>& c,
                               const std::vector<double>& theta) {
  const auto d = static_cast<size_t>(rows.columns);
  std::vector<double> total(d + 1, 0);
  for (int64_t block = 0; block < rows.rows; block += 1024) {
    std::vector<std::vector<double>> partial(8, std::vector<double>(d + 1, 0));
    for (int64_t i = block; i < std::min(block + 1024, rows.rows); ++i) {
      const auto row = static_cast<size_t>(i);
      const double y = rows.labels[row];
      std::vector<double> z(d + 1, y);
      for (size_t j = 0; j < d; ++j) z[j] = y * rows.features[row * d + j];
      double margin = 0;
      for (size_t j = 0; j <= d; ++j) margin += z[j] * theta[j];
      double pull = 0;
      if (loss.kind == Loss::kExponential) {
        pull = c[row] * std::exp(-margin);
      } else {
        const double e = std::exp(-std::fabs(margin));
        pull = c[row] * ((margin >= 0 ? e : 1) / (1 + e));
      }
      for (size_t j = 0; j <= d; ++j) {
        partial[static_cast<size_t>((i - block) % 8)][j] += z[j] * pull;
      }
    }
    for (size_t j = 0; j <= d; ++j) {
      const auto p = [&](size_t k) { return partial[k][j]; };
      total[j] +=
          ((p(0) + p(4)) + (p(2) + p(6))) + ((p(1) + p(5)) + (p(3) + p(7)));
    }
  }
  return total;
}

void ExpectLiteralSum(int64_t n, int64_t d, Loss loss) {
  const Rows rows = RandomRows(n, d, 0.5, static_cast<uint64_t>(1000 * n + d));
  const std::vector<double> c = RandomValues(n, 0.1, 2, 7);
  const std::vector<double> theta = RandomValues(d + 1, -1, 1, 8);
  const Tiles tiles(rows, All(n), true);
  Descent descent(tiles, c, {.loss = loss});
  std::vector<double> sum(static_cast<size_t>(d + 1));
  descent.AddUp(theta.data(), sum.data());
  const std::vector<double> literal = LiteralSum(rows, loss, c, theta);
  for (size_t j = 0; j < sum.size(); ++j) {
    ASSERT_EQ(sum[j], literal[j]) << n << " rows, " << d << " features, " << j;
  }
}

// Every way in which the last tile, the last group of tiles and the last block
// can be cut.
TEST(DescentTest, SumsAreTheStatedTreeForEveryNumberOfRows) {
  for (int64_t n = 1; n <= 3000; ++n) {
    ExpectLiteralSum(n, 2, n % 2 == 0 ? Loss::kExponential : Loss::kLogistic);
  }
}

TEST(DescentTest, SumsAreTheStatedTreeForWideRows) {
  for (const int64_t d : {1, 3, 7, 8, 31, 200, 784}) {
    ExpectLiteralSum(77, d, Loss::kLogistic);
    ExpectLiteralSum(1033, d, Loss::kExponential);
  }
}

TEST(DescentTest, SumOverRowsIsTheSameTree) {
  for (int64_t n = 1; n <= 3000; ++n) {
    const std::vector<double> x = RandomValues(n, -1, 1, 3);
    double literal = 0;
    for (int64_t block = 0; block < n; block += 1024) {
      double p[8] = {};
      for (int64_t i = block; i < std::min(block + 1024, n); ++i) {
        p[(i - block) % 8] += x[static_cast<size_t>(i)];
      }
      literal +=
          ((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7]));
    }
    ASSERT_EQ(
        SumOverRows(n, [&](int64_t i) { return x[static_cast<size_t>(i)]; }),
        literal)
        << n;
  }
}

// sum_i c_i l(m_i) + strength ||theta||^2, in extended precision.
long double Objective(const Tiles& tiles, const std::vector<double>& c,
                      const Descent::Options& options,
                      const std::vector<long double>& theta) {
  long double sum = 0;
  for (int64_t i = 0; i < tiles.rows(); ++i) {
    long double margin = 0;
    for (int64_t j = 0; j < tiles.columns(); ++j) {
      margin += theta[static_cast<size_t>(j)] * tiles.at(i, j);
    }
    const long double e = std::exp(-margin);
    sum += c[static_cast<size_t>(i)] *
           (options.loss.kind == Loss::kExponential ? e : std::log1p(e));
  }
  for (const long double t : theta) sum += options.penalty.strength * t * t;
  return sum;
}

// With h = 1e-6 central differences err by h^2 in theory and, in extended
// precision, by 1e-19 / h in arithmetic: both near 1e-12.
TEST(DescentTest, StepIsTheGradientByCentralDifferences) {
  for (const Loss loss : {Loss::kExponential, Loss::kLogistic}) {
    const int64_t n = 37;
    const int64_t d = 5;
    const Tiles tiles(RandomRows(n, d - 1, 0.3, 5), All(n), true);
    const std::vector<double> c = RandomValues(n, 0.1, 2, 6);
    const Descent::Options options = {
        .loss = loss, .learning_rate = 0.5, .penalty = {.strength = 0.3}};
    const std::vector<double> start = RandomValues(d, -1, 1, 7);
    std::vector<double> theta = start;
    Descent(tiles, c, options).Run(1, theta.data());
    for (size_t j = 0; j < start.size(); ++j) {
      const long double h = 1e-6L;
      std::vector<long double> up(start.begin(), start.end());
      std::vector<long double> down = up;
      up[j] += h;
      down[j] -= h;
      const long double slope = (Objective(tiles, c, options, up) -
                                 Objective(tiles, c, options, down)) /
                                (2 * h);
      const double taken = (start[j] - theta[j]) / options.learning_rate;
      EXPECT_NEAR(taken, static_cast<double>(slope),
                  1e-9 * std::fabs(static_cast<double>(slope)) + 1e-10)
          << "parameter " << j;
    }
  }
}

// sum_i c_i a D (-l'(D m_i - O)) z_i of every loss.
TEST(DescentTest, EveryLossPullsAsItsFormulaSays) {
  const int64_t n = 45;
  const int64_t d = 4;
  const Tiles tiles(RandomRows(n, d - 1, 0.3, 5), All(n), true);
  const std::vector<double> c = RandomValues(n, 0.1, 2, 6);
  const std::vector<double> theta = RandomValues(d, -2, 2, 7);
  AlignedDoubles margins(tiles.tiles() * 8);
  tiles.Margins(theta.data(), margins.data());
  for (const Loss& loss : LossesOfMargins()) {
    std::vector<double> sum(static_cast<size_t>(d), 0);
    Descent(tiles, c, {.loss = loss}).AddUp(theta.data(), sum.data());
    for (int64_t j = 0; j < d; ++j) {
      double want = 0;
      for (int64_t i = 0; i < n; ++i) {
        const RowShape shape = ShapeOf(loss, tiles.label(i));
        const double u = shape.scale * margins[i] - shape.offset;
        want += c[static_cast<size_t>(i)] * shape.factor * shape.scale *
                PullAt(loss, u) * tiles.at(i, j);
      }
      EXPECT_NEAR(sum[static_cast<size_t>(j)], want, 1e-12) << loss.kind;
    }
  }
}

TEST(DescentTest, StepsTakeNothingFromTheHeap) {
  for (const Loss& loss : LossesOfMargins()) {
    const Tiles tiles(RandomRows(1500, 20, 0.5, 1), All(1500), true);
    const std::vector<double> c(1500, 1.0 / 1500);
    Descent descent(tiles, c, {.loss = loss, .learning_rate = 0.1});
    std::vector<double> theta(21, 0);
    const int64_t before = allocations;
    descent.Run(50, theta.data());
    EXPECT_EQ(allocations, before);
  }
  EXPECT_GT(allocations, 0);  // the counter counts
}

// One step from margins of +-800: the logistic slope is 0 or the whole weight.
TEST(DescentTest, LogisticSlopeHoldsAtHugeMargins) {
  const Tiles tiles(MakeRows({{1}, {-1}}, {1, 1}), All(2), false);
  const std::vector<double> c = {0.25, 0.5};
  Descent descent(tiles, c, {.loss = Loss::kLogistic});
  double sum = 0;
  const double theta = 800;
  descent.AddUp(&theta, &sum);
  EXPECT_EQ(sum, -0.5);
}

TEST(TilesTest, MarginsAreChainsOverFeaturesAndLabelsAreKept) {
  const Rows rows = RandomRows(29, 13, 0.5, 11);
  const std::vector<int64_t> kept = {0, 3, 4, 5, 6, 7, 8, 9, 10, 28};
  const Tiles tiles(rows, kept, true);
  const std::vector<double> theta = RandomValues(14, -1, 1, 12);
  AlignedDoubles margins(tiles.tiles() * 8);
  tiles.Margins(theta.data(), margins.data());
  for (size_t k = 0; k < kept.size(); ++k) {
    const auto row = static_cast<size_t>(kept[k]);
    const double y = rows.labels[row];
    double margin = 0;
    for (size_t j = 0; j < 13; ++j) {
      margin += y * rows.features[row * 13 + j] * theta[j];
    }
    margin += y * theta[13];
    EXPECT_EQ(margins[static_cast<int64_t>(k)], margin);
    EXPECT_EQ(tiles.label(static_cast<int64_t>(k)), y);
  }
  EXPECT_EQ(margins[10], 0);  // a filled place
}

}  // namespace
}  // namespace steelyard::training
