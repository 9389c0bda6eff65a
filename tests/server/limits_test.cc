#include "server/limits.h"

#include <gmock/gmock.h>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "server/log.h"
#include "tests/status_matchers.h"

namespace steelyard::server {
namespace {

using absl::StatusCode;

TEST(LimitsTest, EveryLimitHasADefault) {
  const v1::Limits limits = DefaultLimits();
  const google::protobuf::Descriptor* fields = v1::Limits::descriptor();
  for (int i = 0; i < fields->field_count(); ++i) {
    EXPECT_GT(limits.GetReflection()->GetInt64(limits, fields->field(i)), 0)
        << fields->field(i)->name();
  }
}

TEST(LimitsTest, ALimitIsLoweredByName) {
  v1::Limits limits = DefaultLimits();
  EXPECT_THAT(LowerLimit("watchers=3", &limits), IsOk());
  EXPECT_EQ(limits.watchers(), 3);
}

TEST(LimitsTest, ALimitIsNotRaisedNorMadeUp) {
  v1::Limits limits = DefaultLimits();
  EXPECT_THAT(LowerLimit("watchers=10000", &limits), IsOk());
  EXPECT_THAT(LowerLimit("watchers=10001", &limits),
              StatusIs(StatusCode::kInvalidArgument,
                       "limit watchers: want a whole number from 1 to 10000"));
  EXPECT_THAT(LowerLimit("watchers=0", &limits),
              StatusIs(StatusCode::kInvalidArgument, "got \"0\""));
  EXPECT_THAT(
      LowerLimit("watcher=1", &limits),
      StatusIs(StatusCode::kInvalidArgument, "NAME one of message_byt"));
  EXPECT_THAT(LowerLimit("watchers", &limits),
              StatusIs(StatusCode::kInvalidArgument, "got \"\""));
}

// Whoever names a run can't write a line of his own.
TEST(LogTest, AValueThatIsNotPlainIsQuotedAndEscaped) {
  EXPECT_EQ(FormatLogLine(Severity::kWarning, "worker_lost",
                          {{"worker", "w1"}, {"run", 7}, {"why", "a \"b\"\n"}}),
            "warning worker_lost worker=w1 run=7 why=\"a \\\"b\\\"\\n\"");
  EXPECT_EQ(FormatLogLine(Severity::kInfo, "x", {{"empty", ""}}),
            "info x empty=\"\"");
}

}  // namespace
}  // namespace steelyard::server
