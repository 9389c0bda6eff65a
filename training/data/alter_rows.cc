#include "training/data/alter_rows.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "support/check.h"
#include "training/random.h"

namespace steelyard::training {
namespace {

// floor(value + 1/2), at most `most`.
int64_t Rounded(double value, int64_t most) {
  const double whole = std::floor(value + 0.5);
  return whole < static_cast<double>(most) ? static_cast<int64_t>(whole) : most;
}

// The numbers of the rows with `label`.
std::vector<int64_t> RowsOf(const Rows& rows, double label) {
  std::vector<int64_t> numbers;
  for (size_t i = 0; i < rows.labels.size(); ++i) {
    if (rows.labels[i] == label) numbers.push_back(static_cast<int64_t>(i));
  }
  return numbers;
}

// Marks the fraction of the rows `numbers` in `chosen`, which is as long as
// there are rows.
void Choose(const std::vector<int64_t>& numbers, double fraction,
            RandomStream random, std::vector<bool>& chosen) {
  const auto count = std::ssize(numbers);
  const std::vector<int64_t> order = RandomOrder(random, count);
  const int64_t most = Rounded(fraction * static_cast<double>(count), count);
  for (int64_t k = 0; k < most; ++k) {
    const int64_t place = order[static_cast<size_t>(k)];
    chosen[static_cast<size_t>(numbers[static_cast<size_t>(place)])] = true;
  }
}

std::vector<int64_t> AllRows(const Rows& rows) {
  std::vector<int64_t> numbers(rows.labels.size());
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

// Chooses the fraction of each class.
std::vector<bool> ChooseByClass(const Rows& rows, LabelValues labels,
                                double fraction, uint64_t seed,
                                absl::string_view place) {
  std::vector<bool> chosen(rows.labels.size());
  const auto choose = [&](const std::vector<int64_t>& numbers, uint64_t k) {
    Choose(numbers, fraction, RandomStream(seed, place, k), chosen);
  };
  switch (labels) {
    case LabelValues::kSigns:
      choose(RowsOf(rows, 1), 0);
      choose(RowsOf(rows, -1), 1);
      break;
    case LabelValues::kClasses: {
      const auto most = static_cast<uint64_t>(
          *std::max_element(rows.labels.begin(), rows.labels.end()));
      for (uint64_t k = 0; k <= most; ++k) {
        choose(RowsOf(rows, static_cast<double>(k)), k);
      }
      break;
    }
    case LabelValues::kNumbers:
      choose(AllRows(rows), 0);
      break;
  }
  return chosen;
}

// The rows chosen.
Rows Copy(const std::vector<bool>& chosen, const Rows& rows) {
  Rows copy;
  copy.columns = rows.columns;
  copy.rows = std::count(chosen.begin(), chosen.end(), true);
  copy.features.reserve(static_cast<size_t>(copy.rows * copy.columns));
  copy.labels.reserve(static_cast<size_t>(copy.rows));
  copy.groups.names = rows.groups.names;
  for (size_t i = 0; i < chosen.size(); ++i) {
    if (!chosen[i]) continue;
    const auto row =
        rows.features.begin() + static_cast<std::ptrdiff_t>(i) * rows.columns;
    copy.features.insert(copy.features.end(), row, row + rows.columns);
    copy.labels.push_back(rows.labels[i]);
    if (!rows.groups.numbers.empty()) {
      copy.groups.numbers.push_back(rows.groups.numbers[i]);
    }
  }
  return copy;
}

// Drops the rows chosen; the others close up.
void Drop(const std::vector<bool>& chosen, Rows& rows) {
  const auto columns = static_cast<size_t>(rows.columns);
  std::vector<int32_t>& groups = rows.groups.numbers;
  size_t kept = 0;
  for (size_t i = 0; i < chosen.size(); ++i) {
    if (chosen[i]) continue;
    if (kept != i) {
      std::copy_n(&rows.features[i * columns], columns,
                  &rows.features[kept * columns]);
      rows.labels[kept] = rows.labels[i];
      if (!groups.empty()) groups[kept] = groups[i];
    }
    ++kept;
  }
  rows.rows = static_cast<int64_t>(kept);
  rows.features.resize(kept * columns);
  rows.labels.resize(kept);
  if (!groups.empty()) groups.resize(kept);
}

}  // namespace

absl::StatusOr<Rows> SplitOff(double fraction, uint64_t seed,
                              LabelValues labels, Rows& rows) {
  const int64_t count = rows.rows;
  const std::vector<bool> chosen =
      ChooseByClass(rows, labels, fraction, seed, "data.split");
  Rows taken = Copy(chosen, rows);
  Drop(chosen, rows);
  if (taken.rows > 0 && rows.rows > 0) return taken;
  return absl::InvalidArgumentError(
      absl::StrCat("want a fraction that leaves a row on both sides, got ",
                   fraction, " of ", count, " rows"));
}

absl::Status MakeUnequal(double ratio, Rows& rows) {
  const int64_t positive = std::ssize(RowsOf(rows, 1));
  const int64_t negative = std::ssize(RowsOf(rows, -1));
  const double wanted = ratio * static_cast<double>(negative);
  std::array<int64_t, 2> left = {positive, negative};  // of +1, of -1
  if (static_cast<double>(positive) > wanted) {
    left[0] = Rounded(wanted, positive);
  } else {
    left[1] = Rounded(static_cast<double>(positive) / ratio, negative);
  }
  if (left[0] == 0 || left[1] == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "want a ratio that leaves a row of each class, got ", ratio, " for ",
        positive, " rows of +1 and ", negative, " of -1"));
  }
  std::vector<bool> dropped(rows.labels.size());
  for (size_t i = 0; i < dropped.size(); ++i) {
    dropped[i] = --left[rows.labels[i] > 0 ? 0 : 1] < 0;
  }
  Drop(dropped, rows);
  return absl::OkStatus();
}

