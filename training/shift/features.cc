#include "training/shift/features.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "support/status_macros.h"
#include "training/rows_check.h"

namespace steelyard::training {

absl::Status CheckWithin(absl::string_view where, double value, double low,
                         double high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return Want(where, absl::StrCat("a value of ", low, " to ", high), value);
}

absl::Status CheckFeatures(absl::string_view name, const Features& features) {
  if (features.rows < 1) {
    return Want(name, "at least one row", features.rows);
  }
  if (features.columns < 1) {
    return Want(name, "at least one column", features.columns);
  }
  const auto n = static_cast<uint64_t>(features.rows);
  const auto d = static_cast<uint64_t>(features.columns);
  const uint64_t size = features.values.size();
  // By division: the product of wild numbers may wrap.
  if (size % d != 0 || size / d != n) {
    return Want(name, absl::StrCat(n, " x ", d, " values"), size);
  }
  for (uint64_t k = 0; k < size; ++k) {
    const double value = features.values[k];
    if (!(std::fabs(value) <= kMaxFeature)) {
      return Want(absl::StrCat(name, "[", k / d, "][", k % d, "]"),
                  absl::StrCat("a finite value of at most ", kMaxFeature,
                               " in magnitude"),
                  value);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckSamples(const Features& source, const Features& target) {
  STEELYARD_RETURN_IF_ERROR(CheckFeatures("source", source));
  STEELYARD_RETURN_IF_ERROR(CheckFeatures("target", target));
  if (source.columns != target.columns) {
    return Want("target",
                absl::StrCat(source.columns, " columns as in the source"),
                target.columns);
  }
  return absl::OkStatus();
}

Features RowsOf(std::span<const double> values, int64_t columns) {
  const auto size = static_cast<int64_t>(values.size());
  return {.rows = columns > 0 ? size / columns : 0,
          .columns = columns,
          .values = values};
}

Features Block(const Features& features, int64_t first, int64_t count) {
  const int64_t rows = std::min(count, features.rows - first);
  const auto d = static_cast<size_t>(features.columns);
  return {.rows = rows,
          .columns = features.columns,
          .values = features.values.subspan(static_cast<size_t>(first) * d,
                                            static_cast<size_t>(rows) * d)};
}

}  // namespace steelyard::training
