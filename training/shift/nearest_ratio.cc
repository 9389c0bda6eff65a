#include "training/shift/nearest_ratio.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "support/status_macros.h"
#include "training/rows_check.h"
#include "training/shift/gaussian_kernel.h"

namespace steelyard::training {
namespace {

// What is nearest in the source to one row of the target.
struct Nearest {
  double distance = std::numeric_limits<double>::infinity();  // squared
  int64_t rows = 0;  // of the source, at that distance
};

// Calls visit(t, i, squared distance) for the rows t of the target and i of the
// source, of some of them where it is to stop.
template <typename Visit>
void ForEachPair(const Features& source, const Features& target,
                 StopCheck* stop, const Visit& visit) {
  std::vector<double> distances;
  for (int64_t first = 0; first < source.rows; first += kBlockRows) {
    const Features block = Block(source, first, kBlockRows);
    const auto b = static_cast<size_t>(block.rows);
    distances.resize(b * static_cast<size_t>(target.rows));
    SquaredDistances(target, block, distances, stop);
    if (Stopped(stop, 0)) return;
    for (size_t t = 0; t < static_cast<size_t>(target.rows); ++t) {
      for (size_t i = 0; i < b; ++i) {
        visit(t, static_cast<size_t>(first) + i, distances[t * b + i]);
      }
    }
  }
}

// Adds 1 for each row of the target, a block.
void Count(const Features& source, const Features& target, StopCheck* stop,
           std::vector<double>& counts) {
  std::vector<Nearest> nearest(static_cast<size_t>(target.rows));
  ForEachPair(source, target, stop, [&](size_t t, size_t, double distance) {
    if (distance > nearest[t].distance) return;
    if (distance < nearest[t].distance) nearest[t] = {distance, 0};
    ++nearest[t].rows;
  });
  // Again, since a list of equally near rows has no bound.
  ForEachPair(source, target, stop, [&](size_t t, size_t i, double distance) {
    if (distance > nearest[t].distance) return;
    counts[i] += 1 / static_cast<double>(nearest[t].rows);
  });
}

}  // namespace

absl::StatusOr<std::vector<double>> NearestRatios(const Features& source,
                                                  const Features& target,
                                                  double smoothing,
                                                  StopCheck* stop) {
  STEELYARD_RETURN_IF_ERROR(CheckSamples(source, target));
  STEELYARD_RETURN_IF_ERROR(
      CheckWithin("smoothing", smoothing, 0, kMaxSmoothing));
  if (target.rows > kMaxNearestProducts / source.rows / source.columns) {
    return Want(
        "target",
        absl::StrCat("at most ", kMaxNearestProducts,
                     " source rows by target rows by columns"),
        absl::StrCat(source.rows, " x ", target.rows, " x ", source.columns));
  }
  std::vector<double> counts(static_cast<size_t>(source.rows), smoothing);
  for (int64_t first = 0; first < target.rows; first += kBlockRows) {
    Count(source, Block(target, first, kBlockRows), stop, counts);
    STEELYARD_RETURN_IF_ERROR(StatusOf(stop));
  }
  const auto rows = static_cast<double>(source.rows);
  for (double& count : counts) {
    count *= rows / (static_cast<double>(target.rows) + rows * smoothing);
  }
  return counts;
}

}  // namespace steelyard::training
