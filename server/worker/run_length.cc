#include "server/worker/run_length.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/worker/failure.h"
#include "support/status_macros.h"
#include "training/trainer.h"

namespace steelyard::worker {
namespace {

constexpr int64_t kMaxSteps = std::numeric_limits<int64_t>::max();
constexpr int64_t kMaxSamples = 1'000'000;
constexpr int64_t kMaxWallTimeS = 315'576'000;  // ten years of 365.25 days

absl::Status CheckWallTime(const google::protobuf::Duration& wall_time) {
  const int64_t seconds = wall_time.seconds();
  const int32_t nanos = wall_time.nanos();
  const bool whole = seconds >= 0 && nanos >= 0 && nanos < 1'000'000'000;
  const bool some = seconds > 0 || nanos > 0;
  const bool most =
      seconds > kMaxWallTimeS || (seconds == kMaxWallTimeS && nanos > 0);
  if (whole && some && !most) return absl::OkStatus();
  return Wrong("stop.wall_time: want more than 0s and at most ", kMaxWallTimeS,
               "s, got ", seconds, "s and ", nanos, "ns");
}

absl::Status CheckCount(absl::string_view field, uint64_t count) {
  if (count >= 1 && count <= uint64_t{kMaxSteps}) return absl::OkStatus();
  return Wrong(field, ": want 1 to ", kMaxSteps, ", got ", count);
}

absl::StatusOr<training::Schedule> EveryOf(const v1::EverySchedule& every,
                                           int64_t steps) {
  if (every.steps() == 0) {
    return Wrong("evaluate.every.steps: want at least 1, got 0");
  }
  const auto last = static_cast<uint64_t>(steps);
  // Step 0 and the last come to the whole multiples between them.
  const uint64_t samples = (last - 1) / every.steps() + 2;
  if (samples > uint64_t{kMaxSamples}) {
    return Wrong("evaluate.every.steps: want at most ", kMaxSamples,
                 " samples, got ", samples);
  }
  return training::EverySchedule{
      static_cast<int64_t>(std::min(every.steps(), last))};
}

absl::StatusOr<training::Schedule> AtOf(const v1::AtSchedule& at,
                                        int64_t last) {
  if (at.steps().empty() || at.steps_size() > kMaxSamples) {
    return Wrong("evaluate.at.steps: want 1 to ", kMaxSamples, " steps, got ",
                 at.steps_size());
  }
  std::vector<int64_t> steps;
  steps.reserve(static_cast<size_t>(at.steps_size()));
  for (int i = 0; i < at.steps_size(); ++i) {
    if (at.steps(i) > static_cast<uint64_t>(last)) {
      return Wrong("evaluate.at.steps[", i, "]: want at most the last step, ",
                   last, ", got ", at.steps(i));
    }
    steps.push_back(static_cast<int64_t>(at.steps(i)));
  }
  std::set<int64_t> samples(steps.begin(), steps.end());
  samples.insert({0, last});
  if (std::ssize(samples) > kMaxSamples) {
    return Wrong("evaluate.at.steps: want at most ", kMaxSamples,
                 " samples, step 0 and the last among them, got ",
                 samples.size());
  }
  return training::AtSchedule{std::move(steps)};
}

bool IsNear(double log10_steps) {
  return log10_steps > 0 && log10_steps <= 18.96;
}

}  // namespace

bool IsFar(const v1::Stop& stop) {
  return stop.log10_steps() >= 19 && stop.log10_steps() <= 100'000;
}

absl::Status CheckStop(const v1::Stop& stop) {
  if (stop.has_wall_time()) {
    STEELYARD_RETURN_IF_ERROR(CheckWallTime(stop.wall_time()));
  }
  switch (stop.limit_case()) {
    case v1::Stop::kSteps:
      return CheckCount("stop.steps", stop.steps());
    case v1::Stop::kEpochs:
      return CheckCount("stop.epochs", stop.epochs());
    case v1::Stop::kLog10Steps:
      if (IsNear(stop.log10_steps()) || IsFar(stop)) return absl::OkStatus();
      return Wrong(
          "stop.log10_steps: want above 0 and at most 18.96, or 19 to 100000, "
          "got ",
          stop.log10_steps());
    case v1::Stop::LIMIT_NOT_SET:
      break;
  }
  return Wrong("stop: want steps, epochs or log10_steps, got nothing");
}

absl::StatusOr<int64_t> StepsOf(const v1::Stop& stop, int64_t epoch_steps) {
  if (stop.has_steps()) return static_cast<int64_t>(stop.steps());
  if (IsFar(stop)) return training::Trainer::kFarStep;
  if (stop.has_log10_steps()) {
    return static_cast<int64_t>(
        std::floor(std::pow(10.0L, stop.log10_steps()) + 0.5L));
  }
  int64_t steps = 0;
  if (__builtin_mul_overflow(static_cast<int64_t>(stop.epochs()), epoch_steps,
                             &steps)) {
    return Wrong("stop.epochs: want at most ", kMaxSteps / epoch_steps, " of ",
                 epoch_steps, " steps each, got ", stop.epochs());
  }
  return steps;
}

absl::StatusOr<training::Schedule> ScheduleOf(const v1::Evaluate& evaluate,
                                              int64_t steps) {
  switch (evaluate.schedule_case()) {
    case v1::Evaluate::kLog: {
      const uint32_t points = evaluate.log().points_per_decade();
      if (points < 1 || points > 100) {
        return Wrong("evaluate.log.points_per_decade: want 1 to 100, got ",
                     points);
      }
      return training::LogSchedule{.points_per_decade =
                                       static_cast<int>(points)};
    }
    case v1::Evaluate::kEvery:
      return EveryOf(evaluate.every(), steps);
    case v1::Evaluate::kAt:
      return AtOf(evaluate.at(), steps);
    case v1::Evaluate::SCHEDULE_NOT_SET:
      break;
  }
  return Wrong("evaluate: want log, every or at, got nothing");
}

}  // namespace steelyard::worker
