#include "training/data/selection.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "support/status_macros.h"

namespace steelyard::training {
namespace {

using Label = std::optional<double>;

template <typename... Parts>
absl::Status Want(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat("want ", parts...));
}

}  // namespace

RowPicker::RowPicker(RowSelection selection)
    : selection_(std::move(selection)) {
  std::sort(selection_.positive.begin(), selection_.positive.end());
  std::sort(selection_.negative.begin(), selection_.negative.end());
}

absl::StatusOr<Label> RowPicker::MapWhole(double label) const {
  const auto whole = static_cast<int64_t>(label);
  if (selection_.labels == LabelValues::kClasses) {
    const std::vector<int64_t>& each = selection_.each;
    if (each.empty()) {
      if (whole >= 0 && whole < kMostClasses) return label;
      return Want("a class from 0 to ", kMostClasses - 1, " as label, got ",
                  label, "; choose with classes, as in classes: {each: [",
                  label, ", ...]}");
    }
    const auto found = std::find(each.begin(), each.end(), whole);
    if (found == each.end()) return std::nullopt;
    return static_cast<double>(found - each.begin());
  }
  if (selection_.positive.empty() && selection_.negative.empty()) {
    if (label == 1 || label == -1) return label;
    return Want("-1 or +1 as label, got ", label,
                "; choose with classes, as in classes: {positive: [1], "
                "negative: [0]}");
  }
  const auto holds = [whole](const std::vector<int64_t>& list) {
    return std::binary_search(list.begin(), list.end(), whole);
  };
  if (holds(selection_.positive)) return 1.0;
  return holds(selection_.negative) ? Label(-1.0) : std::nullopt;
}

absl::StatusOr<Label> RowPicker::Map(double label) const {
  if (selection_.labels == LabelValues::kNumbers) {
    if (std::isfinite(label)) return label;
    return Want("a finite number as label, got ", label);
  }
  // Past 2^53 a double no longer tells neighbours apart.
  constexpr double kMaxWhole = 9007199254740992.0;
  if (!(std::abs(label) <= kMaxWhole) || label != std::floor(label)) {
    return Want("a whole number as label, got ", label);
  }
  return MapWhole(label);
}

size_t RowPicker::ClassOf(double mapped) const {
  if (selection_.labels == LabelValues::kSigns) return mapped > 0 ? 1 : 0;
  return static_cast<size_t>(mapped);
}

absl::StatusOr<Label> RowPicker::Pick(double label) {
  STEELYARD_ASSIGN_OR_RETURN(const Label mapped, Map(label));
  if (!mapped) return mapped;
  if (selection_.labels != LabelValues::kNumbers) {
    const size_t k = ClassOf(*mapped);
    if (k >= counts_.size()) counts_.resize(k + 1, 0);
    if (counts_[k] >= selection_.first_per_class) return std::nullopt;
    ++counts_[k];
  }
  ++rows_;
  return mapped;
}

bool RowPicker::full() const {
  size_t classes = 2;
  if (selection_.labels != LabelValues::kSigns) {
    classes = selection_.each.size();
    if (classes == 0) return false;
  }
  return counts_.size() >= classes &&
         std::all_of(counts_.begin(), counts_.end(), [this](int64_t count) {
           return count >= selection_.first_per_class;
         });
}

absl::Status RowPicker::CheckSome() const {
  if (rows() > 0) return absl::OkStatus();
  if (selection_.labels != LabelValues::kSigns) {
    return Want("at least one row with a label of the classes, each [",
                absl::StrJoin(selection_.each, ", "), "], got none");
  }
  return Want("at least one row with a label of the classes, positive [",
              absl::StrJoin(selection_.positive, ", "), "] and negative [",
              absl::StrJoin(selection_.negative, ", "), "], got none");
}

}  // namespace steelyard::training
