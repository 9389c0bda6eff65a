#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "training/far_time.h"

// What a checkpoint holds of a leap.
namespace steelyard::training {

void FarTime::WriteState(std::span<uint64_t> words) const {
  const auto d = static_cast<size_t>(field_->dimension());
  const bool on = started();
  for (size_t j = 0; j < d; ++j) {
    words[j] = on ? std::bit_cast<uint64_t>(solver_->old()[j]) : 0;
  }
  const OdeSolver::Pace pace =
      on ? solver_->pace() : OdeSolver::Pace{.length = 0};
  const double numbers[] = {on ? solver_->begin() : 0,
                            on ? solver_->taken() : 0,
                            pace.length,
                            error_,
                            rounding_,
                            audit_at_,
                            settle_at_,
                            omitted_,
                            unit_};
  const int64_t counts[] = {on && pace.rejected ? 1 : 0,
                            on ? terms_ : 0,
                            on ? step_terms_ : 0,
                            slow_steps_,
                            stiff_steps_,
                            evaluations_,
                            on && implicit_ ? 1 : 0,
                            on ? static_cast<int64_t>(end_) : 0,
                            settled()};
  std::span<uint64_t> own = words.subspan(d);
  for (const double number : numbers) {
    own[0] = std::bit_cast<uint64_t>(number);
    own = own.subspan(1);
  }
  for (const int64_t count : counts) {
    own[0] = static_cast<uint64_t>(count);
    own = own.subspan(1);
  }
  if (growth_) growth_->WriteState(own);
}

absl::Status FarTime::ReadState(bool started, std::span<const uint64_t> words) {
  const auto d = static_cast<size_t>(field_->dimension());
  std::vector<double> old;
  for (const uint64_t word : words.first(d)) {
    old.push_back(std::bit_cast<double>(word));
  }
  double numbers[kNumbers];
  for (size_t k = 0; k < kNumbers; ++k) {
    numbers[k] = std::bit_cast<double>(words[d + k]);
  }
  int64_t counts[kCounts];
  for (size_t k = 0; k < kCounts; ++k) {
    counts[k] = static_cast<int64_t>(words[d + kNumbers + k]);
  }
  field_->Release();
  if (counts[8] > 0) field_->Hold();
  error_ = numbers[3];
  rounding_ = numbers[4];
  audit_at_ = numbers[5];
  settle_at_ = numbers[6];
  omitted_ = numbers[7];
  unit_ = numbers[8];
  if (growth_) growth_->ReadState(words.subspan(d + kOwnWords));
  slow_steps_ = counts[3];
  stiff_steps_ = counts[4];
  evaluations_ = counts[5];
  solver_.reset();
  if (!started) return absl::OkStatus();
  const auto terms_known = [](int64_t terms) {
    return 1 <= terms && terms <= FarField::kMostTerms;
  };
  if (!std::isfinite(LengthOf(old)) || !std::isfinite(numbers[0]) ||
      !(numbers[1] >= 0) || !(numbers[2] > 0) || !terms_known(counts[1]) ||
      !terms_known(counts[2])) {
    return absl::DataLossError("training state: want a leap's, got another");
  }
  // The last step once more: its slopes and what lies within it come of it.
  step_terms_ = terms_ = static_cast<int>(counts[2]);
  longest_row_ = field_->LongestRow(old);
  MakeSolver(counts[6] == 1, numbers[0], old);
  if (numbers[1] > 0) {
    solver_->set_pace({.length = numbers[1], .rejected = false});
    if (!solver_->Step(numbers[1]) || solver_->taken() != numbers[1]) {
      return absl::DataLossError("training state: want a leap's last step");
    }
  }
  solver_->set_pace({.length = numbers[2], .rejected = counts[0] != 0});
  if (counts[1] != counts[2]) {
    terms_ = static_cast<int>(counts[1]);
    solver_->Renew();
  }
  end_ = static_cast<End>(counts[7]);
  return absl::OkStatus();
}

}  // namespace steelyard::training
