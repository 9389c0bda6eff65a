#include "client/cli/time_text.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace steelyard::cli {
namespace {

struct Unit {
  absl::Duration length;
  const char* name;
};

std::string TwoUnits(absl::Duration duration, const Unit& large,
                     const Unit& small) {
  const int64_t count = duration / large.length;
  const int64_t rest = (duration - count * large.length) / small.length;
  std::string text = absl::StrCat(count, " ", large.name);
  if (rest > 0) absl::StrAppend(&text, " ", rest, " ", small.name);
  return text;
}

}  // namespace

absl::Time FromProto(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) +
         absl::Nanoseconds(timestamp.nanos());
}

absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) +
         absl::Nanoseconds(duration.nanos());
}

std::string DurationText(absl::Duration duration) {
  const Unit second = {absl::Seconds(1), "s"};
  const Unit minute = {absl::Minutes(1), "min"};
  const Unit hour = {absl::Hours(1), "h"};
  const Unit day = {absl::Hours(24), "d"};
  if (duration == absl::InfiniteDuration()) return "for ever";
  if (duration < absl::ZeroDuration()) duration = absl::ZeroDuration();
  const double seconds = absl::ToDoubleSeconds(duration);
  if (seconds < 9.95) return absl::StrFormat("%.1f s", seconds);
  if (duration < minute.length)
    return absl::StrFormat("%d s", duration / second.length);
  if (duration < hour.length) return TwoUnits(duration, minute, second);
  if (duration < day.length) return TwoUnits(duration, hour, minute);
  return TwoUnits(duration, day, hour);
}

std::string LocalTimeText(absl::Time time, absl::TimeZone zone) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S %Ez", time, zone);
}

std::string AgoText(absl::Time time, absl::Time now, absl::TimeZone zone) {
  const absl::Duration age = now - time;
  if (age < absl::Seconds(1)) return "now";
  if (age < absl::Minutes(1))
    return absl::StrCat(age / absl::Seconds(1), " s ago");
  if (age < absl::Hours(1))
    return absl::StrCat(age / absl::Minutes(1), " min ago");
  if (age < absl::Hours(48))
    return absl::StrCat(age / absl::Hours(1), " h ago");
  return absl::FormatTime("%Y-%m-%d", time, zone);
}

}  // namespace steelyard::cli
