#include "server/auth_tables.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/status_matchers.h"

namespace steelyard::server {
namespace {

using absl::StatusCode;

std::string NewFolder() {
  std::string folder = ::testing::TempDir() + "steelyard-auth-XXXXXX";
  EXPECT_NE(mkdtemp(folder.data()), nullptr);
  return folder;
}

TEST(AuthTablesTest, AnAccountWithoutANameIsKnownByItsNumber) {
  EXPECT_EQ(UserName(0), "root");
  EXPECT_EQ(UserName(3'999'999'999), "uid-3999999999");
}

TEST(AuthTablesTest, TheServersAccountAndRootAreAdmin) {
  EXPECT_TRUE(CallerOfUid(0, 1000).is_admin());
  EXPECT_TRUE(CallerOfUid(1000, 1000).is_admin());
  EXPECT_EQ(CallerOfUid(1001, 1000).role, v1::ROLE_SUBMITTER);
}

TEST(AuthTablesTest, APeerIsReplacedWhenItsNumberIsUsedAgain) {
  PeerTable peers;
  EXPECT_FALSE(peers.Find(7).has_value());
  peers.Set(7, {.user = "ada", .role = v1::ROLE_ADMIN});
  peers.Set(7, {.user = "bob", .role = v1::ROLE_SUBMITTER});
  EXPECT_EQ(peers.Find(7)->user, "bob");
}

TEST(AuthTablesTest, ATokenMatchesItselfAlone) {
  const std::string token = MakeToken().value();
  EXPECT_EQ(token.size(), 64u);
  EXPECT_NE(token, MakeToken().value());
  const TokenHash hash = HashToken(token);
  EXPECT_TRUE(Matches(hash, token));
  EXPECT_FALSE(Matches(hash, ""));
  EXPECT_FALSE(Matches(hash, token + "0"));
  EXPECT_EQ(hash.bytes.find(token.substr(0, 8)), std::string::npos);
}

TEST(AuthTablesTest, ATokenFileIsMadeOnceAndForItsOwnerAlone) {
  const std::string path = NewFolder() + "/admin.token";
  const absl::StatusOr<std::string> made = ReadOrMakeTokenFile(path);
  ASSERT_THAT(made, IsOk());
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  EXPECT_EQ(ReadOrMakeTokenFile(path).value(), *made);
}

TEST(AuthTablesTest, ATokenFileThatOthersReadIsRefused) {
  const std::string path = NewFolder() + "/admin.token";
  ASSERT_THAT(ReadOrMakeTokenFile(path), IsOk());
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  EXPECT_THAT(ReadOrMakeTokenFile(path),
              StatusIs(StatusCode::kFailedPrecondition,
                       "want a file of mode 0600, got 0644"));
}

TEST(AuthTablesTest, AFileWithoutATokenIsRefused) {
  const std::string path = NewFolder() + "/admin.token";
  std::ofstream(path) << "secret\n";
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  EXPECT_THAT(ReadOrMakeTokenFile(path),
              StatusIs(StatusCode::kFailedPrecondition, "64 hexadecimal"));
}

TEST(FailedAttemptsTest, TheSixthFailureAndTheNextOnesAreSlowed) {
  FailedAttempts attempts;
  const absl::Time now = absl::FromUnixSeconds(1'000'000);
  for (int i = 0; i < FailedAttempts::kFree; ++i) {
    EXPECT_EQ(attempts.Wait("a", now), absl::ZeroDuration()) << i;
    attempts.Failed("a", now);
  }
  EXPECT_EQ(attempts.Wait("a", now), absl::Seconds(1));
  EXPECT_EQ(attempts.Wait("b", now), absl::ZeroDuration());
  attempts.Failed("a", now);
  EXPECT_EQ(attempts.Wait("a", now + absl::Seconds(1)), absl::Seconds(1));
  for (int i = 0; i < 1000; ++i) attempts.Failed("a", now);
  EXPECT_EQ(attempts.Wait("a", now), absl::Minutes(1));
}

TEST(FailedAttemptsTest, SuccessAndTimeForgive) {
  FailedAttempts attempts;
  const absl::Time now = absl::FromUnixSeconds(1'000'000);
  for (int i = 0; i < 10; ++i) attempts.Failed("a", now);
  for (int i = 0; i < 10; ++i) attempts.Failed("b", now);
  attempts.Succeeded("a");
  EXPECT_EQ(attempts.Wait("a", now), absl::ZeroDuration());
  EXPECT_EQ(attempts.Wait("b", now + absl::Minutes(11)), absl::ZeroDuration());
  EXPECT_EQ(attempts.size(), 0u);
}

TEST(FailedAttemptsTest, TheTableIsBoundedAndForgetsTheOldest) {
  FailedAttempts attempts;
  const absl::Time now = absl::FromUnixSeconds(1'000'000);
  for (int i = 0; i < 10; ++i) attempts.Failed("first", now);
  for (size_t i = 1; i < FailedAttempts::kMaxKeys; ++i) {
    attempts.Failed(absl::StrCat("key", i), now);
  }
  EXPECT_EQ(attempts.size(), FailedAttempts::kMaxKeys);
  EXPECT_GT(attempts.Wait("first", now), absl::ZeroDuration());
  attempts.Failed("one more", now);
  EXPECT_EQ(attempts.size(), FailedAttempts::kMaxKeys);
  EXPECT_EQ(attempts.Wait("first", now), absl::ZeroDuration());
}

}  // namespace
}  // namespace steelyard::server
