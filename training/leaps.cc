#include "training/leaps.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "support/check.h"
#include "support/status_macros.h"
#include "training/trainer.h"

namespace steelyard::training {
namespace {

// Where a run first tries to leap; each try is a fifth further than the one
// before.
constexpr int64_t kFirstTry = 64;
constexpr int64_t kShare = 5;
// After a place that no leap passes, the first try is so many steps on, and
// each wait twice the one before, as long as that is sooner.
constexpr int64_t kShortWait = 16;
constexpr int64_t kLongLeap = 1000;
// How many real steps may pass until it is looked at how far they swing.
constexpr int64_t kLook = 16;
// No run gets further than the first by real steps, nor tries to leap for
// longer than the second where it can't do without.
constexpr int64_t kMostSteps = 100'000'000'000;
constexpr int64_t kMostTries = 10'000'000;

}  // namespace

uint32_t Leaps::AddMetrics(MetricTable& table) {
  const uint32_t first = table.Add("leap/error_estimate");
  table.Add("leap/evaluations");
  table.Add("leap/real_steps");
  table.Add("leap/settled_dimensions");
  return first;
}

void Leaps::Measure(uint32_t first, std::vector<MetricValue>& values) const {
  values.push_back(Value(first, far_.error_estimate()));
  values.push_back(Value(first + 1, static_cast<double>(far_.evaluations())));
  values.push_back(Value(first + 2, static_cast<double>(real_steps_)));
  values.push_back(Value(first + 3, static_cast<double>(far_.settled())));
}

Leaps::Leaps(std::unique_ptr<FarField> field, double tolerance, int64_t steps)
    : far_(std::move(field), tolerance),
      steps_(steps),
      try_at_(kFirstTry),
      break_(far_.NextBreak(0)) {}

void Leaps::BeginPiece(int64_t step) {
  far_.Drop();
  far_.Begin(step);
  piece_ = step;
  break_ = far_.NextBreak(step);
  // The formulas before it were followed to here: those after it may be.
  try_at_ = std::max(step, kFirstTry);
  wait_ = kShortWait;
}

void Leaps::Wait(int64_t step) {
  const int64_t further = std::min(step, Trainer::kFarStep / 2) / kShare + 1;
  if (wait_ > 0 && wait_ < further) {
    try_at_ = step + wait_;
    wait_ *= 2;
    return;
  }
  wait_ = 0;
  try_at_ = step + further;
}

absl::Status Leaps::Leave(absl::Status failure, std::span<double> theta,
                          int64_t* step) {
  const bool beyond = steps_ > kMostSteps;
  if (beyond && far_.reach() > std::log(kMostTries)) return failure;
  const bool kink = far_.end() == FarTime::End::kKink;
  *step = far_.Leave(theta);
  far_.Doubt(static_cast<double>(*step), theta);
  if (kink) {
    // Where leaps are short their starts cost more than real steps.
    if (*step - began_ > kLongLeap) wait_ = kShortWait;
    Wait(*step);
  } else {
    wait_ = 0;
    try_at_ = 2 * *step;
  }
  return absl::OkStatus();
}

absl::Status Leaps::Run(int64_t step, int64_t count, std::span<double> theta,
                        const RealSteps& take) {
  const int64_t last = step + count;
  while (step < last) {
    if (step >= break_) BeginPiece(step);
    const int64_t end = std::min(last, break_);
    if (!far_.started() && step >= try_at_) {
      began_ = step;
      if (!far_.Start(static_cast<double>(step), theta)) Wait(step);
    }
    if (far_.started()) {
      absl::Status failure =
          far_.Advance(std::log(static_cast<double>(end)), theta);
      if (failure.ok()) {
        step = end;
      } else {
        STEELYARD_RETURN_IF_ERROR(Leave(std::move(failure), theta, &step));
      }
      continue;
    }
    if (steps_ > kMostSteps && step >= kMostTries) {
      return absl::OutOfRangeError(
          absl::StrCat("leap: after ", step,
                       " steps the difference series does not converge, "
                       "and the last step is too far for real ones"));
    }
    // Where each is looked at does not depend on where a run is cut.
    const int64_t look = (step / kLook + 1) * kLook;
    const int64_t now = std::min({end, try_at_, look}) - step;
    if (far_.has_led()) {
      far_.TakeSteps(step, now, theta);
    } else {
      STEELYARD_RETURN_IF_ERROR(take(step, now));
    }
    real_steps_ += now;
    step += now;
    if (step == look) far_.Doubt(static_cast<double>(step), theta);
  }
  return absl::OkStatus();
}

absl::Status Leaps::RunFar(double log_step, std::span<double> theta) {
  if (!far_.started() || break_ < std::numeric_limits<int64_t>::max()) {
    return absl::OutOfRangeError(
        "leap: want schedules that have ended by 10^18 steps");
  }
  return far_.Advance(log_step, theta);
}

void Leaps::WriteState(std::span<uint64_t> words) const {
  words[0] = far_.started() ? 1 : 0;
  words[1] = static_cast<uint64_t>(try_at_);
  words[2] = static_cast<uint64_t>(real_steps_);
  words[3] = static_cast<uint64_t>(wait_);
  words[4] = static_cast<uint64_t>(piece_);
  words[5] = static_cast<uint64_t>(began_);
  far_.WriteState(words.subspan(kOwnWords));
}

absl::Status Leaps::ReadState(std::span<const uint64_t> words) {
  std::vector<uint64_t> before(words.size());
  WriteState(before);
  absl::Status read = TakeUp(words);
  if (!read.ok()) STEELYARD_CHECK(TakeUp(before).ok());
  return read;
}

absl::Status Leaps::TakeUp(std::span<const uint64_t> words) {
  try_at_ = static_cast<int64_t>(words[1]);
  real_steps_ = static_cast<int64_t>(words[2]);
  wait_ = static_cast<int64_t>(words[3]);
  piece_ = static_cast<int64_t>(words[4]);
  began_ = static_cast<int64_t>(words[5]);
  far_.Begin(piece_);
  break_ = far_.NextBreak(piece_);
  return far_.ReadState(words[0] == 1, words.subspan(kOwnWords));
}

}  // namespace steelyard::training
