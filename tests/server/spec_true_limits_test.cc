// The true values of the large limits of a text; spec_limits_test lowers them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "server/spec_yaml.h"
#include "tests/server/spec_samples.h"

namespace steelyard::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(SpecTrueLimitsTest, ATextHasAtMostSixteenMebibytes) {
  const size_t limit = size_t{16} << 20;
  std::string text = absl::StrCat(kLeast, "#");
  text.resize(limit - 1, 'x');
  text += "\n";
  EXPECT_THAT(Faults(text), IsEmpty());
  text += "\n";
  EXPECT_THAT(Faults(text),
              ElementsAre("0:0: want at most 16777216 bytes of text, got "
                          "16777217; put the rows into a dataset: use file:"));
  EXPECT_THAT(Faults(kLeast, {absl::StrCat("seed=1 #", text)}),
              ElementsAre(HasSubstr("--set 1: seed: want at most 16777216")));
}

// Separators are counted before the library sees the text: it would keep a
// token or four for each in memory.
TEST(SpecTrueLimitsTest, AMillionNodesAreReadAndOneMoreIsRefused) {
  std::string list = "1";
  // Those of kLeast, and key, map, key, map, key, list.
  const int others = 22 + 6;
  for (int i = others + 1; i < 1'000'000; ++i) list += ",1";
  const auto faults = [](const std::string& steps) {
    return Faults(
        absl::StrCat(kLeast, "evaluate: {at: {steps: [", steps, "]}}"));
  };
  EXPECT_THAT(faults(list), IsEmpty());
  EXPECT_THAT(faults(list + ",1"),
              ElementsAre(HasSubstr("want at most 1000000 keys, values")));
  const std::string flood(2'000'000, ',');
  EXPECT_THAT(faults(flood),
              ElementsAre(HasSubstr("want at most 1000000 keys, values")));
}

}  // namespace
}  // namespace steelyard::server
