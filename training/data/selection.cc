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
  for (const int64_t label : selection_.positive) listed_.push_back({label, 1});
  for (const int64_t label : selection_.negative)
    listed_.push_back({label, -1});
  for (size_t k = 0; k < selection_.each.size(); ++k) {
    listed_.push_back({selection_.each[k], static_cast<double>(k)});
  }
  std::sort(listed_.begin(), listed_.end(),
            [](const Listed& a, const Listed& b) { return a.label < b.label; });
  const auto end = std::unique(
      listed_.begin(), listed_.end(),
      [](const Listed& a, const Listed& b) { return a.label == b.label; });
  listed_.erase(end, listed_.end());
  if (selection_.every_label) missing_ = listed_.size();
}

size_t RowPicker::FindListed(int64_t label) const {
  const auto found = std::lower_bound(
      listed_.begin(), listed_.end(), label,
      [](const Listed& entry, int64_t wanted) { return entry.label < wanted; });
  const bool is_listed = found != listed_.end() && found->label == label;
  return is_listed ? static_cast<size_t>(found - listed_.begin())
                   : listed_.size();
}

void RowPicker::Note(double label) {
  const auto whole = static_cast<int64_t>(label);
  const size_t place = FindListed(whole);
  if (place == listed_.size()) {
    if (others_.size() < kShownLabels) others_.insert(whole);
  } else if (!listed_[place].found) {
    listed_[place].found = true;
    --missing_;
  }
}

absl::StatusOr<Label> RowPicker::MapItself(double label) const {
  if (selection_.labels == LabelValues::kClasses) {
    if (label >= 0 && label < kMostClasses) return label;
    return Want("a class from 0 to ", kMostClasses - 1, " as label, got ",
                label, "; choose with classes, as in classes: {each: [", label,
                ", ...]}");
  }
  if (label == 1 || label == -1) return label;
  return Want("-1 or +1 as label, got ", label,
              "; choose with classes, as in classes: {positive: [1], "
              "negative: [0]}");
}

absl::StatusOr<Label> RowPicker::MapWhole(double label) const {
  if (listed_.empty()) return MapItself(label);
  const size_t place = FindListed(static_cast<int64_t>(label));
  const bool is_listed = place < listed_.size();
  if (selection_.left_out) return is_listed ? std::nullopt : Label(1.0);
  return is_listed ? Label(listed_[place].mapped) : std::nullopt;
}

absl::StatusOr<Label> RowPicker::Map(double label) const {
  if (selection_.labels == LabelValues::kNumbers) {
    if (std::isfinite(label)) return label;
    return Want("a finite number as label, got ", label);
  }
  // Past 2^53 a double no longer tells neighbours apart.
  constexpr double kMaxWhole = 9007199254740992.0;
  if (!(std::abs(label) <= kMaxWhole) || label != std::floor(label)) {
    return Want("a whole number of at most 2^53 in magnitude as label, got ",
                label);
  }
  return MapWhole(label);
}

size_t RowPicker::ClassOf(double mapped) const {
  if (selection_.labels == LabelValues::kSigns) return mapped > 0 ? 1 : 0;
  return static_cast<size_t>(mapped);
}

absl::StatusOr<Label> RowPicker::Pick(double label) {
  STEELYARD_ASSIGN_OR_RETURN(const Label mapped, Map(label));
  if (missing_ > 0) Note(label);
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
  if (missing_ > 0) return false;
  if (selection_.left_out) return rows_ >= selection_.first_per_class;
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

std::string RowPicker::ShowLists() const {
  if (selection_.labels != LabelValues::kSigns) {
    return absl::StrCat("each [", absl::StrJoin(selection_.each, ", "), "]");
  }
  return absl::StrCat("positive [", absl::StrJoin(selection_.positive, ", "),
                      "] and negative [",
                      absl::StrJoin(selection_.negative, ", "), "]");
}

absl::Status RowPicker::CheckEvery() const {
  std::vector<int64_t> labels(others_.begin(), others_.end());
  std::vector<int64_t> missing;
  for (const Listed& entry : listed_) {
    (entry.found ? labels : missing).push_back(entry.label);
  }
  std::sort(labels.begin(), labels.end());
  const bool is_all =
      others_.size() < kShownLabels && labels.size() <= kShownLabels;
  labels.resize(std::min(labels.size(), kShownLabels));
  return Want("a row of each label of the classes, ", ShowLists(),
              ", got none of ", missing.front(), "; there are ",
              absl::StrJoin(labels, ", "), is_all ? "" : ", ...");
}

absl::Status RowPicker::CheckSome() const {
  if (missing_ > 0 && !(others_.empty() && missing_ == listed_.size())) {
    return CheckEvery();
  }
  if (rows() > 0) return absl::OkStatus();
  return Want("at least one row with ",
              selection_.left_out ? "another label than those" : "a label",
              " of the classes, ", ShowLists(), ", got none");
}

}  // namespace steelyard::training
