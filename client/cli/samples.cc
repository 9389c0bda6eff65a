#include "client/cli/samples.h"

#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "support/status_macros.h"

namespace steelyard::cli {
namespace {

absl::Status CheckShape(const v1::SampleBatch& batch) {
  const int samples = batch.value_count_size();
  const int64_t values = std::accumulate(batch.value_count().begin(),
                                         batch.value_count().end(), int64_t{0});
  bool fits =
      batch.step_size() == samples && batch.log10_step_size() == samples &&
      batch.wall_s_size() == samples && batch.attempt_size() == samples &&
      batch.metric_index_size() == values && batch.value_size() == values;
  for (const uint32_t metric : batch.metric_index()) {
    fits = fits && static_cast<int64_t>(metric) < batch.metrics_size();
  }
  if (fits) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("samples from ", batch.first_ordinal(),
                   ": want columns of one length, got others from the server"));
}

SampleHead HeadOf(const v1::SampleBatch& batch, int sample) {
  SampleHead head = {.ordinal = batch.first_ordinal() + sample,
                     .wall_s = batch.wall_s(sample),
                     .attempt = batch.attempt(sample)};
  if (batch.step(sample) >= 0) head.step = batch.step(sample);
  if (!std::isnan(batch.log10_step(sample))) {
    head.log10_step = batch.log10_step(sample);
  }
  return head;
}

template <typename Field>
void DropFront(Field& field, int64_t count) {
  field.erase(field.begin(), field.begin() + count);
}

}  // namespace

absl::Status VisitSamples(
    const v1::SampleBatch& batch,
    absl::FunctionRef<void(const SampleHead&, absl::Span<const SampleValue>)>
        visit) {
  STEELYARD_RETURN_IF_ERROR(CheckShape(batch));
  std::vector<SampleValue> values;
  int next = 0;
  for (int sample = 0; sample < batch.value_count_size(); ++sample) {
    values.clear();
    for (uint32_t i = 0; i < batch.value_count(sample); ++i, ++next) {
      const auto metric = static_cast<int>(batch.metric_index(next));
      values.push_back({batch.metrics(metric), batch.value(next)});
    }
    visit(HeadOf(batch, sample), values);
  }
  return absl::OkStatus();
}

absl::Status TakeUnseen(v1::SampleBatch& batch, int64_t& cursor) {
  STEELYARD_RETURN_IF_ERROR(CheckShape(batch));
  if (batch.first_ordinal() > cursor) {
    return absl::DataLossError(absl::StrCat("samples: want ", cursor,
                                            " as the next one, got ",
                                            batch.first_ordinal()));
  }
  const int64_t seen = std::min<int64_t>(cursor - batch.first_ordinal(),
                                         batch.value_count_size());
  const auto seen_values =
      std::accumulate(batch.value_count().begin(),
                      batch.value_count().begin() + seen, int64_t{0});
  DropFront(*batch.mutable_step(), seen);
  DropFront(*batch.mutable_log10_step(), seen);
  DropFront(*batch.mutable_wall_s(), seen);
  DropFront(*batch.mutable_attempt(), seen);
  DropFront(*batch.mutable_value_count(), seen);
  DropFront(*batch.mutable_metric_index(), seen_values);
  DropFront(*batch.mutable_value(), seen_values);
  batch.set_first_ordinal(cursor);
  cursor += batch.value_count_size();
  return absl::OkStatus();
}

absl::Status RunSeries::Append(const v1::SampleBatch& batch) {
  const auto expected =
      samples_.empty() ? batch.first_ordinal() : samples_.back().ordinal + 1;
  if (batch.first_ordinal() != expected) {
    return absl::DataLossError(absl::StrCat("samples: want ", expected,
                                            " as the next one, got ",
                                            batch.first_ordinal()));
  }
  return VisitSamples(batch, [this](const SampleHead& head,
                                    absl::Span<const SampleValue> values) {
    samples_.push_back(head);
    for (const SampleValue& value : values) {
      auto series = metrics_.find(value.metric);
      if (series == metrics_.end()) {
        series =
            metrics_.emplace(std::string(value.metric), std::vector<Point>())
                .first;
      }
      series->second.push_back({samples_.size() - 1, value.value});
    }
  });
}

}  // namespace steelyard::cli
