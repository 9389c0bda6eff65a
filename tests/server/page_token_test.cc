#include "server/page_token.h"

#include <gmock/gmock.h>

#include <cstdint>
#include <string>

#include "tests/status_matchers.h"

namespace steelyard::server {
namespace {

using absl::StatusCode;
using ::testing::ElementsAre;

TEST(PageTokenTest, APositionComesBack) {
  const uint64_t request =
      RequestFingerprint({"experiments/-", "state=FAILED"});
  EXPECT_EQ(ParsePageToken(request, MakePageToken(request, "d8:x")).value(),
            "d8:x");
  EXPECT_THAT(
      ParseNumericPageToken(request, MakeNumericPageToken(request, {3, 17}), 2)
          .value(),
      ElementsAre(3, 17));
}

TEST(PageTokenTest, NoTokenIsTheFirstPage) {
  EXPECT_EQ(ParsePageToken(1, "").value(), "");
  EXPECT_THAT(ParseNumericPageToken(1, "", 2).value(), ElementsAre(0, 0));
}

TEST(PageTokenTest, ATokenIsBoundToItsRequest) {
  const std::string token =
      MakeNumericPageToken(RequestFingerprint({"a", "bc"}), {1});
  EXPECT_THAT(
      ParseNumericPageToken(RequestFingerprint({"ab", "c"}), token, 1),
      StatusIs(StatusCode::kInvalidArgument, "page_token: want the token of"));
}

TEST(PageTokenTest, WhatNoServerMadeIsRefused) {
  const uint64_t request = RequestFingerprint({"a"});
  for (const std::string& token :
       {std::string("x"), std::string("!!"), MakePageToken(request, "1:2"),
        MakePageToken(request, "-1"), MakePageToken(request, ""),
        MakePageToken(request, "99999999999999999999")}) {
    EXPECT_THAT(ParseNumericPageToken(request, token, 1),
                StatusIs(StatusCode::kInvalidArgument, "page_token"))
        << token;
  }
}

// Tokens outlive a restart and a move to another machine.
TEST(PageTokenTest, AFingerprintIsTheSameForEver) {
  EXPECT_EQ(RequestFingerprint({}), 0xcbf29ce484222325u);
  EXPECT_EQ(RequestFingerprint({"a"}), RequestFingerprint({"a"}));
  EXPECT_NE(RequestFingerprint({"a", ""}), RequestFingerprint({"", "a"}));
}

TEST(PageTokenTest, APageIsAsLongAsTheLimitAtMost) {
  EXPECT_EQ(PageSize(0, 100, 1000).value(), 100);
  EXPECT_EQ(PageSize(0, 100, 20).value(), 20);
  EXPECT_EQ(PageSize(1000, 100, 1000).value(), 1000);
  EXPECT_THAT(PageSize(1001, 100, 1000),
              StatusIs(StatusCode::kInvalidArgument, "got 1001"));
  EXPECT_THAT(PageSize(-1, 100, 1000),
              StatusIs(StatusCode::kInvalidArgument, "got -1"));
}

}  // namespace
}  // namespace steelyard::server
