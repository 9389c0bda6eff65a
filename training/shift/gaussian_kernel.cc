#include "training/shift/gaussian_kernel.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "support/status_macros.h"
#include "training/random.h"
#include "training/rows_check.h"

namespace steelyard::training {

void SquaredDistances(const Features& rows, const Features& centres,
                      std::span<double> out, StopCheck* stop) {
  const auto b = static_cast<size_t>(centres.rows);
  const auto d = static_cast<size_t>(rows.columns);
  // Centres side by side, so that the loop over them is a loop over memory.
  std::vector<double> across(b * d);
  for (size_t c = 0; c < b; ++c) {
    for (size_t j = 0; j < d; ++j)
      across[j * b + c] = centres.values[c * d + j];
  }
  for (size_t i = 0; i < static_cast<size_t>(rows.rows); ++i) {
    if (Stopped(stop, 3 * centres.rows * rows.columns)) return;
    double* sums = &out[i * b];
    std::fill(sums, sums + b, 0.0);
    for (size_t j = 0; j < d; ++j) {
      const double x = rows.values[i * d + j];
      const double* values = &across[j * b];
      for (size_t c = 0; c < b; ++c) {
        const double difference = x - values[c];
        sums[c] += difference * difference;
      }
    }
  }
}

void LogKernels(const Features& rows, const Features& centres, double width,
                std::span<double> out, StopCheck* stop) {
  SquaredDistances(rows, centres, out, stop);
  const auto count = static_cast<size_t>(rows.rows * centres.rows);
  for (double& value : out.first(count)) {
    // In two divisions: the square of a width may be no double.
    value = -(value / width) / (2 * width);
  }
}

std::vector<double> ChooseCentres(const Features& target, int64_t count,
                                  uint64_t seed) {
  RandomStream random(seed, "shift.centres");
  std::vector<int64_t> rows = RandomOrder(random, target.rows);
  rows.resize(static_cast<size_t>(std::min(count, target.rows)));
  std::sort(rows.begin(), rows.end());
  std::vector<double> centres;
  for (const int64_t row : rows) {
    const Features chosen = Block(target, row, 1);
    centres.insert(centres.end(), chosen.values.begin(), chosen.values.end());
  }
  return centres;
}

absl::StatusOr<double> MedianDistance(const Features& source,
                                      const Features& target, StopCheck* stop) {
  STEELYARD_RETURN_IF_ERROR(CheckSamples(source, target));
  const int64_t all = source.rows + target.rows;
  const int64_t count = std::min(all, kMaxMedianRows);
  const auto d = static_cast<size_t>(source.columns);
  const auto row = [&](int64_t i) {
    const int64_t place = i * all / count;
    return place < source.rows ? Block(source, place, 1).values
                               : Block(target, place - source.rows, 1).values;
  };
  std::vector<double> distances;
  for (int64_t i = 0; i < count; ++i) {
    if (Stopped(stop, 3 * i * source.columns)) return stop->status();
    const std::span<const double> x = row(i);
    for (int64_t k = 0; k < i; ++k) {
      const std::span<const double> y = row(k);
      double sum = 0;
      for (size_t j = 0; j < d; ++j) sum += (x[j] - y[j]) * (x[j] - y[j]);
      distances.push_back(std::sqrt(sum));
    }
  }
  const auto middle =
      distances.begin() + static_cast<int64_t>(distances.size() - 1) / 2;
  std::nth_element(distances.begin(), middle, distances.end());
  if (*middle > 0) return *middle;
  return absl::FailedPreconditionError(
      "source, target: want rows that differ, got half of the pairs equal");
}

absl::Status CheckCentres(const Features& centres, int64_t columns) {
  STEELYARD_RETURN_IF_ERROR(CheckFeatures("centres", centres));
  if (centres.columns != columns) {
    return Want("centres", absl::StrCat(columns, " columns as in the samples"),
                centres.columns);
  }
  if (centres.rows > kMaxCentres) {
    return Want("centres", absl::StrCat("at most ", kMaxCentres), centres.rows);
  }
  return absl::OkStatus();
}

absl::Status CheckWidths(std::span<const double> widths) {
  if (widths.empty() || static_cast<int64_t>(widths.size()) > kMaxCandidates) {
    return Want("widths", absl::StrCat("1 to ", kMaxCandidates), widths.size());
  }
  for (size_t k = 0; k < widths.size(); ++k) {
    STEELYARD_RETURN_IF_ERROR(CheckWithin(absl::StrCat("widths[", k, "]"),
                                          widths[k], kMinWidth, kMaxWidth));
  }
  return absl::OkStatus();
}

}  // namespace steelyard::training
