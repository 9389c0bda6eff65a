#ifndef STEELYARD_SERVER_SPEC_WORDS_H_
#define STEELYARD_SERVER_SPEC_WORDS_H_

#include <google/protobuf/message.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/spec_check.h"

// Checks that hold for any message or name of a spec.  Within the spec library.
namespace steelyard::server {

// Of a label's value and of a column's name.
inline constexpr size_t kMostTextBytes = 255;

// Of a run's wall time: ten years of 365.25 days.
inline constexpr int64_t kMostWallSeconds = 315'576'000;
// Of a run, and what counts steps.
inline constexpr auto kMostSteps =
    static_cast<uint64_t>(std::numeric_limits<int64_t>::max());

// From this on a run's steps are told by their logarithm alone; up to that they
// are counted, rounded half up.
inline constexpr double kLeastFarLog10 = 19;
inline constexpr double kMostNearLog10 = 18.96;
inline constexpr double kMostLog10 = 100'000;

// The steps of `stop` where it says them, kMostSteps where they are more; else
// 0.
uint64_t StepsOf(const v1::Stop& stop);

// 1 to 63 of [a-z0-9-_]
bool IsSetName(absl::string_view text);

// sha256/ and 64 of [0-9a-f]
bool IsDatasetHash(absl::string_view text);

// Whether a test set can't have this name, because metrics of another kind
// begin with it.
bool IsReservedSetName(absl::string_view text);

// A fault when no branch of the message's oneof is set: "want linear, got
// nothing".
void CheckChoice(const std::string& path,
                 const google::protobuf::Message& message,
                 std::vector<Fault>* faults);

// A fault for each message at or within `message` that holds fields which this
// server does not know: what it can't do must not be dropped in silence.
void CheckKnown(const google::protobuf::Message& message,
                std::vector<Fault>* faults);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_SPEC_WORDS_H_
