#ifndef STEELYARD_TRAINING_SHIFT_FEATURES_H_
#define STEELYARD_TRAINING_SHIFT_FEATURES_H_

#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

// What the estimators of this folder are given.  Everywhere in it the *source*
// is where the training rows come from, with density p_s and n_s rows, the
// *target* where the model is to be good, with p_t and n_t rows, and
//   w(x) = p_t(x) / p_s(x).
namespace steelyard::training {

// A view of the features of n rows of d features; whoever makes it keeps the
// values alive.
struct Features {
  int64_t rows = 0;                // n
  int64_t columns = 0;             // d
  std::span<const double> values;  // [n, d] row-major
};

// Of the magnitude of a feature, so that no square of a distance overflows.
inline constexpr double kMaxFeature = 1e100;
// Rows are looked at in blocks of this many: so memory does not grow with them.
inline constexpr int64_t kBlockRows = 1'024;

// Errors: InvalidArgument unless low <= value <= high.
absl::Status CheckWithin(absl::string_view where, double value, double low,
                         double high);

// Errors: InvalidArgument, naming `name`, for no row, no column, as many values
// as do not make n rows of d, and the first value that is not finite or larger
// than kMaxFeature in magnitude.
absl::Status CheckFeatures(absl::string_view name, const Features& features);

// Both, and that they have as many columns.  Errors: InvalidArgument.
absl::Status CheckSamples(const Features& source, const Features& target);

// A view of values that are to be rows of so many columns.
Features RowsOf(std::span<const double> values, int64_t columns);

// Rows first ... first + count - 1, fewer where they end.
Features Block(const Features& features, int64_t first, int64_t count);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_SHIFT_FEATURES_H_
