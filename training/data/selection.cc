#include "training/data/selection.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "support/status_macros.h"

namespace steelyard::training {

RowPicker::RowPicker(RowSelection selection)
    : selection_(std::move(selection)) {
  std::sort(selection_.positive.begin(), selection_.positive.end());
  std::sort(selection_.negative.begin(), selection_.negative.end());
}

absl::StatusOr<int> RowPicker::Map(double label) const {
  // Past 2^53 a double no longer tells neighbours apart.
  constexpr double kMaxWhole = 9007199254740992.0;
  if (!(std::abs(label) <= kMaxWhole) || label != std::floor(label)) {
    return absl::InvalidArgumentError(
        absl::StrCat("want a whole number as label, got ", label));
  }
  if (selection_.positive.empty() && selection_.negative.empty()) {
    if (label == 1 || label == -1) return label > 0 ? 1 : -1;
    return absl::InvalidArgumentError(absl::StrCat(
        "want -1 or +1 as label, got ", label,
        "; choose with classes, as in classes: {positive: [1], negative: "
        "[0]}"));
  }
  const auto whole = static_cast<int64_t>(label);
  const auto holds = [whole](const std::vector<int64_t>& list) {
    return std::binary_search(list.begin(), list.end(), whole);
  };
  if (holds(selection_.positive)) return 1;
  return holds(selection_.negative) ? -1 : 0;
}

absl::StatusOr<int> RowPicker::Pick(double label) {
  STEELYARD_ASSIGN_OR_RETURN(const int sign, Map(label));
  if (sign == 0) return 0;
  int64_t& rows = sign > 0 ? positive_rows_ : negative_rows_;
  if (rows >= selection_.first_per_class) return 0;
  ++rows;
  return sign;
}

bool RowPicker::full() const {
  return positive_rows_ >= selection_.first_per_class &&
         negative_rows_ >= selection_.first_per_class;
}

absl::Status RowPicker::CheckSome() const {
  if (rows() > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "want at least one row with a label of the classes, positive [",
      absl::StrJoin(selection_.positive, ", "), "] and negative [",
      absl::StrJoin(selection_.negative, ", "), "], got none"));
}

}  // namespace steelyard::training
