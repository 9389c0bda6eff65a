#include "server/near_name.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace steelyard::server {
namespace {

const std::vector<std::string>& Losses() {
  static const auto* const kNames =
      new std::vector<std::string>{"exponential", "logistic", "l2"};
  return *kNames;
}

TEST(NearNameTest, FindsWhatWasMeant) {
  EXPECT_EQ(NearName("exponetial", Losses()), "exponential");
  EXPECT_EQ(NearName("logsitic", Losses()), "logistic");
  EXPECT_EQ(NearName("Logistic", Losses()), "logistic");
  EXPECT_EQ(NearName("logistik", Losses()), "logistic");
  EXPECT_EQ(NearName("meanOne", {"sum_one", "mean_one"}), "mean_one");
  EXPECT_EQ(NearName("learning-rate", {"learning_rate"}), "learning_rate");
}

TEST(NearNameTest, NamesNothingThatIsFar) {
  EXPECT_EQ(NearName("hinge", Losses()), "");
  EXPECT_EQ(NearName("", Losses()), "");
  EXPECT_EQ(NearName("l1", Losses()), "");
  EXPECT_EQ(NearName("x", {}), "");
  EXPECT_EQ(NearName(std::string(65, 'a'), {std::string(65, 'a')}), "");
}

TEST(NearNameTest, OfEquallyNearNamesTheFirst) {
  EXPECT_EQ(NearName("sead", {"seat", "seed"}), "seat");
}

TEST(NearNameTest, AdvisesAllWhenNoneIsNear) {
  EXPECT_EQ(AdviseName("hinge", Losses()),
            "want one of exponential, logistic, l2");
  EXPECT_EQ(AdviseName("foo", {"zeros"}), "want zeros");
  EXPECT_EQ(AdviseName("logistc", Losses()), "did you mean logistic?");
}

}  // namespace
}  // namespace steelyard::server
