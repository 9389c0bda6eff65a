#include "server/spec_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/spec_path.h"
#include "server/spec_text.h"

namespace steelyard::server {

LabelKind LabelsOf(const v1::RunSpec& spec) {
  const v1::Loss& loss = spec.loss();
  if (loss.has_softmax_cross_entropy()) return LabelKind::kClasses;
  const bool either = loss.has_focal() || loss.has_ldam() ||
                      loss.has_logit_adjusted() || loss.has_cdt() ||
                      loss.has_vs() || loss.has_pairwise_margin();
  if (either && spec.data().classes().each_size() > 0) {
    return LabelKind::kClasses;
  }
  const bool signs = !spec.loss().has_squared() || spec.data().has_classes();
  return signs ? LabelKind::kSigns : LabelKind::kNumbers;
}

void WantSigns(const std::string& path, LabelKind kind,
               std::vector<Fault>* faults) {
  if (kind == LabelKind::kSigns) return;
  faults->push_back({path,
                     "want labels of +1 and -1, got several classes, or the "
                     "loss squared without classes: {positive: [...], "
                     "negative: [...]}"});
}

void WantClasses(const std::string& path, LabelKind kind,
                 std::vector<Fault>* faults) {
  if (kind != LabelKind::kNumbers) return;
  faults->push_back({path,
                     "want labels that are classes, got the loss squared "
                     "without classes: {positive: [...], negative: [...]}"});
}

std::optional<int64_t> CountRows(const KnownRows& rows) {
  if (!rows.counts) return rows.rows;
  return rows.counts->positive + rows.counts->negative;
}

std::optional<std::map<int64_t, int64_t>> RowsByClass(const v1::RunSpec& spec,
                                                      const KnownRows& rows) {
  if (rows.counts) {
    return std::map<int64_t, int64_t>{{-1, rows.counts->negative},
                                      {1, rows.counts->positive}};
  }
  const int64_t classes = CountClasses(spec, rows);
  if (rows.class_rows.empty() || classes < 2) return std::nullopt;
  std::map<int64_t, int64_t> all = rows.class_rows;
  for (int64_t k = 0; k < classes; ++k) all.try_emplace(k, 0);
  return all;
}

bool HasLists(const v1::Classes& classes) {
  return !classes.positive().empty() || !classes.negative().empty() ||
         !classes.each().empty();
}

RowChoice ChoiceOf(const v1::Data& data, const v1::RunSpec& spec) {
  const v1::Classes* const others =
      spec.data().has_classes() ? &spec.data().classes() : nullptr;
  if (!data.has_classes()) return {.classes = others};
  if (!data.classes().left_out()) return {.classes = &data.classes()};
  return {.classes = HasLists(data.classes()) ? nullptr : others,
          .left_out = true};
}

std::string WantDrawnNumber(double got) {
  return absl::StrCat("want a value of at most ", ShowNumber(kMostDrawnNumber),
                      " in magnitude, got ", ShowNumber(got));
}

LabelMap::LabelMap(const RowChoice& choice)
    : identity_(choice.classes == nullptr), left_out_(choice.left_out) {
  if (choice.classes == nullptr) return;
  const v1::Classes& classes = *choice.classes;
  positive_.insert(classes.positive().begin(), classes.positive().end());
  negative_.insert(classes.negative().begin(), classes.negative().end());
}

std::optional<int> LabelMap::Map(double label) const {
  if (!IsNameable(label)) return std::nullopt;
  const auto whole = static_cast<int64_t>(label);
  if (identity_) {
    if (whole == 1 || whole == -1) return static_cast<int>(whole);
    return std::nullopt;
  }
  const int listed = positive_.contains(whole)   ? 1
                     : negative_.contains(whole) ? -1
                                                 : 0;
  if (!left_out_) return listed;
  return listed == 0 ? 1 : 0;
}

bool IsNameable(double label) {
  // NaN fails too.
  return std::abs(label) <= 0x1p53 && label == std::floor(label);
}

std::string WrongLabel(const LabelMap& map, double label, bool zero_or_one) {
  if (!map.is_identity()) {
    return absl::StrCat(
        "want a whole number of at most 2^53 in magnitude as label, got ",
        ShowNumber(label));
  }
  const absl::string_view cure =
      !IsNameable(label) ? ""
      : zero_or_one      ? "; use classes: {positive: [1], negative: [0]}"
                         : kUseClasses;
  return absl::StrCat("labels must be -1 and +1, got ", ShowNumber(label),
                      cure);
}

bool TakesNone(const v1::Data& data) {
  return data.take().has_first_per_class() &&
         data.take().first_per_class() == 0;
}

ClassCounts TakeOf(const v1::Data& data, ClassCounts counts) {
  if (!data.take().has_first_per_class()) return counts;
  constexpr auto kMost =
      static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  const auto take =
      static_cast<int64_t>(std::min(data.take().first_per_class(), kMost));
  return {std::min(counts.positive, take), std::min(counts.negative, take)};
}

std::string OtherLabels::Add(double label, int64_t rows) {
  if (kind_ == LabelKind::kNumbers) {
    rows_[0] += rows;
    return std::isfinite(label)
               ? ""
               : absl::StrCat("want a finite label, got ", ShowNumber(label));
  }
  if (!IsNameable(label)) {
    return absl::StrCat(
        "want a whole number of at most 2^53 in magnitude as label, got ",
        ShowNumber(label));
  }
  const auto whole = static_cast<int64_t>(label);
  if (choice_.classes == nullptr) {
    rows_[whole] += rows;
    if (whole >= 0 && whole < kMostClasses) return "";
    return absl::StrCat("want a class from 0 to ", kMostClasses - 1,
                        " as label, got ", whole,
                        "; choose with classes: {each: [...]}");
  }
  const auto& each = choice_.classes->each();
  const auto found = std::find(each.begin(), each.end(), whole);
  const bool is_listed = found != each.end();
  if (is_listed != choice_.left_out) {
    rows_[choice_.left_out ? 1 : found - each.begin()] += rows;
  }
  return "";
}

KnownRows OtherLabels::Taken(const v1::Data& data) const {
  KnownRows known;
  const auto take = static_cast<int64_t>(
      std::min(data.take().first_per_class(),
               static_cast<uint64_t>(std::numeric_limits<int64_t>::max())));
  known.rows = 0;
  for (const auto& [label, rows] : rows_) {
    const int64_t left =
        data.take().has_first_per_class() ? std::min(rows, take) : rows;
    *known.rows += left;
    if (kind_ == LabelKind::kClasses) known.class_rows[label] = left;
  }
  if (known.class_rows.empty()) return known;
  known.most_class = known.class_rows.rbegin()->first;
  return known;
}

namespace {

// Test rows of a class that no output is for.
void CheckTestClasses(const v1::RunSpec& spec, const SpecRows& rows,
                      std::vector<Fault>* faults) {
  const int64_t classes = CountClasses(spec, rows.train);
  for (const auto& [name, test] : rows.tests) {
    if (!test.most_class || *test.most_class < classes) continue;
    faults->push_back(
        {SetPath(name),
         absl::StrCat("want labels that training rows may have, below ",
                      classes, ", got ", *test.most_class)});
  }
  if (classes < 2) {
    faults->push_back(
        {"data", "want at least two classes, labelled 0, 1, ..., got only 0"});
  }
}

void CheckGroups(const SpecRows& rows, std::vector<Fault>* faults) {
  int64_t groups = 0;
  const auto add = [&](const std::string& path, int64_t more) {
    const bool before = groups > kMostGroups;
    groups += more;
    if (before || groups <= kMostGroups) return;
    faults->push_back(
        {path, absl::StrCat("want at most ", kMostGroups,
                            " groups over all sets, got at least ", groups)});
  };
  add("data", rows.train.groups);
  for (const auto& [name, test] : rows.tests) {
    add(SetPath(name), test.groups);
  }
}

}  // namespace

int64_t CountClasses(const v1::RunSpec& spec, const KnownRows& train) {
  if (LabelsOf(spec) != LabelKind::kClasses) return 1;
  if (spec.data().has_classes()) return spec.data().classes().each_size();
  return train.most_class ? *train.most_class + 1 : 0;
}

void CheckTogether(const v1::RunSpec& spec, const SpecRows& rows,
                   std::vector<Fault>* faults) {
  for (const auto& [name, test] : rows.tests) {
    if (!test.columns || !rows.train.columns ||
        *test.columns == *rows.train.columns) {
      continue;
    }
    faults->push_back(
        {SetPath(name),
         absl::StrCat("want rows of ", *rows.train.columns,
                      " features as in data, got ", *test.columns)});
  }
  if (rows.train.most_class) CheckTestClasses(spec, rows, faults);
  CheckGroups(rows, faults);
  CheckLossOf(spec, rows.train, faults);
  CheckWeightsOf(spec, rows.train, faults);
  CheckTargetOf(spec, rows.train, faults);
  CheckShiftOf(spec, rows, faults);
  CheckTrainingOf(spec, rows.train, faults);
  CheckPlane(spec, rows.train, faults);
}

void ElementFaults::Add(const std::string& path, std::string message) {
  if (++count_ > kNamed) return;
  faults_->push_back({path, std::move(message)});
}

ElementFaults::~ElementFaults() {
  if (count_ <= kNamed) return;
  faults_->push_back(
      {list_, absl::StrCat("want no wrong element, got ", count_ - kNamed,
                           " more than are named")});
}

}  // namespace steelyard::server
