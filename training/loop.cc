#include "training/loop.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "support/check.h"
#include "support/status_macros.h"

namespace steelyard::training {

Loop::Loop(std::unique_ptr<Stepper> stepper, const Length& length,
           const std::optional<EarlyStopping>& early, uint64_t fingerprint)
    : stepper_(std::move(stepper)),
      steps_(length.steps),
      schedule_(length.schedule, length.steps, length.log10_steps),
      early_(early),
      fingerprint_(fingerprint) {
  const std::span<const std::string> names = stepper_->metrics();
  const auto find = [&](const std::string& name) -> std::optional<uint32_t> {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<uint32_t>(found - names.begin());
  };
  metrics_.assign(names.begin(), names.end());
  error_metric_ = find("train/error");
  if (error_metric_) metrics_.emplace_back("train/separation_step");
  if (!early_.has_value()) return;
  const std::optional<uint32_t> metric = find(early_->metric);
  STEELYARD_CHECK(metric.has_value());
  early_metric_ = *metric;
}

void Loop::AddSeparation(std::vector<MetricValue>& values) {
  if (!error_metric_) return;
  if (place_.separated < 0) {
    const auto error = std::find_if(
        values.begin(), values.end(),
        [this](const auto& value) { return value.metric == *error_metric_; });
    if (error == values.end() || error->value > 0) return;
    place_.separated = place_.step;
  }
  values.push_back({.metric = static_cast<uint32_t>(metrics_.size() - 1),
                    .value = static_cast<double>(place_.separated)});
}

void Loop::CheckEarly(const std::vector<MetricValue>& values) {
  if (!early_.has_value()) return;
  const auto found = std::find_if(
      values.begin(), values.end(),
      [this](const auto& value) { return value.metric == early_metric_; });
  if (found == values.end()) return;
  if (place_.waited < 0 || found->value < place_.best - early_->min_delta) {
    place_.best = found->value;
    place_.waited = 0;
  } else if (++place_.waited >= early_->patience) {
    place_.ended = RunEnd::kEarly;
  }
}

absl::Status Loop::Failed(absl::Status error) {
  place_.step = std::max<int64_t>(place_.evaluated_step, 0);
  return error;
}

StepTime Loop::Now() const {
  if (place_.far == 0) return StepTime::After(place_.step);
  const double log10_step =
      schedule_.far()[static_cast<size_t>(place_.far) - 1];
  return {.step = kFarStep, .log_step = log10_step * std::numbers::ln10};
}

absl::StatusOr<std::optional<Evaluation>> Loop::Evaluate() {
  absl::StatusOr<std::vector<MetricValue>> values = stepper_->Measure(Now());
  if (!values.ok()) return Failed(values.status());
  Evaluation evaluation;
  evaluation.ordinal = place_.next_ordinal++;
  evaluation.step = place_.step;
  evaluation.log10_step =
      place_.far > 0     ? schedule_.far()[static_cast<size_t>(place_.far) - 1]
      : place_.step == 0 ? std::numeric_limits<double>::quiet_NaN()
                         : std::log10(static_cast<double>(place_.step));
  evaluation.values = *std::move(values);
  AddSeparation(evaluation.values);
  place_.evaluated_step = place_.step;
  CheckEarly(evaluation.values);
  return evaluation;
}

absl::StatusOr<std::optional<Evaluation>> Loop::Advance(int64_t max_steps) {
  STEELYARD_CHECK(max_steps >= 0);
  if (done()) return std::nullopt;
  const int64_t due = DueAfter(place_.evaluated_step);
  if (due == steps_ && FarCount() > 0) {
    if (max_steps == 0) return std::nullopt;
    const auto next = static_cast<size_t>(place_.far);
    if (absl::Status failure =
            stepper_->RunFar(schedule_.far()[next] * std::numbers::ln10);
        !failure.ok()) {
      return Failed(std::move(failure));
    }
    place_.step = steps_;
    ++place_.far;
    return Evaluate();
  }
  const int64_t count = std::min(max_steps, due - place_.step);
  if (count > 0) {
    if (absl::Status failure = stepper_->Run(place_.step, count);
        !failure.ok()) {
      return Failed(std::move(failure));
    }
    place_.step += count;
  }
  if (place_.step < due) return std::nullopt;
  return Evaluate();
}

absl::StatusOr<std::optional<Evaluation>> Loop::Stop() {
  if (done()) return std::nullopt;
  std::optional<Evaluation> evaluation;
  if (place_.evaluated_step != place_.step) {  // so it is no far place
    STEELYARD_ASSIGN_OR_RETURN(evaluation, Evaluate());
  }
  place_.ended = RunEnd::kStopped;
  return evaluation;
}

std::string Loop::SaveState() const {
  std::vector<uint64_t> words(static_cast<size_t>(stepper_->state_words()));
  stepper_->WriteState(words);
  return WriteRunState(place_, words, fingerprint_);
}

absl::Status Loop::RestoreState(absl::string_view state) {
  std::vector<uint64_t> words(static_cast<size_t>(stepper_->state_words()));
  STEELYARD_ASSIGN_OR_RETURN(const RunPlace place,
                             ReadRunState(state, fingerprint_, words));
  const int64_t last = place.evaluated_step;
  const bool known = -1 <= last && last <= steps_ && last <= place.step;
  const bool far = 0 <= place.far && place.far <= FarCount() &&
                   (place.far > 0) == (FarCount() > 0 && last == steps_);
  if (!known || !far || place.step > DueAfter(last)) {
    return absl::DataLossError(absl::StrCat(
        "training state: want a step between two evaluations, got ", place.step,
        " after ", last));
  }
  const RunPlace before = std::exchange(place_, place);
  absl::Status read = stepper_->ReadState(Now(), words);
  if (!read.ok()) place_ = before;
  return read;
}

}  // namespace steelyard::training
