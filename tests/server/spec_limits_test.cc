// Each limit of a text, at it and one past it.
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

TEST(SpecLimitsTest, ATextHasAtMostSoManyBytes) {
  SpecLimits limits;
  limits.text_bytes = static_cast<int64_t>(std::string(kLeast).size());
  EXPECT_THAT(Faults(kLeast, {}, limits), IsEmpty());
  EXPECT_THAT(Faults(absl::StrCat("\xEF\xBB\xBF", kLeast), {}, limits),
              IsEmpty());
  EXPECT_THAT(
      Faults(absl::StrCat(kLeast, "\n"), {}, limits),
      ElementsAre(absl::StrCat("0:0: want at most ", limits.text_bytes,
                               " bytes of text, got ", limits.text_bytes + 1,
                               "; put the rows into a dataset: use file:")));
  EXPECT_THAT(Faults(kLeast, {absl::StrCat("seed=#", kLeast)}, limits),
              ElementsAre(HasSubstr("--set 1: seed: want at most")));
}

// The whole text and its root map are two levels of the depth already.
TEST(SpecLimitsTest, ListsAndMapsStandAtMostSixtyFourDeep) {
  const auto nested = [](size_t depth) {
    return absl::StrCat("data: ", std::string(depth - 1, '['), "1",
                        std::string(depth - 1, ']'), "\n");
  };
  EXPECT_THAT(Faults(nested(64)).back(),
              HasSubstr("1:1: data: want {inline, csv"));
  EXPECT_THAT(Faults(nested(65)),
              ElementsAre("1:70: want at most 64 lists and maps within each "
                          "other, got more"));
}

TEST(SpecLimitsTest, DepthCostsNoStack) {
  for (const char* open :
       {"[", "{", "{a: ", "[{a: ", "- ", "? ", ": ", "a:\n "}) {
    std::string text;
    while (text.size() < 100'000) text += open;
    EXPECT_THAT(Faults(text), ElementsAre(::testing::_)) << open;
  }
}

TEST(SpecLimitsTest, NodesAreKeysValuesListsAndMaps) {
  // Root, key, list, three values.
  const std::string text = "evaluate: [1, 2, 3]\n";
  SpecLimits limits;
  limits.nodes = 6;
  EXPECT_THAT(Faults(text, {}, limits).back(),
              HasSubstr("evaluate: want {log"));
  limits.nodes = 5;
  EXPECT_THAT(Faults(text, {}, limits),
              ElementsAre("1:18: want at most 5 keys, values, lists and maps, "
                          "got more"));
  // A change takes from what the text has left.
  limits.nodes = 7;
  EXPECT_THAT(Faults(text, {"seed=1"}, limits).back(),
              HasSubstr("evaluate: want"));
  EXPECT_THAT(Faults(text, {"seed=1", "seed=2"}, limits),
              ElementsAre(HasSubstr("data"), HasSubstr("optimizer"),
                          HasSubstr("stop: want"), HasSubstr("evaluate"),
                          HasSubstr("--set 2: seed: want at most 7 keys")));
}

TEST(SpecLimitsTest, AMapHasAtMost4096Keys) {
  std::string text = kLeast;
  for (int i = 3; i < 4'096; ++i) absl::StrAppend(&text, "k", i, ": 1\n");
  EXPECT_THAT(Faults(text)[0], HasSubstr("4:1: k3: no such field"));
  absl::StrAppend(&text, "k4096: 1\n");
  EXPECT_THAT(Faults(text), ElementsAre("4097:1: want at most 4096 keys in a "
                                        "map, got more"));
}

}  // namespace
}  // namespace steelyard::server
