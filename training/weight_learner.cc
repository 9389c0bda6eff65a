#include "training/weight_learner.h"

#include <algorithm>
#include <cmath>

#include "support/check.h"
#include "training/losses.h"
#include "training/sum_tree.h"

namespace steelyard::training {

WeightLearner::WeightLearner(const LearnedWeights& options, const Tiles& rows,
                             const Loss& loss, Normalization normalization)
    : options_(options),
      rows_(rows),
      loss_(loss),
      normalization_(normalization),
      raw_(static_cast<size_t>(rows.rows()), 1.0),
      losses_(rows.tiles() * Tiles::kRows) {}

double WeightLearner::Divisor() const {
  const int64_t n = rows_.rows();
  if (normalization_ == Normalization::kNone) return 1;
  const double sum =
      SumOverRows(n, [&](int64_t i) { return raw_[static_cast<size_t>(i)]; });
  return normalization_ == Normalization::kMeanOne
             ? sum / static_cast<double>(n)
             : sum;
}

void WeightLearner::Step(const double* theta) {
  const int64_t n = rows_.rows();
  rows_.Margins(theta, losses_.data());
  for (int64_t i = 0; i < n; ++i) {
    const RowShape shape = ShapeOf(loss_, rows_.label(i));
    losses_[i] =
        shape.factor * LossAt(loss_, shape.scale * losses_[i] - shape.offset);
  }
  const double divisor = Divisor();
  const auto count = static_cast<double>(n);
  // A / n of the weights as normalised; none is taken off under kNone.
  const double mean = normalization_ == Normalization::kNone
                          ? 0
                          : SumOverRows(n, [&](int64_t i) {
                              return raw_[static_cast<size_t>(i)] * losses_[i];
                            }) / SumOverRows(n, [&](int64_t i) {
                              return raw_[static_cast<size_t>(i)];
                            });
  if (!std::isfinite(mean)) return;
  const double sign = options_.maximize ? 1 : -1;
  const double rate = sign * options_.learning_rate / (count * divisor);
  for (int64_t i = 0; i < n; ++i) {
    double& w = raw_[static_cast<size_t>(i)];
    const double next = w + rate * (losses_[i] - mean);
    if (std::isnan(next)) continue;
    w = std::clamp(next, 1 / options_.bound, options_.bound);
  }
}

RowWeights WeightLearner::Normalized(std::span<const int64_t> kept) const {
  // Within a box, so that no normalisation fails.
  absl::StatusOr<RowWeights> weights =
      NormalizeWeights(raw_, rows_.rows(), normalization_);
  STEELYARD_CHECK(weights.ok());
  weights->kept.assign(kept.begin(), kept.end());
  return *std::move(weights);
}

void WeightLearner::WriteCoefficients(std::span<double> to) const {
  const double scale = Divisor() * static_cast<double>(rows_.rows());
  for (size_t i = 0; i < to.size(); ++i) to[i] = raw_[i] / scale;
}

void WeightLearner::Restore(std::span<const double> raw) {
  std::copy(raw.begin(), raw.end(), raw_.begin());
}

}  // namespace steelyard::training
