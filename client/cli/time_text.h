#ifndef STEELYARD_CLIENT_CLI_TIME_TEXT_H_
#define STEELYARD_CLIENT_CLI_TIME_TEXT_H_

#include <string>

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace steelyard::cli {

absl::Time FromProto(const google::protobuf::Timestamp& timestamp);
absl::Duration FromProto(const google::protobuf::Duration& duration);

// The two largest units: "0.4 s", "12 s", "3 min 5 s", "2 h 14 min", "3 d 4 h".
std::string DurationText(absl::Duration duration);

// "2026-03-01 14:05:09 +01:00"
std::string LocalTimeText(absl::Time time, absl::TimeZone zone);

// "now", "42 s ago", "5 min ago", "3 h ago"; past two days the date.
std::string AgoText(absl::Time time, absl::Time now, absl::TimeZone zone);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_TIME_TEXT_H_
