#include "server/worker/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/status_matchers.h"

namespace steelyard::worker {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

absl::StatusOr<Flags> Parse(std::vector<const char*> more) {
  std::vector<const char*> words = {"--server", "unix:/s", "--token-file=/t=1",
                                    "--name", "w1"};
  words.insert(words.end(), more.begin(), more.end());
  return ParseFlags(words);
}

TEST(FlagsTest, ReadsEveryFlag) {
  const auto flags = Parse(
      {"--inspect-only", "--lifeline-fd", "3", "--memory-limit-bytes=1000000"});
  ASSERT_THAT(flags, IsOk());
  EXPECT_EQ(flags->server, "unix:/s");
  EXPECT_EQ(flags->token_file, "/t=1");
  EXPECT_EQ(flags->name, "w1");
  EXPECT_TRUE(flags->inspect_only);
  EXPECT_EQ(flags->lifeline_fd, 3);
  EXPECT_EQ(flags->memory_limit_bytes, 1'000'000);
}

TEST(FlagsTest, LeavesOutWhatIsNotGiven) {
  const auto flags = Parse({});
  ASSERT_THAT(flags, IsOk());
  EXPECT_FALSE(flags->inspect_only);
  EXPECT_LT(flags->lifeline_fd, 0);
  EXPECT_FALSE(flags->memory_limit_bytes.has_value());
}

TEST(FlagsTest, NamesTheFlagThatIsWrong) {
  EXPECT_THAT(Parse({"--nonsense"}), StatusIs(kInvalid, "--nonsense: no such"));
  EXPECT_THAT(Parse({"word"}), StatusIs(kInvalid, "word: no such flag"));
  EXPECT_THAT(Parse({"--lifeline-fd", "-1"}),
              StatusIs(kInvalid, "--lifeline-fd: want a whole number, 0 to"));
  EXPECT_THAT(Parse({"--memory-limit-bytes", "0"}),
              StatusIs(kInvalid, "--memory-limit-bytes: want a whole number"));
  EXPECT_THAT(Parse({"--memory-limit-bytes"}),
              StatusIs(kInvalid, "--memory-limit-bytes: want"));
  EXPECT_THAT(Parse({"--name", ""}),
              StatusIs(kInvalid, "--name: want a value"));
  EXPECT_THAT(ParseFlags({}), StatusIs(kInvalid, "--server: want a value"));
}

TEST(FlagsTest, HelpAndVersionNeedNothingElse) {
  const char* help = "--help";
  const char* version = "--version";
  EXPECT_TRUE(ParseFlags({&help, 1})->help);
  EXPECT_TRUE(ParseFlags({&version, 1})->version);
}

}  // namespace
}  // namespace steelyard::worker