absl::Status MakeLongTailed(double ratio, int64_t classes, Rows& rows) {
  STEELYARD_CHECK(classes >= 2);
  std::vector<int64_t> left(static_cast<size_t>(classes), 0);
  for (const double label : rows.labels) ++left[static_cast<size_t>(label)];
  const auto most =
      static_cast<double>(*std::max_element(left.begin(), left.end()));
  for (size_t k = 0; k < left.size(); ++k) {
    const double place =
        static_cast<double>(k) / static_cast<double>(classes - 1);
    left[k] = Rounded(most * std::pow(ratio, -place), left[k]);
    if (left[k] > 0) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("want a ratio that leaves a row of each class, got ",
                     ratio, ", which leaves none of the class ", k));
  }
  std::vector<bool> dropped(rows.labels.size());
  for (size_t i = 0; i < dropped.size(); ++i) {
    dropped[i] = --left[static_cast<size_t>(rows.labels[i])] < 0;
  }
  Drop(dropped, rows);
  return absl::OkStatus();
}

void FlipSymmetric(double fraction, uint64_t seed, LabelValues labels,
                   int64_t classes, Rows& rows) {
  std::vector<bool> chosen(rows.labels.size());
  Choose(AllRows(rows), fraction, RandomStream(seed, "data.label_noise"),
         chosen);
  RandomStream random(seed, "data.label_noise", 1);
  for (size_t i = 0; i < chosen.size(); ++i) {
    if (!chosen[i]) continue;
    double& label = rows.labels[i];
    if (labels == LabelValues::kSigns) {
      label = -label;
    } else {
      const auto k = static_cast<double>(classes);
      label = std::fmod(label + 1 + std::floor((k - 1) * random.Uniform()), k);
    }
  }
}

void FlipPair(double fraction, uint64_t seed, LabelValues labels,
              int64_t classes, Rows& rows) {
  const std::vector<bool> chosen =
      ChooseByClass(rows, labels, fraction, seed, "data.label_noise");
  for (size_t i = 0; i < chosen.size(); ++i) {
    if (!chosen[i]) continue;
    double& label = rows.labels[i];
    label = labels == LabelValues::kSigns
                ? -label
                : std::fmod(label + 1, static_cast<double>(classes));
  }
}

void ShiftFeatures(std::span<const double> shift, Rows& rows) {
  const auto columns = static_cast<size_t>(rows.columns);
  for (size_t k = 0; k < rows.features.size(); ++k) {
    rows.features[k] += shift[shift.size() == 1 ? 0 : k % columns];
  }
}

}  // namespace steelyard::training
