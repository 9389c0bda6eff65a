#include "training/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

namespace steelyard::training {
namespace {

using ::testing::ElementsAre;

using Words = std::array<uint64_t, 4>;

// Random123's tests/kat_vectors, the lines `philox4x64 10`.
TEST(PhiloxTest, GivesThePublishedAnswers) {
  constexpr uint64_t kOnes = ~uint64_t{0};
  EXPECT_EQ(Philox({0, 0, 0, 0}, {0, 0}),
            (Words{0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b,
                   0x7e68b68aec7ba23b}));
  EXPECT_EQ(Philox({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (Words{0x87b092c3013fe90b, 0x438c3c67be8d0224, 0x9cc7d7c69cd777b6,
                   0xa09caebf594f0ba0}));
  EXPECT_EQ(Philox({0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0,
                    0x082efa98ec4e6c89},
                   {0x452821e638d01377, 0xbe5466cf34e90c6c}),
            (Words{0xa528f45403e61d95, 0x38c72dbd566e9788, 0xa5a1610e72fd18b5,
                   0x57bd43b5e52b7fe6}));
}

// The hash of no text is 0, so that the key is 0 too.
TEST(RandomStreamTest, IsTheBlocksInOrder) {
  RandomStream random(0, "", 7);
  for (uint64_t block = 0; block < 3; ++block) {
    for (const uint64_t word : Philox({block, 7, 0, 0}, {0, 0})) {
      EXPECT_EQ(random.Bits(), word);
    }
  }
}

TEST(RandomStreamTest, SeedPlaceAndNumberEachMakeAnotherSequence) {
  const uint64_t first = RandomStream(1, "order", 0).Bits();
  EXPECT_EQ(RandomStream(1, "order", 0).Bits(), first);
  EXPECT_NE(RandomStream(2, "order", 0).Bits(), first);
  EXPECT_NE(RandomStream(1, "noise", 0).Bits(), first);
  EXPECT_NE(RandomStream(1, "order", 1).Bits(), first);
}

// What a run with a seed draws must never change: it is a part of its numbers.
// The values come from a program of its own, in Python's whole numbers.
TEST(RandomStreamTest, KeepsItsNumbers) {
  RandomStream random(1, "order");
  EXPECT_EQ(random.Bits(), 260784432036175389U);
  EXPECT_EQ(random.Uniform(), 0.12255590354827162);
  EXPECT_NEAR(random.Normal(), 1.7762781445588927, 1e-15);
  EXPECT_EQ(random.Below(1000), 460U);
  RandomStream shuffling(1, "order", 1);
  EXPECT_THAT(RandomOrder(shuffling, 8), ElementsAre(6, 4, 3, 2, 5, 7, 0, 1));
}

TEST(RandomStreamTest, UniformsLieWithin) {
  RandomStream random(3, "uniform");
  const int count = 1'000'000;
  double sum = 0;
  double squares = 0;
  std::vector<int> bins(100);
  for (int i = 0; i < count; ++i) {
    const double value = random.Uniform();
    ASSERT_TRUE(value > 0 && value < 1);
    sum += value;
    squares += value * value;
    ++bins[static_cast<size_t>(value * 100)];
  }
  // Five standard errors: sqrt(1/12/n), sqrt(4/45/n).
  EXPECT_NEAR(sum / count, 0.5, 5 * std::sqrt(1.0 / 12 / count));
  EXPECT_NEAR(squares / count, 1.0 / 3, 5 * std::sqrt(4.0 / 45 / count));
  double chi_square = 0;
  for (const int bin : bins) {
    const double off = bin - count / 100.0;
    chi_square += off * off / (count / 100.0);
  }
  // 99 degrees of freedom: mean 99, standard deviation 14.1.
  EXPECT_NEAR(chi_square, 99, 5 * 14.1);
}

// Moments 1 to 4 are 0, 1, 0, 3; the variance of z^k over n is
// (E z^2k - (E z^k)^2) / n: 1, 2, 15, 96 over n.
TEST(RandomStreamTest, NormalsHaveTheMomentsOfTheNormal) {
  RandomStream random(4, "normal");
  const int count = 1'000'000;
  std::array<double, 4> moments{};
  double products = 0;
  double before = 0;
  int beyond_two = 0;
  for (int i = 0; i < count; ++i) {
    const double z = random.Normal();
    double power = 1;
    for (double& moment : moments) moment += (power *= z) / count;
    products += before * z / count;
    before = z;
    beyond_two += std::abs(z) > 2 ? 1 : 0;
  }
  const auto within = [&](double variance) {
    return 5 * std::sqrt(variance / count);
  };
  EXPECT_NEAR(moments[0], 0, within(1));
  EXPECT_NEAR(moments[1], 1, within(2));
  EXPECT_NEAR(moments[2], 0, within(15));
  EXPECT_NEAR(moments[3], 3, within(96));
  EXPECT_NEAR(products, 0, within(1));  // neighbours do not go together
  const double tail = std::erfc(std::sqrt(2.0));
  EXPECT_NEAR(1.0 * beyond_two / count, tail, within(tail * (1 - tail)));
}

TEST(RandomStreamTest, NormalsAreThoseOfBoxAndMuller) {
  RandomStream uniforms(5, "normal");
  RandomStream normals(5, "normal");
  const double u = uniforms.Uniform();
  const double v = uniforms.Uniform();
  const double pi = std::acos(-1.0);
  EXPECT_DOUBLE_EQ(normals.Normal(),
                   std::sqrt(-2 * std::log(u)) * std::cos(2 * pi * v));
  // A draw of another kind between them takes nothing away.
  EXPECT_EQ(normals.Bits(), uniforms.Bits());
  EXPECT_DOUBLE_EQ(normals.Normal(),
                   std::sqrt(-2 * std::log(u)) * std::sin(2 * pi * v));
  EXPECT_EQ(normals.Bits(), uniforms.Bits());
}

// Of 3 * 2^62 values the lower third would come twice as often if Bits() were
// only divided.
TEST(RandomStreamTest, NoWholeNumberIsLikelierThanAnother) {
  RandomStream random(6, "below");
  const uint64_t third = uint64_t{1} << 62;
  std::array<int, 3> counts{};
  const int count = 30'000;
  for (int i = 0; i < count; ++i) ++counts[random.Below(3 * third) / third];
  for (const int got : counts) EXPECT_NEAR(got, count / 3.0, 5 * 82);
  EXPECT_EQ(random.Below(1), 0U);
  std::map<uint64_t, int> dice;
  for (int i = 0; i < 6'000; ++i) ++dice[random.Below(6)];
  EXPECT_EQ(dice.size(), 6U);
  for (const auto& [face, got] : dice) EXPECT_NEAR(got, 1'000, 5 * 29) << face;
}

TEST(RandomStreamTest, EveryOrderIsAsLikely) {
  std::map<std::vector<int64_t>, int> orders;
  for (uint64_t k = 0; k < 24'000; ++k) {
    RandomStream random(7, "order", k);
    ++orders[RandomOrder(random, 4)];
  }
  EXPECT_EQ(orders.size(), 24U);
  for (const auto& [order, got] : orders) EXPECT_NEAR(got, 1'000, 5 * 31);
  RandomStream random(8, "order");
  EXPECT_TRUE(RandomOrder(random, 0).empty());
  EXPECT_THAT(RandomOrder(random, 1), ElementsAre(0));
  std::vector<int64_t> many = RandomOrder(random, 1'000);
  EXPECT_FALSE(std::is_sorted(many.begin(), many.end()));
  std::sort(many.begin(), many.end());
  for (int64_t i = 0; i < 1'000; ++i)
    EXPECT_EQ(many[static_cast<size_t>(i)], i);
}

}  // namespace
}  // namespace steelyard::training
