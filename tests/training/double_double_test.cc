// Against whole numbers of 128 bits, in which sums and products of doubles'
// digits are exact.
#include "training/double_double.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace steelyard::training {
namespace {

__extension__ using Wide = __int128;

constexpr int kCases = 20'000;
constexpr uint64_t kSeed = 11;
constexpr double kClose = 0x1p-102;  // what the header says of each operation

// A whole number of `bits` bits or fewer, of any sign.
int64_t Whole(std::mt19937_64& random, int bits) {
  const auto size = static_cast<int64_t>(random() >> (64 - bits));
  return random() % 2 == 0 ? size : -size;
}

Wide Exact(const DoubleDouble& a) {
  return static_cast<Wide>(a.hi) + static_cast<Wide>(a.lo);
}

// A DoubleDouble that is the whole number `value`, below 2^106.
DoubleDouble FromWide(Wide value) {
  const auto high = static_cast<double>(value);
  return DoubleDouble(high,
                      static_cast<double>(value - static_cast<Wide>(high)));
}

bool IsNormal(const DoubleDouble& a) { return a.hi == a.hi + a.lo; }

TEST(DoubleDoubleTest, SumsAndProductsOfDoublesHaveNoError) {
  std::mt19937_64 random(kSeed);
  for (int k = 0; k < kCases; ++k) {
    const int64_t a = Whole(random, 1 + k % 53);
    const int64_t b = Whole(random, 1 + k / 53 % 53);
    const auto x = static_cast<double>(a);
    const auto y = static_cast<double>(b);
    EXPECT_EQ(Exact(TwoProduct(x, y)), static_cast<Wide>(a) * b);
    EXPECT_TRUE(IsNormal(TwoProduct(x, y)));
    constexpr double kUp = 0x1p40;
    EXPECT_EQ(Exact(TwoSum(x, kUp * y)),
              a + static_cast<Wide>(b) * (int64_t{1} << 40));
    EXPECT_TRUE(IsNormal(TwoSum(x, kUp * y)));
    ASSERT_FALSE(testing::Test::HasFailure()) << a << ", " << b;
  }
}

TEST(DoubleDoubleTest, OperationsAreAsCloseAsStated) {
  std::mt19937_64 random(kSeed);
  for (int k = 0; k < kCases; ++k) {
    // Of 50 and 60 bits: products of 110 bits and quotients are rounded.
    const Wide a = static_cast<Wide>(Whole(random, 50)) * 1024 + 1;
    const Wide b = static_cast<Wide>(Whole(random, 50)) * 1024 + 3;
    const DoubleDouble x = FromWide(a);
    const DoubleDouble y = FromWide(b);
    const auto expect_close = [](const DoubleDouble& got, Wide want) {
      const auto error = static_cast<double>(Exact(got) - want);
      EXPECT_LE(std::fabs(error),
                kClose * std::fabs(static_cast<double>(want)));
    };
    expect_close(x + y, a + b);
    expect_close(x - y, a - b);
    expect_close(x * y, a * b);
    const DoubleDouble quotient = x * y / y;
    EXPECT_LE(std::fabs((quotient.hi - x.hi) + (quotient.lo - x.lo)),
              2 * kClose * std::fabs(x.hi));
    const DoubleDouble size = a < 0 ? -x : x;
    const DoubleDouble root = Sqrt(x * x);
    EXPECT_LE(std::fabs((root.hi - size.hi) + (root.lo - size.lo)),
              2 * kClose * size.hi);
    EXPECT_EQ(x < y, a < b);
    ASSERT_FALSE(testing::Test::HasFailure()) << "case " << k;
  }
}

// The high halves cancel, and the low ones' sum has 54 digits.
TEST(DoubleDoubleTest, WhatCancellationLeavesIsExact) {
  std::mt19937_64 random(kSeed);
  constexpr double kUp = 0x1p54;
  constexpr int64_t kHalf = int64_t{1} << 52;
  for (int k = 0; k < kCases; ++k) {
    const double high = kUp * static_cast<double>(Whole(random, 53) | 1);
    const int64_t a = kHalf + (Whole(random, 50) | 1);
    const int64_t b = kHalf + 8 * Whole(random, 48);
    const DoubleDouble sum = DoubleDouble(high, static_cast<double>(a)) +
                             DoubleDouble(-high, static_cast<double>(b));
    EXPECT_EQ(Exact(sum), static_cast<Wide>(a) + b);
  }
}

TEST(DoubleDoubleTest, LowHalvesDecideWhereHighOnesAreEqual) {
  EXPECT_LT(DoubleDouble(1, -0x1p-60), DoubleDouble(1));
  EXPECT_FALSE(DoubleDouble(1) < DoubleDouble(1));
  EXPECT_FALSE(DoubleDouble(1) < DoubleDouble(1, -0x1p-60));
}

TEST(DoubleDoubleTest, IrrationalRootsHaveTwiceTheDigits) {
  const DoubleDouble root = Sqrt(DoubleDouble(2));
  // sqrt(2) = 1.41421356237309504880168872420969807856967...: the digits after
  // the first double's.
  EXPECT_EQ(root.hi, 1.4142135623730951);
  EXPECT_NEAR(root.lo, -9.667293313452913e-17, 1e-31);
  EXPECT_EQ(Sqrt(DoubleDouble()).hi, 0);
}

// A sum whose exact value is known: each product of one half comes back in the
// other with the other sign, and one small product is left over.
TEST(ProductSumTest, CancellationLeavesNoMoreThanTheStatedError) {
  std::mt19937_64 random(kSeed);
  for (const int64_t n : {1, 10, 300}) {
    ProductSum sum;
    double terms = 0;
    std::vector<std::pair<double, DoubleDouble>> products;
    for (int64_t k = 0; k < n; ++k) {
      const auto a = static_cast<double>(Whole(random, 53));
      const DoubleDouble b =
          FromWide(static_cast<Wide>(Whole(random, 60)) * (int64_t{1} << 40) +
                   Whole(random, 40));
      products.emplace_back(a, b);
      terms += 2 * std::fabs(a * b.hi);
    }
    for (const auto& [a, b] : products) sum.Add(a, b);
    sum.Add(0x1p-20, 0x1p-10);
    for (const auto& [a, b] : products) sum.Add(-a, b);
    EXPECT_NEAR(sum.value().hi, 0x1p-30,
                ProductSum::ErrorFactor(2 * n + 1) * terms);
    EXPECT_LT(ProductSum::ErrorFactor(2 * n + 1) * terms, 1e-20 * terms);
  }
}

TEST(ProductSumTest, AddsExactlyWhatFitsIntoTwoDoubles) {
  ProductSum large;
  large.Add(1e16, 1);
  large.Add(1, 1);
  large.Add(-1e16, 1);
  EXPECT_EQ(large.value().hi, 1);
  ProductSum small;
  small.Add(1, DoubleDouble(1, 0x1p-53));
  small.Add(1, 0x1p-53);
  EXPECT_EQ(small.value().hi, 1 + 0x1p-52);
}

}  // namespace
}  // namespace steelyard::training
