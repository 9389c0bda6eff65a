#include "server/worker/resampled_rows.h"

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/worker/failure.h"
#include "server/worker/read_files.h"
#include "support/status_macros.h"
#include "training/data/resample.h"

namespace steelyard::worker {
namespace {

using training::LabelValues;
using Numbers = std::vector<int64_t>;

// Rows times features, as of what is drawn (training/data/generate.h).
constexpr int64_t kMostValues = 100'000'000;

absl::Status CheckKind(const v1::RunSpec& spec, LabelValues labels) {
  const v1::Resampling& resampling = spec.resampling();
  switch (resampling.kind_case()) {
    case v1::Resampling::kUnder:
    case v1::Resampling::kOver:
      if (labels != LabelValues::kNumbers) return absl::OkStatus();
      return Wrong(
          "resampling: want labels that are classes with under and over, got "
          "numbers");
    case v1::Resampling::kMultinomial:
    case v1::Resampling::kBernoulli:
      if (!spec.weighting().schedule().has_deferred() &&
          !spec.weighting().schedule().has_annealed()) {
        return absl::OkStatus();
      }
      return Wrong(
          "weighting.schedule: want always where the weights become rows");
    case v1::Resampling::KIND_NOT_SET:
      break;
  }
  return Wrong(
      "resampling: want multinomial, bernoulli, under or over, got nothing");
}

// Of the rows `kept`.
Numbers ClassesOf(const TrainingRows& rows, const Numbers& kept) {
  Numbers classes;
  classes.reserve(kept.size());
  for (const int64_t row : kept) {
    classes.push_back(static_cast<int64_t>(
        ClassOf(rows.labels, rows.train.labels[static_cast<size_t>(row)])));
  }
  return classes;
}

// A row of weight 0 is as if it were not there.
Numbers DrawByClass(const v1::Resampling& resampling, const TrainingRows& rows,
                    const std::vector<double>& weights) {
  Numbers kept;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] > 0) kept.push_back(static_cast<int64_t>(i));
  }
  const Numbers classes = ClassesOf(rows, kept);
  Numbers drawn = resampling.has_under()
                      ? training::UnderSample(classes, resampling.seed())
                      : training::OverSample(classes, resampling.seed());
  for (int64_t& row : drawn) row = kept[static_cast<size_t>(row)];
  return drawn;
}

Numbers Draw(const v1::Resampling& resampling, const TrainingRows& rows,
             const std::vector<double>& weights) {
  const uint64_t seed = resampling.seed();
  if (resampling.has_under() || resampling.has_over()) {
    return DrawByClass(resampling, rows, weights);
  }
  return resampling.has_multinomial() ? training::DrawMultinomial(weights, seed)
                                      : training::DrawBernoulli(weights, seed);
}

absl::Status Unfit(const v1::RunSpec& spec, const std::string& message) {
  return IsStored(spec.data()) ? absl::FailedPreconditionError(message)
                               : absl::InvalidArgumentError(message);
}

}  // namespace

absl::Status Resample(const v1::RunSpec& spec, TrainingRows& rows,
                      std::vector<double>& weights) {
  if (!spec.has_resampling()) return absl::OkStatus();
  STEELYARD_RETURN_IF_ERROR(CheckKind(spec, rows.labels));
  if (spec.has_target()) return Wrong("resampling: want it without target");
  std::vector<double> all = weights;
  if (all.empty()) all.assign(rows.train.labels.size(), 1);
  bool any = false;
  for (const double weight : all) any = any || weight > 0;
  // Then the trainer says so.
  if (!any) return absl::OkStatus();
  const Numbers drawn = Draw(spec.resampling(), rows, all);
  if (drawn.empty()) {
    return Unfit(spec,
                 "resampling: want at least one row, got none; another "
                 "seed may help");
  }
  if (std::ssize(drawn) > kMostValues / rows.train.columns) {
    return Unfit(spec, absl::StrCat("resampling: want rows times features of "
                                    "at most ",
                                    kMostValues, ", got ", drawn.size(),
                                    " rows of ", rows.train.columns));
  }
  rows.train = training::TakeRows(rows.train, drawn);
  if (spec.resampling().has_under() || spec.resampling().has_over()) {
    std::vector<double> kept;
    if (!weights.empty()) {
      for (const int64_t row : drawn) {
        kept.push_back(weights[static_cast<size_t>(row)]);
      }
    }
    weights = std::move(kept);
  } else {
    weights.clear();
  }
  return absl::OkStatus();
}

}  // namespace steelyard::worker
