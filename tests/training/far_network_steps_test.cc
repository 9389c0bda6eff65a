#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <random>

#include "tests/training/far_networks.h"

// Leaps of networks over real steps, on many problems and to 10^6.
namespace steelyard::training {
namespace {

class FarNetworkStepsTest : public testing::TestWithParam<FarNetwork> {};

TEST_P(FarNetworkStepsTest, LeapsLieOverAMillionSteps) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  int leapt = 0;
  for (int k = 0; k < 10; ++k) {
    leapt += ExpectAlike(RandomNetwork(GetParam(), random), 1'000'000) ? 1 : 0;
  }
  std::cout << leapt << " of 10 leapt\n";
}

INSTANTIATE_TEST_SUITE_P(Networks, FarNetworkStepsTest,
                         testing::ValuesIn(FarNetworks()),
                         [](const auto& it) { return it.param.name; });

}  // namespace
}  // namespace steelyard::training
