#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <random>

#include "tests/training/far_problems.h"

// Leaps over real steps, on many problems and to 10^7.
namespace steelyard::training {
namespace {

class FarStepsTest : public testing::TestWithParam<int> {};

// 300 separable problems in six parts.
TEST_P(FarStepsTest, LeapsLieOverAMillionSteps) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  int leapt = 0;
  for (int k = 0; k < 50; ++k) {
    leapt += ExpectAlike(RandomProblem(k % 3, true, 4000, random), 1'000'000)
                 ? 1
                 : 0;
  }
  std::cout << leapt << " of 50 leapt\n";
  EXPECT_GE(leapt, 49);
}

// 54 problems with rows that can't be separated, in six parts.
TEST_P(FarStepsTest, LeapsLieOverStepsWhereAPartConverges) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  int leapt = 0;
  for (int k = 0; k < 9; ++k) {
    leapt += ExpectAlike(RandomProblem(k % 3, false, 4000, random), 1'000'000)
                 ? 1
                 : 0;
  }
  std::cout << leapt << " of 9 leapt\n";
  EXPECT_GE(leapt, 8);
}

// 42 of few values to 10^7.
TEST_P(FarStepsTest, LeapsLieOverTenMillionSteps) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  int leapt = 0;
  for (int k = 0; k < 7; ++k) {
    leapt += ExpectAlike(RandomProblem(k % 3, true, 400, random), 10'000'000)
                 ? 1
                 : 0;
  }
  std::cout << leapt << " of 7 leapt\n";
  EXPECT_GE(leapt, 6);
}

INSTANTIATE_TEST_SUITE_P(Parts, FarStepsTest, testing::Range(0, 6));

}  // namespace
}  // namespace steelyard::training
