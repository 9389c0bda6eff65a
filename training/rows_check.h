#ifndef STEELYARD_TRAINING_ROWS_CHECK_H_
#define STEELYARD_TRAINING_ROWS_CHECK_H_

#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "training/rows.h"

namespace steelyard::training {

// What labels may be.
struct LabelKind {
  LabelValues values = LabelValues::kSigns;
  int64_t classes = 2;  // K of kClasses
};

// `where`: want `what`, got `got`.
template <typename T>
absl::Status Want(absl::string_view where, absl::string_view what, T got) {
  return absl::InvalidArgumentError(
      absl::StrCat(where, ": want ", what, ", got ", got));
}

absl::Status WantAtLeastZero(absl::string_view where, double value);
absl::Status WantAboveZero(absl::string_view where, double value);

// p_t / p of so many rows: none, or one for each.  Errors: InvalidArgument.
absl::Status CheckTargetWeights(absl::string_view where,
                                std::span<const double> weights, int64_t rows);

// Checks all that rows.h asks of the training rows and of the test sets.
// Errors: InvalidArgument, naming the first bad field or row.
absl::Status CheckRows(const Rows& train, std::span<const TestSet> tests,
                       const LabelKind& labels);

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_ROWS_CHECK_H_
