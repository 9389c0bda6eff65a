#include "server/run_filter.h"

#include <gmock/gmock.h>

#include <optional>
#include <random>
#include <string>

#include "tests/status_matchers.h"

namespace steelyard::server {
namespace {

using absl::StatusCode;
using storage::RunState;
using ::testing::ElementsAre;
using ::testing::Pair;

constexpr int64_t kLimit = 8192;

TEST(RunFilterTest, EachFieldIsRead) {
  const absl::StatusOr<storage::RunFilter> filter = ParseRunFilter(
      "state = RUNNING AND user = \"ada\" AND labels.paper = \"xu 2021\" AND "
      "labels.a.b=c-1",
      kLimit);
  ASSERT_THAT(filter, IsOk());
  EXPECT_EQ(filter->state, RunState::kRunning);
  EXPECT_EQ(filter->user, "ada");
  EXPECT_THAT(filter->labels,
              ElementsAre(Pair("paper", "xu 2021"), Pair("a.b", "c-1")));
}

TEST(RunFilterTest, NoConditionMeansAll) {
  const absl::StatusOr<storage::RunFilter> filter =
      ParseRunFilter("  ", kLimit);
  ASSERT_THAT(filter, IsOk());
  EXPECT_EQ(filter->state, std::nullopt);
  EXPECT_EQ(filter->user, "");
}

TEST(RunFilterTest, AStateIsSpelledInFourWays) {
  for (const char* text :
       {"state=succeeded", "state = SUCCEEDED", "state = RUN_STATE_SUCCEEDED",
        "state = \"run_state_succeeded\""}) {
    const absl::StatusOr<storage::RunFilter> filter =
        ParseRunFilter(text, kLimit);
    ASSERT_THAT(filter, IsOk()) << text;
    EXPECT_EQ(filter->state, RunState::kSucceeded);
  }
}

TEST(RunFilterTest, QuotesAndBackslashesAreEscaped) {
  const absl::StatusOr<storage::RunFilter> filter =
      ParseRunFilter(R"(labels.k = "a \"b\" \\ = AND ")", kLimit);
  ASSERT_THAT(filter, IsOk());
  EXPECT_THAT(filter->labels, ElementsAre(Pair("k", R"(a "b" \ = AND )")));
}

TEST(RunFilterTest, AFaultPointsAtItsColumn) {
  const struct {
    const char* filter;
    const char* error;
  } kCases[] = {
      {"sate = RUNNING",
       "filter:1: want state, user or labels.K, got \"sate\""},
      {"state RUNNING", "filter:7: want = after \"state\", got \"RUNNING\""},
      {"state =", "filter:8: want a value after =, got the end"},
      {"state = RUNING", "filter:9: want QUEUED, STARTING"},
      {"state = FAILED OR user = a", "filter:16: want AND or the end"},
      {"state = FAILED AND",
       "filter:19: want state, user or labels.K, got the"},
      {"user = \"a", "filter:8: want a closing quote"},
      {"user = \"a\\n\"", "filter:11: want \" or \\ after \\"},
      {"user = \"\"", "filter:8: want a user's name"},
      {"labels.K = a", "filter:1: want a key of 1-63"},
      {"labels. = a", "filter:1: want a key"},
      {"(state = FAILED)", "filter:1: want state, user or labels.K, got \"(\""},
      {"state = FAILED AND state = QUEUED", "filter:20: want one state"},
      {"user = a AND user = b", "filter:14: want one user"},
      // A column is a character, not a byte.
      {"labels.k = \"\xC3\xA9\xC3\xA9\" x", "filter:17: want AND"},
  };
  for (const auto& test : kCases) {
    EXPECT_THAT(ParseRunFilter(test.filter, kLimit),
                StatusIs(StatusCode::kInvalidArgument, test.error))
        << test.filter;
  }
}

TEST(RunFilterTest, AFilterIsAsLongAsTheLimitAtMost) {
  const std::string head = "labels.k = ";
  const std::string fits = head + std::string(kLimit - head.size(), 'v');
  EXPECT_THAT(ParseRunFilter(fits, kLimit), IsOk());
  EXPECT_THAT(ParseRunFilter(fits + "v", kLimit),
              StatusIs(StatusCode::kInvalidArgument,
                       "filter: want at most 8192 bytes, got 8193"));
}

// Whatever comes is read or refused with a place.
TEST(RunFilterTest, AnyTextIsReadOrRefusedWithAColumn) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string alphabet = "state=\"\\ ANDuser.labelsk()\xC3\xA9\n";
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random() % 30, ' ');
    for (char& c : text) c = alphabet[random() % alphabet.size()];
    const absl::StatusOr<storage::RunFilter> filter =
        ParseRunFilter(text, kLimit);
    if (filter.ok()) continue;
    ASSERT_THAT(filter, StatusIs(StatusCode::kInvalidArgument, "filter:"));
  }
}

}  // namespace
}  // namespace steelyard::server
